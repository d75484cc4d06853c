//! A [`Sheet`] as pixels, by tiny-skia. The same sheet gives the same pixels on every run.

use ab_glyph::{Font, ScaleFont, point};
use tiny_skia::{
    Color, FillRule, FilterQuality, GradientStop, LineCap, LineJoin, LinearGradient, Mask, Paint, Path, PathBuilder,
    Pixmap, PixmapPaint, Point, Rect, SpreadMode, Stroke, StrokeDash, Transform as Matrix,
};

use super::letters;
use super::sheet::{Anchor, Area, Item, Pen, SQUARE, Sheet, Text, ring_width};
use crate::picture::{Rgba, Shape};

/// The pixels of a sheet, premultiplied; None where there is no memory for them or a side is 0.
pub fn pixmap(sheet: &Sheet, pixels: [u32; 2]) -> Option<Pixmap> {
    let mut canvas = Canvas {
        pixmap: Pixmap::new(pixels[0], pixels[1])?,
        scale: [0, 1].map(|i| pixels[i] as f32 / sheet.size[i]),
        clip: None,
    };
    if let Some(ground) = sheet.ground {
        canvas.pixmap.fill(skia(ground));
    }
    canvas.items(&sheet.items);
    Some(canvas.pixmap)
}

/// Where all is drawn, and pixels for one unit of the page; the two directions differ by the rounding of the size.
struct Canvas {
    pixmap: Pixmap,
    scale: [f32; 2],
    clip: Option<Mask>,
}

fn skia([r, g, b, a]: Rgba) -> Color {
    Color::from_rgba8(r, g, b, a)
}

/// A solid, antialiased paint.
fn paint(color: Rgba) -> Paint<'static> {
    let mut paint = Paint::default();
    paint.set_color(skia(color));
    paint.anti_alias = true;
    paint
}

fn rect(area: Area) -> Option<Rect> {
    Rect::from_ltrb(area.min[0], area.min[1], area.max[0], area.max[1])
}

fn stroke_of(pen: Pen) -> Stroke {
    Stroke {
        width: pen.width,
        line_cap: LineCap::Butt,
        line_join: LineJoin::Round,
        dash: pen.dash.and_then(|d| StrokeDash::new(d.to_vec(), 0.0)),
        ..Stroke::default()
    }
}

/// A polyline; None where it has no length or is not finite.
fn path_of(points: &[[f32; 2]], closed: bool) -> Option<Path> {
    let mut path = PathBuilder::new();
    let (first, rest) = points.split_first()?;
    path.move_to(first[0], first[1]);
    for p in rest {
        path.line_to(p[0], p[1]);
    }
    if closed {
        path.close();
    }
    path.finish()
}

impl Canvas {
    fn matrix(&self) -> Matrix {
        Matrix::from_scale(self.scale[0], self.scale[1])
    }

    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Group { clip: None, items, .. } => self.items(items),
            Item::Group {
                clip: Some(area),
                items,
                ..
            } => {
                let outer = self.clip.take();
                self.clip = self.mask(*area, outer.as_ref());
                self.items(items);
                self.clip = outer;
            }
            Item::Dots {
                at,
                colors,
                radius,
                shape,
            } => {
                for (i, p) in at.iter().enumerate() {
                    let color = colors.get(i).or(colors.first()).copied().unwrap_or_default();
                    self.dot(*p, *radius, *shape, color);
                }
            }
            Item::Line { points, pen } => {
                if let Some(path) = path_of(points, false) {
                    self.stroke(&path, *pen);
                }
            }
            Item::Fill { corners, color } => {
                if let Some(path) = path_of(corners, true) {
                    self.fill(&path, *color);
                }
            }
            Item::Box { area, fill, pen } => {
                let Some(rect) = rect(*area) else { return };
                let path = PathBuilder::from_rect(rect);
                if let Some(color) = fill {
                    self.fill(&path, *color);
                }
                if let Some(pen) = pen {
                    self.stroke(&path, *pen);
                }
            }
            Item::Ramp { area, colors } => self.ramp(*area, colors),
            Item::Map { area, columns, pixels } => self.map(*area, *columns, pixels),
            Item::Text(text) => self.text(text),
        }
    }

    /// The part of the page within `area` and within the clip that already holds.
    fn mask(&self, area: Area, outer: Option<&Mask>) -> Option<Mask> {
        let mut mask = if let Some(outer) = outer {
            outer.clone()
        } else {
            let mut all = Mask::new(self.pixmap.width(), self.pixmap.height())?;
            all.data_mut().fill(255);
            all
        };
        let path = rect(area).map(PathBuilder::from_rect)?;
        mask.intersect_path(&path, FillRule::Winding, false, self.matrix());
        Some(mask)
    }

    fn fill(&mut self, path: &Path, color: Rgba) {
        let matrix = self.matrix();
        self.pixmap
            .fill_path(path, &paint(color), FillRule::Winding, matrix, self.clip.as_ref());
    }

    fn stroke(&mut self, path: &Path, pen: Pen) {
        let matrix = self.matrix();
        self.pixmap
            .stroke_path(path, &paint(pen.color), &stroke_of(pen), matrix, self.clip.as_ref());
    }

    fn dot(&mut self, at: [f32; 2], radius: f32, shape: Shape, color: Rgba) {
        match shape {
            Shape::Disk => {
                if let Some(path) = PathBuilder::from_circle(at[0], at[1], radius) {
                    self.fill(&path, color);
                }
            }
            Shape::Ring => {
                let width = ring_width(radius);
                if let Some(path) = PathBuilder::from_circle(at[0], at[1], radius - 0.5 * width) {
                    self.stroke(&path, Pen::solid(color, width));
                }
            }
            Shape::Square => {
                let half = SQUARE * radius;
                let area = Area::of(at[0] - half, at[1] - half, at[0] + half, at[1] + half);
                if let Some(rect) = rect(area) {
                    self.fill(&PathBuilder::from_rect(rect), color);
                }
            }
        }
    }

    fn ramp(&mut self, area: Area, colors: &[Rgba]) {
        let n = colors.len();
        let stop = |(i, c): (usize, &Rgba)| GradientStop::new(i as f32 / (n.max(2) - 1) as f32, skia(*c));
        let stops = colors.iter().enumerate().map(stop).collect();
        let [left, right] = [area.min[0], area.max[0]].map(|x| Point::from_xy(x, area.min[1]));
        let gradient = LinearGradient::new(left, right, stops, SpreadMode::Pad, Matrix::identity());
        let Some((shader, bar)) = gradient.zip(rect(area)) else {
            return;
        };
        let paint = Paint {
            shader,
            ..Paint::default()
        };
        let matrix = self.matrix();
        self.pixmap.fill_rect(bar, &paint, matrix, self.clip.as_ref());
    }

    fn map(&mut self, area: Area, columns: usize, pixels: &[Rgba]) {
        let rows = pixels.len() / columns.max(1);
        let Some(mut map) = Pixmap::new(columns as u32, rows as u32) else {
            return;
        };
        for (pixel, c) in map.pixels_mut().iter_mut().zip(pixels) {
            *pixel = skia(*c).premultiply().to_color_u8();
        }
        let [x0, y0] = [0, 1].map(|i| area.min[i] * self.scale[i]);
        let [x1, y1] = [0, 1].map(|i| area.max[i] * self.scale[i]);
        let matrix = Matrix::from_row((x1 - x0) / columns as f32, 0.0, 0.0, (y1 - y0) / rows as f32, x0, y0);
        let paint = PixmapPaint {
            quality: FilterQuality::Bilinear,
            ..PixmapPaint::default()
        };
        self.pixmap
            .draw_pixmap(0, 0, map.as_ref(), &paint, matrix, self.clip.as_ref());
    }

    fn text(&mut self, text: &Text) {
        let Some(font) = letters::font(text.strong) else {
            return;
        };
        let [sx, sy] = self.scale;
        let scaled = font.as_scaled(letters::px_scale(font, text.size * sy));
        let wide = letters::width(&text.text, text.size, text.strong);
        let left = text.at[0]
            - match text.anchor {
                Anchor::Left => 0.0,
                Anchor::Middle => 0.5 * wide,
                Anchor::Right => wide,
            };
        // letters sit on whole pixels or their feet blur
        let baseline = ((text.at[1] + letters::HALF_CAPITAL * text.size) * sy).round();
        let mut x = left * sx;
        for c in text.text.chars() {
            let id = scaled.glyph_id(c);
            let glyph = id.with_scale_and_position(scaled.scale(), point(x, baseline));
            if let Some(outline) = font.outline_glyph(glyph) {
                let corner = outline.px_bounds().min;
                outline.draw(|dx, dy, coverage| {
                    let at = [corner.x as i32 + dx as i32, corner.y as i32 + dy as i32];
                    self.blend(at, text.color, coverage);
                });
            }
            x += scaled.h_advance(id);
        }
    }

    fn blend(&mut self, [x, y]: [i32; 2], color: Rgba, coverage: f32) {
        let (width, height) = (self.pixmap.width() as i32, self.pixmap.height() as i32);
        if x < 0 || y < 0 || x >= width || y >= height {
            return;
        }
        let place = y as usize * width as usize + x as usize;
        let kept = self
            .clip
            .as_ref()
            .map_or(1.0, |mask| f32::from(mask.data()[place]) / 255.0);
        let alpha = coverage.clamp(0.0, 1.0) * kept * f32::from(color[3]) / 255.0;
        let pixel = &mut self.pixmap.data_mut()[4 * place..4 * place + 4];
        for (p, c) in pixel.iter_mut().zip([color[0], color[1], color[2], 255]) {
            *p = (f32::from(*p) + alpha * (f32::from(c) - f32::from(*p))).round() as u8;
        }
    }
}
