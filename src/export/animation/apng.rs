//! Animated PNG: each frame holds the rectangle that changed since the one before.

use std::cell::RefCell;
use std::io::{self, Write};
use std::rc::Rc;

use ::png::{BitDepth, BlendOp, ColorType, Compression, Encoder, Writer};

use super::{AnimationError, Frame, changed};
use crate::export::png;

/// The file as far as it is written.
#[derive(Clone, Default)]
struct Bytes(Rc<RefCell<Vec<u8>>>);

impl Write for Bytes {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An animated PNG that is being made.
pub struct ApngFile {
    writer: Writer<Bytes>,
    bytes: Bytes,
    before: Option<Vec<u8>>,
}

fn said(error: impl std::fmt::Display) -> AnimationError {
    AnimationError::Said(format!("the animated PNG could not be made: {error}"))
}

impl ApngFile {
    /// An endless animation of so many frames of this size.
    pub fn begin(size: [u32; 2], fps: f64, frames: usize, dpi: f64, lab: Option<&str>) -> Result<Self, AnimationError> {
        let bytes = Bytes::default();
        let mut encoder = Encoder::new(bytes.clone(), size[0], size[1]);
        encoder.set_color(ColorType::Rgba);
        encoder.set_depth(BitDepth::Eight);
        encoder.set_compression(Compression::Balanced);
        encoder.set_pixel_dims(Some(png::pixel_dims(dpi)));
        encoder.set_animated(frames as u32, 0).map_err(said)?;
        // whole milliseconds: 1000 frames a second are the finest that browsers tell apart
        let delay = (1000.0 / fps).round().clamp(1.0, 60_000.0) as u16;
        encoder.set_frame_delay(delay, 1000).map_err(said)?;
        encoder.set_blend_op(BlendOp::Source).map_err(said)?;
        let mut writer = encoder.write_header().map_err(said)?;
        png::write_lab(&mut writer, lab).map_err(said)?;
        Ok(Self {
            writer,
            bytes,
            before: None,
        })
    }

    /// Adds a frame.
    pub fn push(&mut self, frame: &Frame) -> Result<(), AnimationError> {
        let width = frame.size[0] as usize;
        // the first one is the whole image; a frame in which nothing changes still takes its time
        let differs = |before: &Vec<u8>| changed(before, &frame.rgba, frame.size).unwrap_or([0, 0, 1, 1]);
        let part = self.before.as_ref().map(differs);
        if let Some([left, top, right, bottom]) = part {
            let size = [right - left, bottom - top].map(|side| side as u32);
            let rows = (top..bottom).flat_map(|y| &frame.rgba[4 * (y * width + left)..4 * (y * width + right)]);
            let pixels: Vec<u8> = rows.copied().collect();
            // in this order: each must fit beside the other
            self.writer.reset_frame_position().map_err(said)?;
            self.writer.set_frame_dimension(size[0], size[1]).map_err(said)?;
            self.writer.set_frame_position(left as u32, top as u32).map_err(said)?;
            self.writer.write_image_data(&pixels).map_err(said)?;
        } else {
            self.writer.write_image_data(&frame.rgba).map_err(said)?;
        }
        self.before = Some(frame.rgba.clone());
        Ok(())
    }

    /// The file.
    pub fn finish(self) -> Result<Vec<u8>, AnimationError> {
        self.writer.finish().map_err(said)?;
        Ok(self.bytes.0.take())
    }
}
