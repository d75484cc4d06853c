//! The thread that studies, in the window alone.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use super::{Ask, Order, State, Study, study};
use crate::engine::session::Session;
use crate::engine::worker::Message;

/// The thread, and what it is at.
pub(in crate::engine) struct StudyThread {
    send: Sender<(Order, Arc<AtomicBool>)>,
    stop: Arc<AtomicBool>,
}

impl StudyThread {
    /// Starts the thread; it ends when this is dropped. None where it cannot.
    pub(in crate::engine) fn start(back: Sender<Message>) -> Option<Self> {
        let (send, inbox) = channel::<(Order, Arc<AtomicBool>)>();
        let spawned = std::thread::Builder::new()
            .name("rectiflow studies".into())
            .spawn(move || {
                // one thread of its own: the cores belong to training and the window
                let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
                while let Ok((order, stop)) = inbox.recv() {
                    let tell = |study: &Study| {
                        // after the end of the session nobody listens; of a study that was stopped nobody wants to hear
                        if !stop.load(Ordering::Relaxed) {
                            let _ = back.send(Message::Study(Box::new(study.clone())));
                        }
                    };
                    let work = || study(&order, &stop, &tell);
                    let done = match &pool {
                        Ok(pool) => pool.install(work),
                        Err(_) => work(),
                    };
                    if back.send(Message::Study(Box::new(done))).is_err() {
                        return;
                    }
                }
            });
        spawned.is_ok().then(|| Self {
            send,
            stop: Arc::default(),
        })
    }

    /// Gives up what it is at.
    pub(in crate::engine) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    fn begin(&mut self, order: Order) {
        self.stop();
        self.stop = Arc::default();
        let _ = self.send.send((order, Arc::clone(&self.stop)));
    }
}

impl Drop for StudyThread {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Session {
    /// Begins a study in place of the one before.
    pub(in crate::engine) fn begin_study(&mut self, ask: &Ask) {
        let order = self.order(ask);
        let (Some(thread), Ok(Some(order))) = (&mut self.studies, order) else {
            return;
        };
        self.study = Arc::new(Study {
            ask: ask.clone(),
            of: (order.experiment.name.clone(), order.step),
            ..Study::default()
        });
        thread.begin(order);
    }

    /// Stops the study that is under way; what it has found stays.
    pub(in crate::engine) fn stop_study(&mut self) {
        if let Some(thread) = &self.studies {
            thread.stop();
        }
        if self.study.state == State::Running {
            Arc::make_mut(&mut self.study).state = State::Stopped;
        }
    }

    /// Takes what the thread says, where it is still wanted.
    pub(in crate::engine) fn take_study(&mut self, study: Study) {
        if self.study.ask == study.ask && self.study.of == study.of && self.study.state == State::Running {
            self.study = Arc::new(study);
        }
    }
}
