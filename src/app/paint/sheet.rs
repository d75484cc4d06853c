//! Draws a [`Sheet`], the page that a figure becomes for a file, in the window: so every figure can also be seen there, with
//! the same layout.

use eframe::egui::{
    Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, RichText, Shape as Form, Stroke, StrokeKind, Ui, pos2,
    vec2,
};

use super::color32;
use crate::app::theme;
use crate::export::sheet::{Anchor, Area, Item, Pen, SQUARE, Sheet, Text, ring_width};
use crate::picture::Shape;

/// Draws the sheet with its upper left corner at `corner`; one unit of the page is one point. Maps (of planes) are drawn as
/// cells, without smoothing.
pub fn paint_sheet(ui: &Ui, corner: Pos2, sheet: &Sheet) {
    let rect = Rect::from_min_size(corner, vec2(sheet.size[0], sheet.size[1]));
    let page = Page {
        ui,
        painter: ui.painter_at(rect),
        corner,
    };
    if let Some(ground) = sheet.ground {
        page.painter.rect_filled(rect, 0.0, color32(ground));
    }
    page.items(&sheet.items);
}

struct Page<'a> {
    ui: &'a Ui,
    painter: Painter,
    corner: Pos2,
}

impl Page<'_> {
    fn place(&self, at: [f32; 2]) -> Pos2 {
        pos2(self.corner.x + at[0], self.corner.y + at[1])
    }

    fn rect(&self, area: &Area) -> Rect {
        Rect::from_min_max(self.place(area.min), self.place(area.max))
    }

    fn items(&self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&self, item: &Item) {
        match item {
            Item::Group { clip, items, .. } => {
                let inner = Page {
                    ui: self.ui,
                    painter: match clip {
                        Some(area) => self
                            .painter
                            .with_clip_rect(self.rect(area).intersect(self.painter.clip_rect())),
                        None => self.painter.clone(),
                    },
                    corner: self.corner,
                };
                inner.items(items);
            }
            Item::Dots {
                at,
                colors,
                radius,
                shape,
            } => {
                for (i, p) in at.iter().enumerate() {
                    let color = colors.get(i).or(colors.first()).copied().unwrap_or_default();
                    self.dot(self.place(*p), *radius, *shape, color32(color));
                }
            }
            Item::Line { points, pen } => self.line(points.iter().map(|p| self.place(*p)).collect(), pen),
            Item::Fill { corners, color } => {
                let corners = corners.iter().map(|p| self.place(*p)).collect();
                self.painter
                    .add(Form::convex_polygon(corners, color32(*color), Stroke::NONE));
            }
            Item::Box { area, fill, pen } => {
                let rect = self.rect(area);
                if let Some(color) = fill {
                    self.painter.rect_filled(rect, 0.0, color32(*color));
                }
                if let Some(pen) = pen {
                    self.painter
                        .rect_stroke(rect, CornerRadius::ZERO, stroke(pen), StrokeKind::Middle);
                }
            }
            Item::Ramp { area, colors } => self.cells(area, colors.len(), colors),
            Item::Map { area, columns, pixels } => self.cells(area, *columns, pixels),
            Item::Text(text) => self.text(text),
        }
    }

    fn line(&self, points: Vec<Pos2>, pen: &Pen) {
        match pen.dash {
            Some([dash, gap]) => {
                self.painter.extend(Form::dashed_line(&points, stroke(pen), dash, gap));
            }
            None => _ = self.painter.add(Form::line(points, stroke(pen))),
        }
    }

    fn dot(&self, at: Pos2, radius: f32, shape: Shape, color: Color32) {
        match shape {
            Shape::Disk => _ = self.painter.circle_filled(at, radius, color),
            Shape::Ring => {
                let width = ring_width(radius);
                self.painter
                    .circle_stroke(at, radius - 0.5 * width, Stroke::new(width, color));
            }
            Shape::Square => {
                let side = 2.0 * SQUARE * radius;
                self.painter
                    .rect_filled(Rect::from_center_size(at, vec2(side, side)), 0.0, color);
            }
        }
    }

    /// Cells of color, row by row from the top.
    fn cells(&self, area: &Area, columns: usize, colors: &[crate::picture::Rgba]) {
        let rows = colors.len().div_ceil(columns.max(1)).max(1);
        let whole = self.rect(area);
        let size = vec2(whole.width() / columns.max(1) as f32, whole.height() / rows as f32);
        for (i, color) in colors.iter().enumerate() {
            let (row, column) = ((i / columns.max(1)) as f32, (i % columns.max(1)) as f32);
            let corner = whole.min + vec2(column * size.x, row * size.y);
            self.painter
                .rect_filled(Rect::from_min_size(corner, size), 0.0, color32(*color));
        }
    }

    fn text(&self, text: &Text) {
        let anchor = match text.anchor {
            Anchor::Left => Align2::LEFT_CENTER,
            Anchor::Middle => Align2::CENTER_CENTER,
            Anchor::Right => Align2::RIGHT_CENTER,
        };
        let color = color32(text.color);
        let words = if text.strong {
            theme::strong(text.text.as_str())
        } else {
            RichText::new(text.text.as_str())
        };
        let font = FontId::proportional(text.size);
        let galley = eframe::egui::WidgetText::from(words.font(font.clone()).color(color)).into_galley(
            self.ui,
            Some(eframe::egui::TextWrapMode::Extend),
            f32::INFINITY,
            font,
        );
        let rect = anchor.anchor_size(self.place(text.at), galley.size());
        self.painter.galley(rect.min, galley, color);
    }
}

fn stroke(pen: &Pen) -> Stroke {
    Stroke::new(pen.width, color32(pen.color))
}
