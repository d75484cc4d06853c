//! Marks onto the raster.

use tiny_skia::{
    FillRule, FilterQuality, LineCap, LineJoin, Mask, Paint, Path, PathBuilder, Pixmap, PixmapPaint, Rect, Stroke,
    StrokeDash, Transform as Matrix,
};

use super::{Canvas, Page, letters, skia};
use crate::picture::{Bounds, Colors, Mark, Rgba, Shape, Transform};

/// Draws all marks, clipped to the plot.
pub(super) fn draw(canvas: &mut Canvas, page: &Page, transform: &Transform, marks: &[Mark]) {
    let Some(clip) = clip(canvas, page) else { return };
    let mut pen = Pen {
        canvas,
        clip: &clip,
        page,
        transform,
    };
    for mark in marks {
        pen.mark(mark);
    }
}

fn clip(canvas: &Canvas, page: &Page) -> Option<Mask> {
    let mut mask = Mask::new(canvas.pixmap.width(), canvas.pixmap.height())?;
    let [x0, y0] = page.plot.min;
    let [x1, y1] = page.plot.max;
    let path = PathBuilder::from_rect(Rect::from_ltrb(x0, y0, x1, y1)?);
    mask.fill_path(
        &path,
        FillRule::Winding,
        false,
        Matrix::from_scale(canvas.scale, canvas.scale),
    );
    Some(mask)
}

/// A solid, antialiased paint.
pub(super) fn paint(color: Rgba) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(skia(color));
    paint.anti_alias = true;
    paint
}

struct Pen<'a> {
    canvas: &'a mut Canvas,
    clip: &'a Mask,
    page: &'a Page,
    transform: &'a Transform,
}

impl Pen<'_> {
    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Points {
                at,
                colors,
                radius_px,
                shape,
            } => {
                for (i, p) in at.iter().enumerate() {
                    let p = self.transform.apply(*p);
                    if self.page.plot.contains(p, *radius_px) {
                        self.point(p, *radius_px, *shape, color_of(colors, i));
                    }
                }
            }
            Mark::Lines {
                points,
                stride,
                shown,
                colors,
                width_px,
                dashed,
            } => {
                for (i, line) in points.chunks_exact((*stride).max(2)).take(*shown).enumerate() {
                    let line: Vec<_> = line.iter().map(|p| self.transform.apply(*p)).collect();
                    self.line(&line, color_of(colors, i), *width_px, *dashed);
                }
            }
            Mark::Arrows {
                at,
                by,
                colors,
                width_px,
                dashed,
            } => {
                for (i, (tail, step)) in at.iter().zip(by.iter()).enumerate() {
                    let tip = self.transform.apply([tail[0] + step[0], tail[1] + step[1]]);
                    self.arrow(
                        self.transform.apply(*tail),
                        tip,
                        color_of(colors, i),
                        *width_px,
                        *dashed,
                    );
                }
            }
            Mark::Heat {
                bounds,
                columns,
                rows,
                cells,
            } => self.heat(*bounds, *columns, *rows, cells),
            Mark::Text {
                at,
                text,
                color,
                size_px,
            } => {
                let at = self.transform.apply(*at);
                letters::write(self.canvas, text, at, *size_px, letters::Anchor::Middle, *color);
            }
        }
    }

    fn matrix(&self) -> Matrix {
        Matrix::from_scale(self.canvas.scale, self.canvas.scale)
    }

    fn point(&mut self, at: [f32; 2], radius: f32, shape: Shape, color: Rgba) {
        let Some((path, ring)) = point_path(at, radius, shape) else {
            return;
        };
        let (matrix, clip) = (self.matrix(), Some(self.clip));
        if let Some(width) = ring {
            let stroke = Stroke {
                width,
                ..Stroke::default()
            };
            self.canvas
                .pixmap
                .stroke_path(&path, &paint(color), &stroke, matrix, clip);
        } else {
            self.canvas
                .pixmap
                .fill_path(&path, &paint(color), FillRule::Winding, matrix, clip);
        }
    }

    fn line(&mut self, line: &[[f32; 2]], color: Rgba, width: f32, dashed: bool) {
        let Some(path) = line_path(line) else { return };
        let dash = if dashed {
            StrokeDash::new(vec![4.0 + 2.0 * width, 2.5 + 1.5 * width], 0.0)
        } else {
            None
        };
        self.stroke(&path, color, width, dash);
    }

    fn stroke(&mut self, path: &Path, color: Rgba, width: f32, dash: Option<StrokeDash>) {
        let stroke = Stroke {
            width,
            dash,
            line_cap: LineCap::Butt,
            line_join: LineJoin::Round,
            ..Stroke::default()
        };
        let matrix = self.matrix();
        self.canvas
            .pixmap
            .stroke_path(path, &paint(color), &stroke, matrix, Some(self.clip));
    }

    fn arrow(&mut self, tail: [f32; 2], tip: [f32; 2], color: Rgba, width: f32, dashed: bool) {
        let d = [tip[0] - tail[0], tip[1] - tail[1]];
        let length = d[0].hypot(d[1]);
        if !(length > 1e-3 && length.is_finite() && self.page.plot.contains(tip, length)) {
            return;
        }
        let along = d.map(|v| v / length);
        let head = (0.34 * length + 1.2 * width).min(4.0 + 2.2 * width).min(length);
        let on = |back: f32, side: f32| {
            [
                tip[0] - back * along[0] - side * along[1],
                tip[1] - back * along[1] + side * along[0],
            ]
        };
        if let Some(path) = line_path(&[tail, on(0.8 * head, 0.0)]) {
            let dash = if dashed {
                StrokeDash::new(vec![3.6, 2.4], 0.0)
            } else {
                None
            };
            self.stroke(&path, color, width, dash);
        }
        if let Some(path) = polygon(&[tip, on(head, 0.42 * head), on(head, -0.42 * head)]) {
            let matrix = self.matrix();
            self.canvas
                .pixmap
                .fill_path(&path, &paint(color), FillRule::Winding, matrix, Some(self.clip));
        }
    }

    fn heat(&mut self, bounds: Bounds, columns: usize, rows: usize, cells: &[Rgba]) {
        if cells.len() != columns * rows {
            return;
        }
        let Some(mut map) = Pixmap::new(columns as u32, rows as u32) else {
            return;
        };
        let colors = cells.chunks_exact(columns).rev().flatten();
        for (pixel, c) in map.pixels_mut().iter_mut().zip(colors) {
            *pixel = skia(*c).premultiply().to_color_u8();
        }
        let s = self.canvas.scale;
        let [x0, y0] = self.transform.apply([bounds.min[0], bounds.max[1]]).map(|v| v * s);
        let [x1, y1] = self.transform.apply([bounds.max[0], bounds.min[1]]).map(|v| v * s);
        let matrix = Matrix::from_row((x1 - x0) / columns as f32, 0.0, 0.0, (y1 - y0) / rows as f32, x0, y0);
        let paint = PixmapPaint {
            quality: FilterQuality::Bilinear,
            ..PixmapPaint::default()
        };
        self.canvas
            .pixmap
            .draw_pixmap(0, 0, map.as_ref(), &paint, matrix, Some(self.clip));
    }
}

/// The outline of a point, and the width of its stroke where it is a ring.
pub(super) fn point_path(at: [f32; 2], radius: f32, shape: Shape) -> Option<(Path, Option<f32>)> {
    match shape {
        Shape::Disk => Some((PathBuilder::from_circle(at[0], at[1], radius)?, None)),
        Shape::Ring => {
            let width = (0.45 * radius).clamp(0.8, 2.5);
            Some((
                PathBuilder::from_circle(at[0], at[1], radius - 0.5 * width)?,
                Some(width),
            ))
        }
        Shape::Square => {
            let half = 0.886 * radius;
            let rect = Rect::from_xywh(at[0] - half, at[1] - half, 2.0 * half, 2.0 * half)?;
            Some((PathBuilder::from_rect(rect), None))
        }
    }
}

/// A polyline; None where it has no length or is not finite.
pub(super) fn line_path(line: &[[f32; 2]]) -> Option<Path> {
    let mut path = PathBuilder::new();
    let mut finite = line.iter().filter(|p| p[0].is_finite() && p[1].is_finite());
    let first = finite.next()?;
    path.move_to(first[0], first[1]);
    finite.for_each(|p| path.line_to(p[0], p[1]));
    path.finish()
}

/// A closed polygon.
pub(super) fn polygon(corners: &[[f32; 2]]) -> Option<Path> {
    let mut path = PathBuilder::new();
    path.move_to(corners.first()?[0], corners[0][1]);
    corners[1..].iter().for_each(|p| path.line_to(p[0], p[1]));
    path.close();
    path.finish()
}

fn color_of(colors: &Colors, index: usize) -> Rgba {
    match colors {
        Colors::One(c) => *c,
        Colors::Each(all) => all.get(index).copied().unwrap_or([0; 4]),
    }
}
