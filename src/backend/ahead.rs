//! The next block of pairs is made on a thread of its own while training reads the present one.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use crate::flow::coupling::{Bench, Pair, PairStream, Parts};

/// The blocks of one run: the present one, and the next one in the making. Which thread made a part changes nothing.
#[derive(Default)]
pub struct PairsAhead {
    now: Option<(u64, u32, Arc<Vec<Pair>>)>,
    next: Option<Arc<Making>>,
}

/// A block in the making: whoever has time takes the next part.
struct Making {
    stream: Arc<PairStream>,
    number: u64,
    len: u32,
    parts: OnceLock<Parts>,
    next: AtomicUsize,
    made: OnceLock<Vec<OnceLock<Vec<Pair>>>>,
}

impl Making {
    fn new(stream: &Arc<PairStream>, number: u64, len: u32) -> Arc<Self> {
        Arc::new(Self {
            stream: Arc::clone(stream),
            number,
            len,
            parts: OnceLock::new(),
            next: AtomicUsize::new(0),
            made: OnceLock::new(),
        })
    }

    /// Makes parts until none is left to begin.
    fn work(&self) {
        let parts = self.parts.get_or_init(|| self.stream.parts(self.number, self.len));
        let made = self.made(parts);
        let mut bench = Bench::default();
        loop {
            let part = self.next.fetch_add(1, Ordering::Relaxed);
            let Some(place) = made.get(part) else { return };
            place.get_or_init(|| {
                let mut pairs = vec![[0.0; 4]; parts.len_of(part)];
                parts.make(part, &mut pairs, &mut bench);
                pairs
            });
        }
    }

    fn made(&self, parts: &Parts) -> &[OnceLock<Vec<Pair>>] {
        self.made
            .get_or_init(|| (0..parts.count()).map(|_| OnceLock::new()).collect())
    }

    /// The whole block: helps on all threads of the current rayon pool, and waits for the parts that others have begun.
    fn finish(&self) -> Arc<Vec<Pair>> {
        rayon::broadcast(|_| self.work());
        let parts = self.parts.wait();
        let mut pairs = Vec::with_capacity(self.len as usize);
        for part in self.made(parts) {
            pairs.extend_from_slice(part.wait());
        }
        Arc::new(pairs)
    }

    /// Lets nobody begin another part.
    fn stop(&self) {
        // far from the end of the numbers, since whoever asks still counts on
        self.next.store(usize::MAX / 2, Ordering::Relaxed);
    }
}

impl PairsAhead {
    /// Block `number` of the stream, `len` pairs; the one after it is begun.
    pub fn block(&mut self, stream: &Arc<PairStream>, number: u64, len: u32) -> Arc<Vec<Pair>> {
        if let Some((n, l, pairs)) = &self.now
            && (*n, *l) == (number, len)
        {
            return Arc::clone(pairs);
        }
        let ready = self.next.take().filter(|making| {
            let fits = (making.number, making.len) == (number, len)
                && (Arc::ptr_eq(&making.stream, stream) || making.stream == *stream);
            if !fits {
                making.stop();
            }
            fits
        });
        let pairs = ready.unwrap_or_else(|| Making::new(stream, number, len)).finish();
        self.now = Some((number, len, Arc::clone(&pairs)));
        if let Some(pool) = pool() {
            let making = Making::new(stream, number + 1, len);
            self.next = Some(Arc::clone(&making));
            pool.spawn(move || making.work());
        }
        pairs
    }

    /// Forgets both blocks: the stream is another.
    pub fn clear(&mut self) {
        self.now = None;
        if let Some(making) = self.next.take() {
            making.stop();
        }
    }
}

impl Drop for PairsAhead {
    fn drop(&mut self) {
        self.clear();
    }
}

/// One thread for all runs; None where the system refuses it, and blocks are made when they are needed.
fn pool() -> Option<&'static rayon::ThreadPool> {
    static POOL: OnceLock<Option<rayon::ThreadPool>> = OnceLock::new();
    POOL.get_or_init(|| {
        let one = rayon::ThreadPoolBuilder::new().num_threads(1);
        one.thread_name(|_| "pairs".into()).build().ok()
    })
    .as_ref()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::coupling::Coupling;
    use crate::flow::distribution::Distribution;

    #[test]
    fn blocks_made_ahead_are_the_streams_blocks() {
        let kinds = ["independent", "minibatch-ot", "sorted", "exact-ot"];
        for (seed, coupling) in kinds.into_iter().filter_map(Coupling::default_of).enumerate() {
            let finite = (seed == 3).then(|| Arc::new(vec![[1.0, 2.0, 3.0, 4.0], [5.0, 6.0, 7.0, 8.0]]));
            let stream = Arc::new(PairStream {
                source: Arc::new(Distribution::default()),
                target: Arc::default(),
                coupling,
                seed: seed as u64,
                finite,
            });
            let other = Arc::new(PairStream {
                seed: 77,
                ..(*stream).clone()
            });
            let mut ahead = PairsAhead::default();
            // in order, again, a jump, back, another length, another stream
            for (number, len) in [
                (0, 5000),
                (1, 5000),
                (1, 5000),
                (2, 5000),
                (9, 5000),
                (3, 5000),
                (4, 700),
            ] {
                assert_eq!(
                    ahead.block(&stream, number, len),
                    stream.block(number, len),
                    "{number}, {len}"
                );
            }
            ahead.clear();
            assert_eq!(ahead.block(&other, 4, 700), other.block(4, 700));
        }
    }
}
