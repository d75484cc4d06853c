//! Letters: outlines of IBM Plex Sans, kerned, antialiased by coverage.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, point};

use super::Canvas;
use crate::picture::Rgba;

/// None only if the font in the program were damaged; then there are no letters.
static FONT: LazyLock<Option<FontRef<'static>>> =
    LazyLock::new(|| FontRef::try_from_slice(include_bytes!("../../../assets/fonts/IBMPlexSans.ttf")).ok());

/// Which part of a text lies at its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Its left end.
    Left,
    /// Its middle.
    Middle,
    /// Its right end.
    Right,
}

/// The font gives sizes from ascent to descent; `size` is the em, as everywhere else.
fn px_scale(font: &FontRef, size: f32) -> PxScale {
    PxScale::from(size * font.height_unscaled() / font.units_per_em().unwrap_or(1000.0))
}

/// Width of a text, page units.
pub(super) fn width(text: &str, size: f32) -> f32 {
    let Some(font) = &*FONT else { return 0.0 };
    let scaled = font.as_scaled(px_scale(font, size));
    let mut before = None;
    text.chars()
        .map(|c| {
            let id = scaled.glyph_id(c);
            let kern = before.map_or(0.0, |b| scaled.kern(b, id));
            before = Some(id);
            kern + scaled.h_advance(id)
        })
        .sum()
}

/// Writes a text whose middle line (half the height of its capitals) lies at `at`, page units.
pub(super) fn write(canvas: &mut Canvas, text: &str, at: [f32; 2], size: f32, anchor: Anchor, color: Rgba) {
    let Some(font) = &*FONT else { return };
    let left = at[0]
        - match anchor {
            Anchor::Left => 0.0,
            Anchor::Middle => 0.5 * width(text, size),
            Anchor::Right => width(text, size),
        };
    let s = canvas.scale;
    let scaled = font.as_scaled(px_scale(font, size * s));
    // capitals of Plex are 0.698 em high; letters sit on whole pixels or their feet blur
    let baseline = ((at[1] + 0.349 * size) * s).round();
    let mut x = left * s;
    let mut before = None;
    for c in text.chars() {
        let id = scaled.glyph_id(c);
        x += before.map_or(0.0, |b| scaled.kern(b, id));
        let glyph = id.with_scale_and_position(scaled.scale(), point(x, baseline));
        if let Some(outline) = font.outline_glyph(glyph) {
            let corner = outline.px_bounds().min;
            outline.draw(|dx, dy, coverage| {
                blend(
                    canvas,
                    corner.x as i32 + dx as i32,
                    corner.y as i32 + dy as i32,
                    color,
                    coverage,
                );
            });
        }
        x += scaled.h_advance(id);
        before = Some(id);
    }
}

fn blend(canvas: &mut Canvas, x: i32, y: i32, color: Rgba, coverage: f32) {
    let (width, height) = (canvas.pixmap.width() as i32, canvas.pixmap.height() as i32);
    if x < 0 || y < 0 || x >= width || y >= height {
        return;
    }
    let alpha = coverage.clamp(0.0, 1.0) * f32::from(color[3]) / 255.0;
    let at = 4 * (y as usize * width as usize + x as usize);
    let pixel = &mut canvas.pixmap.data_mut()[at..at + 4];
    for (p, c) in pixel.iter_mut().zip([color[0], color[1], color[2], 255]) {
        *p = (f32::from(*p) + alpha * (f32::from(c) - f32::from(*p))).round() as u8;
    }
}
