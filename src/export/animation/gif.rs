//! `GIF89a`: each frame has its own 256 colors and holds what changed since the one before.

use ::gif::{AnyExtension, DisposalMethod, Encoder, Frame as GifFrame, Repeat};

use super::palette::Palette;
use super::{AnimationError, Frame, changed};
use crate::export::lab_within;
use crate::lab::BadInput;

/// Colors of a frame; one more is for what did not change.
const COLORS: usize = 255;
/// Less opaque pixels are clear: the format knows all or nothing.
const OPAQUE: u8 = 128;

/// A GIF that is being made.
pub struct GifFile {
    encoder: Encoder<Vec<u8>>,
    delay: u16,
    before: Option<Vec<u8>>,
}

/// Hundredths of a second a frame: the same for every frame, so that time goes evenly.
pub fn delay(fps: f64) -> u16 {
    // browsers slow down what is faster than 50 frames a second
    (100.0 / fps).round().clamp(2.0, 1000.0) as u16
}

fn said(error: impl std::fmt::Display) -> AnimationError {
    AnimationError::Said(format!("the GIF could not be made: {error}"))
}

impl GifFile {
    /// An endless animation of this size.
    pub fn begin(size: [u32; 2], fps: f64, lab: Option<&str>) -> Result<Self, AnimationError> {
        let [Ok(width), Ok(height)] = size.map(u16::try_from) else {
            return Err(BadInput::new("a GIF is at most 65535 pixels wide and high").into());
        };
        let mut encoder = Encoder::new(Vec::new(), width, height, &[]).map_err(said)?;
        encoder.set_repeat(Repeat::Infinite).map_err(said)?;
        if let Some(lab) = lab {
            let code = lab_within::code(lab);
            let pieces: Vec<&[u8]> = code.as_bytes().chunks(255).collect();
            encoder.write_raw_extension(AnyExtension(0xfe), &pieces).map_err(said)?;
        }
        Ok(Self {
            encoder,
            delay: delay(fps),
            before: None,
        })
    }

    /// Adds a frame.
    pub fn push(&mut self, frame: &Frame) -> Result<(), AnimationError> {
        let [width, height] = frame.size.map(|side| side as usize);
        let opaque = frame.rgba.as_chunks::<4>().0.iter().all(|p| p[3] >= OPAQUE);
        // a frame with holes replaces the one before, which must then have been taken away
        let before = self.before.take().filter(|_| opaque);
        let [left, top, right, bottom] = match &before {
            None => [0, 0, width, height],
            // a frame in which nothing changes still takes its time
            Some(before) => changed(before, &frame.rgba, frame.size).unwrap_or([0, 0, 1, 1]),
        };
        let place = move |i: usize| (top + i / (right - left)) * width + left + i % (right - left);
        let pixel = |rgba: &[u8], i: usize| rgba.as_chunks::<4>().0[place(i)];
        let count = (right - left) * (bottom - top);
        let shown = |i: usize| {
            let now = pixel(&frame.rgba, i);
            let same = before.as_ref().is_some_and(|before| pixel(before, i) == now);
            (now[3] >= OPAQUE && !same).then_some([now[0], now[1], now[2]])
        };
        let palette = Palette::of((0..count).filter_map(shown), COLORS);
        let clear = palette.colors.len() as u8;
        let buffer: Vec<u8> = (0..count)
            .map(|i| shown(i).map_or(clear, |c| palette.index(c)))
            .collect();
        let mut colors = palette.colors.concat();
        colors.extend([0, 0, 0]);
        let written = self.encoder.write_frame(&GifFrame {
            delay: self.delay,
            dispose: if opaque {
                DisposalMethod::Keep
            } else {
                DisposalMethod::Background
            },
            transparent: Some(clear),
            top: top as u16,
            left: left as u16,
            width: (right - left) as u16,
            height: (bottom - top) as u16,
            palette: Some(colors),
            buffer: buffer.into(),
            ..GifFrame::default()
        });
        self.before = opaque.then(|| frame.rgba.clone());
        written.map_err(said)
    }

    /// The file.
    pub fn finish(self) -> Result<Vec<u8>, AnimationError> {
        self.encoder.into_inner().map_err(said)
    }
}
