//! Makes figures, animations and data for the window on a thread of its own, with a studio of its own: the window stays alive, and
//! training goes on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};

use eframe::egui;

use crate::engine::command::BackendChoice;
use crate::engine::measures::Measures;
use crate::export::animation::{AnimationOptions, FilmAsk, animate};
use crate::export::data::{DataAsk, What};
use crate::export::data_file::write_data;
use crate::export::lab_files::text_with_files;
use crate::export::{FigureFormat, atomic, figure_file, figure_pixels};
use crate::lab::{FigureOptions, Lab, RunId};
use crate::picture::studio::{Progress, Studio, StudioError, Work};
use crate::picture::views::{Ask, View};

/// A figure to be made.
#[derive(Clone)]
pub struct FigureOrder {
    /// The view.
    pub view: &'static View,
    /// What of.
    pub ask: Ask,
    /// How it looks.
    pub options: FigureOptions,
}

/// What is to be written.
#[derive(Clone)]
pub enum Write {
    /// A figure.
    Figure(FigureOrder, FigureFormat),
    /// An animation.
    Film(FigureOrder, AnimationOptions),
    /// Data or weights.
    Data(What, DataAsk),
}

/// What the thread is told.
enum Order {
    /// To draw small, within so many pixels; only the newest is drawn.
    Preview(u64, Box<FigureOrder>, [u32; 2]),
    /// To draw as large as the file would be, for the clipboard.
    Copy(Box<FigureOrder>),
    /// To write a file, with its lab or without.
    Write(Box<Write>, PathBuf, bool),
}

/// Pixels of a figure, straight colors.
pub struct Drawn {
    /// Pixels.
    pub rgba: Vec<u8>,
    /// Width and height of these.
    pub size: [u32; 2],
    /// Width and height of the file.
    pub full: [u32; 2],
    /// The caption.
    pub caption: String,
}

/// What the thread answers.
pub enum Answer {
    /// The newest preview, or why there is none.
    Preview(Result<Drawn, String>),
    /// What was to be copied.
    Copied(Result<Drawn, String>),
    /// How far it is.
    Progress(Progress),
    /// It is written, or why it is not; None: it was canceled.
    Written(Option<Result<String, String>>),
}

/// The thread's other end. When it is dropped, the thread stops what it does and ends.
pub struct Exporter {
    orders: Sender<Order>,
    answers: Receiver<Answer>,
    newest: Arc<AtomicU64>,
    canceled: Arc<AtomicBool>,
}

impl Exporter {
    /// Starts a thread on this lab, whose runs carry their records, with what is measured already.
    pub fn start(lab: Arc<Lab>, known: BTreeMap<RunId, Arc<Measures>>, ctx: egui::Context) -> Self {
        let (orders, inbox) = channel();
        let (out, answers) = channel();
        let newest = Arc::new(AtomicU64::new(0));
        let canceled = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            inbox,
            out,
            newest: Arc::clone(&newest),
            canceled: Arc::clone(&canceled),
            ctx,
        };
        // a machine that cannot start a thread answers nothing, and the dialog goes on saying that it draws
        let _ = std::thread::Builder::new()
            .name("exporter".into())
            .spawn(move || worker.work(&lab, known));
        Self {
            orders,
            answers,
            newest,
            canceled,
        }
    }

    fn tell(&self, order: Order) {
        // a thread that has ended has said why
        let _ = self.orders.send(order);
    }

    /// Asks for a preview; one that is being drawn is given up.
    pub fn preview(&self, figure: FigureOrder, within: [u32; 2]) {
        let number = self.newest.fetch_add(1, SeqCst) + 1;
        self.tell(Order::Preview(number, Box::new(figure), within));
    }

    /// Asks for the pixels of the whole figure.
    pub fn copy(&self, figure: FigureOrder) {
        self.canceled.store(false, SeqCst);
        self.newest.fetch_add(1, SeqCst);
        self.tell(Order::Copy(Box::new(figure)));
    }

    /// Asks for a file.
    pub fn write(&self, what: Write, out: PathBuf, with_lab: bool) {
        self.canceled.store(false, SeqCst);
        self.newest.fetch_add(1, SeqCst);
        self.tell(Order::Write(Box::new(what), out, with_lab));
    }

    /// Stops what is being written.
    pub fn cancel(&self) {
        self.canceled.store(true, SeqCst);
    }

    /// What was answered since the last time.
    pub fn answers(&self) -> impl Iterator<Item = Answer> {
        self.answers.try_iter()
    }
}

impl Drop for Exporter {
    fn drop(&mut self) {
        self.cancel();
        self.newest.fetch_add(1, SeqCst);
    }
}

/// The thread's own end.
struct Worker {
    inbox: Receiver<Order>,
    out: Sender<Answer>,
    newest: Arc<AtomicU64>,
    canceled: Arc<AtomicBool>,
    ctx: egui::Context,
}

impl Worker {
    fn answer(&self, answer: Answer) {
        // a window that is gone wants no answer
        let _ = self.out.send(answer);
        self.ctx.request_repaint();
    }

    fn work(self, lab: &Lab, known: BTreeMap<RunId, Arc<Measures>>) {
        // the processor: the window's own device stays free for training
        let mut studio = match Studio::open(lab, BackendChoice::Cpu, known) {
            Ok(studio) => studio,
            Err(why) => return self.answer(Answer::Preview(Err(why.to_string()))),
        };
        while let Ok(order) = self.inbox.recv() {
            match order {
                Order::Preview(number, figure, within) => {
                    if self.newest.load(SeqCst) != number {
                        continue;
                    }
                    let drawn = self.draw(&mut studio, &figure, Some(within), &|| {
                        self.newest.load(SeqCst) == number
                    });
                    match drawn {
                        Err(StudioError::Canceled) => {}
                        other => self.answer(Answer::Preview(other.map_err(|e| e.to_string()))),
                    }
                }
                Order::Copy(figure) => {
                    let drawn = self.draw(&mut studio, &figure, None, &|| !self.canceled.load(SeqCst));
                    self.answer(Answer::Copied(drawn.map_err(|e| e.to_string())));
                }
                Order::Write(what, out, with_lab) => {
                    let written = self.write(&mut studio, &what, &out, with_lab);
                    let canceled = self.canceled.load(SeqCst) && written.is_err();
                    self.answer(Answer::Written((!canceled).then_some(written)));
                }
            }
        }
    }

    fn draw(
        &self,
        studio: &mut Studio,
        figure: &FigureOrder,
        within: Option<[u32; 2]>,
        wanted: &dyn Fn() -> bool,
    ) -> Result<Drawn, StudioError> {
        let watch = &mut |progress: &Progress| {
            self.answer(Answer::Progress(progress.clone()));
            wanted()
        };
        let made = figure.view.figure(studio, &figure.ask, watch)?;
        let pixels = figure_pixels(&made, &figure.options, within).map_err(|e| StudioError::Said(e.to_string()))?;
        Ok(Drawn {
            rgba: pixels.rgba,
            size: pixels.size,
            full: pixels.full,
            caption: made.caption,
        })
    }

    fn write(
        &self,
        studio: &mut Studio,
        what: &Write,
        out: &std::path::Path,
        with_lab: bool,
    ) -> Result<String, String> {
        let watch = &mut |progress: &Progress| {
            self.answer(Answer::Progress(progress.clone()));
            !self.canceled.load(SeqCst)
        };
        let said = |error: &dyn std::fmt::Display| error.to_string();
        match what {
            Write::Figure(order, format) => {
                let figure = order.view.figure(studio, &order.ask, watch).map_err(|e| said(&e))?;
                let lab = with_lab.then(|| text_with_files(&studio.trained_lab()));
                let bytes = figure_file(&figure, &order.options, *format, lab.as_deref()).map_err(|e| said(&e))?;
                atomic::write(out, &bytes).map_err(|e| said(&e))?;
            }
            Write::Film(order, options) => {
                let lab = with_lab.then(|| text_with_files(&studio.trained_lab()));
                let film = FilmAsk {
                    view: order.view,
                    ask: &order.ask,
                    figure: &order.options,
                    options,
                    out,
                    lab: lab.as_deref(),
                };
                animate(studio, &film, watch).map_err(|e| said(&e))?;
            }
            Write::Data(what, ask) => {
                let files = write_data(studio, *what, ask, out, with_lab, watch).map_err(|e| said(&e))?;
                let names: Vec<String> = files.iter().map(|f| f.display().to_string()).collect();
                return Ok(names.join(", "));
            }
        }
        Ok(out.display().to_string())
    }
}

/// The words for what it is busy with, and how far it is.
pub fn progress_words(progress: &Progress) -> (String, f32) {
    use rust_i18n::t;
    let words = match progress.work {
        Work::Pairs => t!("export.pairs", run = progress.run),
        Work::Training => t!("export.training", run = progress.run),
        Work::Measures => t!("export.measuring", run = progress.run),
        Work::Study => t!("export.studying", run = progress.run),
        Work::Frames => t!("export.frames", done = progress.done, total = progress.total),
    };
    (words.into_owned(), progress.done as f32 / progress.total.max(1) as f32)
}
