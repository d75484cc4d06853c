//! Small textures that antialias meshes: the profile across a line, and a disk, a ring and a square. Each is drawn for one
//! size in physical pixels, so that edges are one pixel soft at every zoom.

use std::collections::HashMap;

use eframe::egui::{Color32, ColorImage, Context, TextureHandle, TextureId, TextureOptions};

use crate::picture::Shape;

/// A texture and the size to draw it at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sprite {
    pub texture: TextureId,
    /// Half its extent in physical pixels: half the line's width or the point's radius, and the soft edge.
    pub half_px: f32,
    /// What its color is to be multiplied with: lines thinner than a pixel are drawn one pixel wide and fainter.
    pub fade: f32,
}

/// All sprites made so far, by kind and quarter pixels (points) or eighths (lines).
#[derive(Default)]
pub(super) struct Sprites {
    made: HashMap<(u8, u32), TextureHandle>,
}

/// Texels a pixel of a point's sprite: two, for places between pixels.
const TEXELS: f32 = 2.0;

impl Sprites {
    /// The profile of a line of this width.
    pub fn line(&mut self, ctx: &Context, width_px: f32) -> Sprite {
        let eighths = (width_px.clamp(1.0, 64.0) * 8.0).round();
        let half_px = 0.5 * (eighths / 8.0 + 1.0);
        let texture = self.made.entry((0, eighths as u32)).or_insert_with(|| {
            let n = 64;
            let coverage = |i: usize| half_px * (1.0 - (2.0 * (i as f32 + 0.5) / n as f32 - 1.0).abs());
            load(ctx, [n, 1], (0..n).map(coverage))
        });
        Sprite {
            texture: texture.id(),
            half_px,
            fade: width_px.clamp(0.0, 1.0),
        }
    }

    /// A point of this shape and radius.
    pub fn point(&mut self, ctx: &Context, shape: Shape, radius_px: f32) -> Sprite {
        let quarters = (radius_px.clamp(0.5, 64.0) * 4.0).round();
        let radius = quarters / 4.0;
        let side = (TEXELS * 2.0 * (radius + 1.0)).ceil();
        let half_px = 0.5 * side / TEXELS;
        let kind = match shape {
            Shape::Disk => 1,
            Shape::Ring => 2,
            Shape::Square => 3,
        };
        let texture = self.made.entry((kind, quarters as u32)).or_insert_with(|| {
            let n = side as usize;
            let coverage = |i: usize| {
                let place = |k: usize| (k as f32 + 0.5) / TEXELS - half_px;
                0.5 - distance(shape, place(i % n), place(i / n), radius)
            };
            load(ctx, [n, n], (0..n * n).map(coverage))
        });
        Sprite {
            texture: texture.id(),
            half_px,
            fade: (radius_px * 2.0).clamp(0.0, 1.0),
        }
    }
}

/// Width of a ring's line, for its radius.
pub(super) fn ring_width(radius_px: f32) -> f32 {
    (0.45 * radius_px).clamp(1.0, 2.5)
}

/// Signed distance from the edge, pixels, inside negative. Twin of `distance_to` in `shaders/paint.wgsl`.
fn distance(shape: Shape, x: f32, y: f32, radius: f32) -> f32 {
    match shape {
        Shape::Disk => x.hypot(y) - radius,
        Shape::Ring => {
            let width = ring_width(radius);
            (x.hypot(y) - (radius - 0.5 * width)).abs() - 0.5 * width
        }
        // a square of a disk's area
        Shape::Square => x.abs().max(y.abs()) - 0.886 * radius,
    }
}

fn load(ctx: &Context, size: [usize; 2], coverage: impl Iterator<Item = f32>) -> TextureHandle {
    let pixels = coverage.map(|c| {
        let v = (c.clamp(0.0, 1.0) * 255.0).round() as u8;
        Color32::from_rgba_premultiplied(v, v, v, v)
    });
    ctx.load_texture(
        "sprite",
        ColorImage::new(size, pixels.collect()),
        TextureOptions::LINEAR,
    )
}
