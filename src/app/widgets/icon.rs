//! Icon buttons, drawn as shapes: sharp at every zoom, the same on every platform.

use std::f32::consts::TAU;

use eframe::egui::{self, Color32, Pos2, Rect, Response, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

use crate::app::theme;

/// What is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// A triangle.
    Play,
    /// Two bars.
    Pause,
    /// A bar and a triangle: one step.
    Step,
    /// An arrow in a circle: begin again.
    Reset,
    /// Two bent arrows.
    Loop,
    /// Half a disk: the other theme.
    Theme,
    /// Two rails with handles: settings.
    Settings,
    /// A frame with corners: the whole view.
    Frame,
}

/// A square button with an icon. `name` is what screen readers say; `on` shows it pressed.
pub fn icon_button(ui: &mut Ui, icon: Icon, name: &str, on: bool) -> Response {
    let size = Vec2::splat(theme::ICON_SIZE);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), on, name));
    if ui.is_rect_visible(rect) {
        let colors = theme::current(ui);
        let visuals = ui.style().interact(&response);
        let fill = if on { colors.accent } else { visuals.weak_bg_fill };
        let ink = if on { colors.on_accent } else { colors.text };
        ui.painter().rect(
            rect,
            f32::from(theme::RADIUS),
            fill,
            visuals.bg_stroke,
            egui::StrokeKind::Inside,
        );
        paint(ui.painter(), icon, rect.shrink(theme::ICON_SIZE * 0.26), ink, fill);
    }
    response
}

/// Paints an icon into a square.
pub fn paint(painter: &egui::Painter, icon: Icon, r: Rect, ink: Color32, behind: Color32) {
    let thick = Stroke::new(2.0, ink);
    match icon {
        Icon::Play => {
            painter.add(triangle(
                r.left_top() + vec2(1.5, 0.0),
                pos2(r.right() + 1.0, r.center().y),
                r.left_bottom() + vec2(1.5, 0.0),
                ink,
            ));
        }
        Icon::Pause => {
            for x in [r.left() + r.width() * 0.22, r.left() + r.width() * 0.78] {
                let bar = Rect::from_center_size(pos2(x, r.center().y), vec2(r.width() * 0.28, r.height()));
                painter.rect_filled(bar, 1.0, ink);
            }
        }
        Icon::Step => {
            let bar = Rect::from_min_size(pos2(r.right() - 2.5, r.top()), vec2(3.0, r.height()));
            painter.rect_filled(bar, 1.0, ink);
            painter.add(triangle(
                r.left_top(),
                pos2(r.right() - 3.5, r.center().y),
                r.left_bottom(),
                ink,
            ));
        }
        Icon::Reset => {
            arc(painter, r, 0.14, 0.92, thick);
            let tip = at(r, 0.14);
            painter.add(triangle(
                tip + vec2(-4.5, -3.5),
                tip + vec2(4.0, -3.5),
                tip + vec2(0.5, 4.5),
                ink,
            ));
        }
        Icon::Loop => {
            let body = Rect::from_center_size(r.center(), vec2(r.width() + 2.0, r.height() * 0.62));
            painter.rect_stroke(body, 5.0, thick, egui::StrokeKind::Middle);
            for (center, way) in [(body.center_top(), 1.0), (body.center_bottom(), -1.0)] {
                painter.rect_filled(Rect::from_center_size(center, vec2(9.0, 4.0)), 0.0, behind);
                let tip = center + vec2(4.5 * way, 0.0);
                painter.add(triangle(
                    tip + vec2(-6.5 * way, -4.5),
                    tip,
                    tip + vec2(-6.5 * way, 4.5),
                    ink,
                ));
            }
        }
        Icon::Theme => {
            painter.circle_stroke(r.center(), r.width() * 0.5, thick);
            let half: Vec<Pos2> = (0..=24)
                .map(|i| r.center() + Vec2::angled(-TAU / 4.0 + TAU / 2.0 * i as f32 / 24.0) * r.width() * 0.5)
                .collect();
            painter.add(Shape::convex_polygon(half, ink, Stroke::NONE));
        }
        Icon::Settings => {
            for (y, x) in [(0.0, 0.72), (0.5, 0.25), (1.0, 0.6)] {
                let y = r.top() + r.height() * y;
                painter.hline(r.x_range(), y, Stroke::new(1.6, ink));
                let handle = pos2(r.left() + r.width() * x, y);
                painter.circle(handle, 2.4, behind, Stroke::new(1.6, ink));
            }
        }
        Icon::Frame => {
            for (corner, dx, dy) in [
                (r.left_top(), 1.0, 1.0),
                (r.right_top(), -1.0, 1.0),
                (r.left_bottom(), 1.0, -1.0),
                (r.right_bottom(), -1.0, -1.0),
            ] {
                let arm = r.width() * 0.34;
                painter.line_segment([corner, corner + vec2(dx * arm, 0.0)], thick);
                painter.line_segment([corner, corner + vec2(0.0, dy * arm)], thick);
            }
            painter.circle_filled(r.center(), 2.2, ink);
        }
    }
}

fn triangle(a: Pos2, b: Pos2, c: Pos2, ink: Color32) -> Shape {
    Shape::convex_polygon(vec![a, b, c], ink, Stroke::NONE)
}

/// A point on the circle in `r`, `turn` in [0, 1] clockwise from the right.
fn at(r: Rect, turn: f32) -> Pos2 {
    r.center() + Vec2::angled(turn * TAU - TAU / 6.0) * r.width() * 0.5
}

fn arc(painter: &egui::Painter, r: Rect, from: f32, to: f32, stroke: Stroke) {
    let points = (0..=32).map(|i| at(r, from + (to - from) * i as f32 / 32.0)).collect();
    painter.add(Shape::line(points, stroke));
}
