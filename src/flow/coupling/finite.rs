//! Couplings that are a finite set of pairs, made once and read again and again: each pass in an order of its own.

use std::sync::Arc;

use rayon::prelude::*;

use super::{Coupling, Pair, PairF64, Undrawn};
use crate::flow::distribution::Distribution;
use crate::flow::random::{CounterRng, Stream};
use crate::flow::transport::{TransportError, Watch, assign_watched};

/// Pairs copied on one thread between two visits to the scheduler.
const CHUNK: usize = 4096;

/// The pairs of a coupling that is a finite set, as [`super::PairStream::finite`] takes them; None where pairs are drawn
/// fresh, where none are given yet, and for the model couplings, whose pairs only an engine can make. A pool of
/// `exact-ot` takes about a second for 8,192 points.
///
/// # Errors
/// The assignment was canceled, or a point is too far out for one.
pub fn finite_pairs(
    source: &Distribution,
    target: &Distribution,
    coupling: &Coupling,
    seed: u64,
    watch: Watch<'_>,
) -> Result<Option<Arc<Vec<Pair>>>, TransportError> {
    let given = |pairs: &[PairF64]| {
        let rounded = pairs.iter().map(|p| p.map(|x| x as f32)).collect();
        (!pairs.is_empty()).then(|| Arc::new(rounded))
    };
    Ok(match coupling {
        Coupling::Hand(hand) if hand.undrawn == Undrawn::Leave => given(&hand.pairs),
        Coupling::File(file) => given(&file.pairs),
        Coupling::ExactOt(exact) => {
            let a = source.samples_f64(seed, Stream::Source, exact.pool as usize);
            let b = target.samples_f64(seed, Stream::Target, exact.pool as usize);
            let to = assign_watched(&a, &b, watch)?.permutation;
            let pair = |(p, &j): (&[f64; 2], &u32)| {
                let q = b[j as usize];
                [p[0], p[1], q[0], q[1]].map(|x| x as f32)
            };
            Some(Arc::new(a.iter().zip(&to).map(pair).collect()))
        }
        _ => None,
    })
}

/// Block `number` of `len` pairs out of a set that is not empty: pass after pass, each in an order of its own that
/// (seed, pass) decides, every pair once a pass.
pub(super) fn block(pairs: &[Pair], seed: u64, number: u64, len: u32) -> Vec<Pair> {
    let n = pairs.len() as u64;
    let (first, end) = (number * u64::from(len), (number + 1) * u64::from(len));
    let passes: Vec<u64> = (first / n..=(end - 1) / n).collect();
    passes
        .par_iter()
        .with_min_len((CHUNK / pairs.len()).max(1))
        .flat_map_iter(|&pass| {
            let begin = pass * n;
            let wanted = (first.max(begin) - begin) as usize..(end.min(begin + n) - begin) as usize;
            let order = order(pairs.len(), seed, pass);
            wanted.map(move |i| pairs[order[i] as usize])
        })
        .collect()
}

/// 0..n in the order of one pass.
fn order(n: usize, seed: u64, pass: u64) -> Vec<u32> {
    let mut rng = CounterRng::new(seed, Stream::Shuffle, pass);
    let mut order: Vec<u32> = (0..n as u32).collect();
    for i in (1..n).rev() {
        order.swap(i, rng.below(i + 1));
    }
    order
}
