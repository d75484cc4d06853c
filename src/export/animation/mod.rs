//! Animations of a view: over flow time, or over a training that is done for it. Frames are made one by one and given to an
//! encoder at once, so that a long animation takes no more memory than a short one.

mod apng;
mod gif;
mod mp4;
mod palette;

use std::path::{Path, PathBuf};

pub use mp4::has_ffmpeg;

use super::layout::{natural_size, sheet};
use super::{FigureError, atomic, png, raster};
use crate::lab::{BadInput, FigureOptions, FigureSize, Unit, nearest};
use crate::picture::figure::Figure;
use crate::picture::studio::{Progress, Studio, StudioError, Watch, Work};
use crate::picture::views::{Ask, Motion, View};

/// The most frames of an animation.
const MOST_FRAMES: f64 = 3000.0;

/// A format of animations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnimationFormat {
    /// 256 colors a frame; plays everywhere.
    Gif,
    /// All colors; plays in browsers.
    Apng,
    /// A PNG file a frame.
    Frames,
    /// H.264, by the program ffmpeg.
    Mp4,
}

/// Every format: what its name ends in, one line of explanation.
pub const ANIMATION_FORMATS: [(AnimationFormat, &str, &str); 4] = [
    (
        AnimationFormat::Gif,
        "gif",
        "an animation of 256 colors a frame; plays everywhere",
    ),
    (
        AnimationFormat::Apng,
        "apng",
        "an animation in all colors; plays in browsers",
    ),
    (
        AnimationFormat::Mp4,
        "mp4",
        "a film (H.264), made by ffmpeg where it is on the PATH",
    ),
    (
        AnimationFormat::Frames,
        "%04d.png",
        "one PNG a frame, numbered from 0001",
    ),
];

/// What goes by while an animation plays.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Over {
    /// Flow time, from 0 to 1.
    #[default]
    Flow,
    /// Training steps, from none to the planned number; more frames where more is learned: step n (k / K)^2 in frame k of K.
    Training,
}

/// Every [`Over`]: name, one line of explanation.
pub const OVERS: [(Over, &str, &str); 2] = [
    (
        Over::Flow,
        "flow",
        "flow time from 0 to 1; what moves is the view's own (see `list motions`)",
    ),
    (
        Over::Training,
        "training",
        "the training, done anew, from nothing learned to its end",
    ),
];

/// How an animation plays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AnimationOptions {
    /// Frames a second.
    pub fps: f64,
    /// How long it moves.
    pub seconds: f64,
    /// How long it then rests before it begins again.
    pub hold: f64,
    /// What goes by.
    pub over: Over,
}

impl Default for AnimationOptions {
    fn default() -> Self {
        Self {
            fps: 25.0,
            seconds: 4.0,
            hold: 1.0,
            over: Over::Flow,
        }
    }
}

impl AnimationOptions {
    /// Frames that move (at least 2), frames that rest.
    ///
    /// # Errors
    /// Numbers that no animation can have.
    pub fn frames(&self) -> Result<(usize, usize), BadInput> {
        if !(1.0..=100.0).contains(&self.fps) {
            return Err(BadInput::new(format!(
                "--fps is {}; it must lie from 1 to 100",
                self.fps
            )));
        }
        let (moving, resting) = ((self.seconds * self.fps).round(), (self.hold * self.fps).round());
        let fits = (2.0..=MOST_FRAMES).contains(&(moving + resting)) && moving >= 2.0 && resting >= 0.0;
        if !fits {
            return Err(BadInput::new(format!(
                "{} seconds at {} frames a second are {moving} frames, and {resting} at rest; there must be from 2 to {MOST_FRAMES}: change --seconds or --fps",
                self.seconds, self.fps
            )));
        }
        Ok((moving as usize, resting as usize))
    }
}

/// Why there is no animation.
#[derive(Debug)]
pub enum AnimationError {
    /// The studio's trouble, or that it was canceled.
    Studio(StudioError),
    /// A figure that cannot be drawn.
    Figure(FigureError),
    /// Options that do not fit together.
    Options(BadInput),
    /// What an encoder or the disk says.
    Said(String),
}

impl std::fmt::Display for AnimationError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Studio(e) => e.fmt(f),
            Self::Figure(e) => e.fmt(f),
            Self::Options(e) => e.fmt(f),
            Self::Said(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for AnimationError {}

impl From<StudioError> for AnimationError {
    fn from(error: StudioError) -> Self {
        Self::Studio(error)
    }
}

impl From<FigureError> for AnimationError {
    fn from(error: FigureError) -> Self {
        Self::Figure(error)
    }
}

impl From<BadInput> for AnimationError {
    fn from(error: BadInput) -> Self {
        Self::Options(error)
    }
}

/// The format that a file's name asks for; None where it is none of an animation.
pub fn animation_format(path: &Path) -> Option<AnimationFormat> {
    let name = path.file_name()?.to_string_lossy().to_lowercase();
    if numbered(path, 1).is_some() {
        return Some(AnimationFormat::Frames);
    }
    let ending = name.rsplit_once('.')?.1;
    ANIMATION_FORMATS.iter().find(|f| f.1 == ending).map(|f| f.0)
}

/// The file of frame `number` of a name such as `frame-%04d.png`; None where it has no such place.
fn numbered(path: &Path, number: usize) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let (before, rest) = name.split_once('%')?;
    let digits = rest.find('d').filter(|&at| at <= 2)?;
    let width: usize = match &rest[..digits] {
        "" => 1,
        width => width.parse().ok()?,
    };
    let after = &rest[digits + 1..];
    if !after.to_lowercase().ends_with(".png") {
        return None;
    }
    Some(path.with_file_name(format!("{before}{number:0width$}{after}")))
}

/// What goes by, by its name.
///
/// # Errors
/// No such, with those there are.
pub fn over_of(name: &str) -> Result<Over, BadInput> {
    OVERS.iter().find(|o| o.1 == name).map(|o| o.0).ok_or_else(|| {
        let names = OVERS.map(|o| o.1);
        let near = nearest(name, names).map_or(String::new(), |n| format!(" (did you mean \"{n}\"?)"));
        BadInput::new(format!("--over is {name}{near}; it must be {}", names.join(" or ")))
    })
}

/// A frame: pixels of the file, straight colors.
struct Frame {
    size: [u32; 2],
    rgba: Vec<u8>,
}

/// What frames are given to.
enum Encoder {
    Gif(Box<gif::GifFile>),
    Apng(Box<apng::ApngFile>),
    Mp4(mp4::Mp4File),
    Frames { out: PathBuf, made: Vec<PathBuf> },
}

/// What is animated, how, and where to.
#[derive(Clone, Copy)]
pub struct FilmAsk<'a> {
    /// The view.
    pub view: &'a View,
    /// What of; its flow time is that of an animation over training.
    pub ask: &'a Ask,
    /// How each frame looks.
    pub figure: &'a FigureOptions,
    /// How it plays.
    pub options: &'a AnimationOptions,
    /// Its file.
    pub out: &'a Path,
    /// The text of the lab that made it, put where the format has room for it (the first of numbered frames).
    pub lab: Option<&'a str>,
}

/// Makes an animation and writes it; the number of frames.
///
/// # Errors
/// Options that do not fit, a backend's fault, a missing ffmpeg, a file that cannot be written, or
/// that the watcher wants no more: nothing is then left behind.
pub fn animate(studio: &mut Studio, film: &FilmAsk, watch: Watch) -> Result<usize, AnimationError> {
    let FilmAsk {
        view,
        ask,
        figure,
        options,
        out,
        lab,
    } = *film;
    let format = animation_format(out).ok_or_else(|| BadInput::new("the file's name is that of no animation"))?;
    let (moving, resting) = options.frames()?;
    let total = moving + resting;
    let mut film = Film {
        figure: figure.clone(),
        format,
        fps: options.fps,
        total,
        out,
        lab,
        encoder: None,
        last: None,
    };
    let done = film.shoot(studio, view, ask, options.over, moving, watch);
    match done.and_then(|()| film.finish()) {
        Ok(()) => Ok(total),
        Err(error) => {
            film.abandon();
            Err(error)
        }
    }
}

/// An animation that is being made.
struct Film<'a> {
    figure: FigureOptions,
    format: AnimationFormat,
    fps: f64,
    total: usize,
    out: &'a Path,
    lab: Option<&'a str>,
    encoder: Option<Encoder>,
    last: Option<Frame>,
}

impl Film<'_> {
    fn shoot(
        &mut self,
        studio: &mut Studio,
        view: &View,
        ask: &Ask,
        over: Over,
        moving: usize,
        watch: Watch,
    ) -> Result<(), AnimationError> {
        let trained = studio.run(ask.run).map(|run| (run.id, run.experiment.steps));
        let mut ask = ask.clone();
        if let (Over::Training, Some((id, steps))) = (over, trained) {
            if steps == 0 {
                return Err(BadInput::new("--over training needs a run with training steps; give --steps 1000").into());
            }
            studio.make_pairs(id, watch)?;
            studio.reset(id);
        }
        // where one figure serves all frames, it is made once
        let mut whole: Option<Figure> = None;
        for k in 0..self.total {
            let share = k as f64 / (moving - 1) as f64;
            let held = over == Over::Flow && view.motion == Motion::Still && k > 0;
            if k < moving && !held {
                let figure = match (over, trained) {
                    (Over::Training, Some((id, steps))) => {
                        studio.train(id, (steps as f64 * share * share).round() as u64, &mut |_| true)?;
                        view.figure(studio, &ask, watch)?
                    }
                    _ if view.motion.needs_each() => {
                        ask = ask.frame(share);
                        view.figure(studio, &ask, watch)?
                    }
                    _ => {
                        let made = whole.take().map_or_else(|| view.figure(studio, &ask, watch), Ok)?;
                        let mut cut = made.clone();
                        whole = Some(made);
                        view.motion.cut(&mut cut, share);
                        cut
                    }
                };
                let drawn = self.draw(&figure)?;
                self.give(&drawn)?;
                self.last = Some(drawn);
            } else if let Some(last) = self.last.take() {
                self.give(&last)?;
                self.last = Some(last);
            }
            let progress = Progress {
                run: String::new(),
                work: Work::Frames,
                done: k as u64 + 1,
                total: self.total as u64,
            };
            if !watch(&progress) {
                return Err(StudioError::Canceled.into());
            }
        }
        Ok(())
    }

    /// The pixels of a figure; the first frame's size is that of all.
    fn draw(&mut self, figure: &Figure) -> Result<Frame, AnimationError> {
        let own = natural_size(figure, &self.figure);
        self.figure.check(own).map_err(FigureError::Options)?;
        let size = self.figure.pixels(own);
        if self.figure.size.is_none_or(FigureSize::is_width_alone) {
            // in inches, so that the letters keep their size on paper
            let [width, height] = size.map(|px| f64::from(px) / self.figure.dpi);
            let unit = Unit::In;
            self.figure.size = Some(FigureSize { width, height, unit });
        }
        let page = sheet(figure, &self.figure);
        let pixmap = raster::pixmap(&page, size).ok_or(FigureError::Size(size[0], size[1]))?;
        Ok(Frame {
            size,
            rgba: pixmap.take_demultiplied().as_slice().to_vec(),
        })
    }

    fn give(&mut self, frame: &Frame) -> Result<(), AnimationError> {
        if self.encoder.is_none() {
            self.encoder = Some(self.begin(frame)?);
        }
        match &mut self.encoder {
            Some(Encoder::Gif(file)) => file.push(frame),
            Some(Encoder::Apng(file)) => file.push(frame),
            Some(Encoder::Mp4(file)) => file.push(frame),
            Some(Encoder::Frames { out, made }) => {
                let path = numbered(out, made.len() + 1).unwrap_or_else(|| out.clone());
                let lab = self.lab.filter(|_| made.is_empty());
                let bytes = png::frame(&frame.rgba, frame.size, self.figure.dpi, lab)?;
                atomic::write(&path, &bytes).map_err(|e| AnimationError::Said(e.to_string()))?;
                made.push(path);
                Ok(())
            }
            None => Ok(()),
        }
    }

    fn begin(&self, frame: &Frame) -> Result<Encoder, AnimationError> {
        Ok(match self.format {
            AnimationFormat::Gif => Encoder::Gif(Box::new(gif::GifFile::begin(frame.size, self.fps, self.lab)?)),
            AnimationFormat::Apng => {
                let file = apng::ApngFile::begin(frame.size, self.fps, self.total, self.figure.dpi, self.lab)?;
                Encoder::Apng(Box::new(file))
            }
            AnimationFormat::Mp4 => Encoder::Mp4(mp4::Mp4File::begin(frame.size, self.fps, self.out)?),
            AnimationFormat::Frames => Encoder::Frames {
                out: self.out.to_path_buf(),
                made: Vec::new(),
            },
        })
    }

    fn finish(&mut self) -> Result<(), AnimationError> {
        let bytes = match self.encoder.take() {
            Some(Encoder::Gif(file)) => file.finish()?,
            Some(Encoder::Apng(file)) => file.finish()?,
            Some(Encoder::Mp4(file)) => return file.finish(self.lab),
            Some(Encoder::Frames { .. }) | None => return Ok(()),
        };
        atomic::write(self.out, &bytes).map_err(|e| AnimationError::Said(e.to_string()))
    }

    /// Nothing of a film that was not finished stays.
    fn abandon(&mut self) {
        match self.encoder.take() {
            Some(Encoder::Frames { made, .. }) => {
                for path in made {
                    // what cannot be removed was not ours
                    let _ = std::fs::remove_file(path);
                }
            }
            Some(Encoder::Mp4(mut file)) => file.abandon(),
            _ => {}
        }
    }
}

/// The rectangle in which two frames of one size differ: left, top, right, bottom (exclusive); None where they do not.
fn changed(before: &[u8], after: &[u8], [width, height]: [u32; 2]) -> Option<[usize; 4]> {
    let (width, height) = (width as usize, height as usize);
    let row = |y: usize| 4 * y * width..4 * (y + 1) * width;
    let differs = |&y: &usize| before[row(y)] != after[row(y)];
    let top = (0..height).find(differs)?;
    let bottom = (0..height).rev().find(differs)? + 1;
    let (mut left, mut right) = (width, 0);
    for y in top..bottom {
        let pixels = before[row(y)]
            .as_chunks::<4>()
            .0
            .iter()
            .zip(after[row(y)].as_chunks::<4>().0);
        let differing = || pixels.clone().enumerate().filter(|(_, (a, b))| a != b).map(|(x, _)| x);
        if let Some(first) = differing().next() {
            left = left.min(first);
            right = right.max(differing().next_back().unwrap_or(first) + 1);
        }
    }
    Some([left, top, right, bottom])
}

#[cfg(test)]
mod tests;
