//! A distribution as a small picture of its points.

use std::collections::HashMap;
use std::sync::Arc;

use eframe::egui::{self, Color32, Rect, Response, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2};

use crate::app::theme;
use crate::flow::distribution::Distribution;
use crate::flow::random::Stream;

/// Points drawn in a thumbnail.
const COUNT: usize = 420;

/// Points of distributions, drawn once each.
#[derive(Default)]
pub struct Thumbnails {
    points: HashMap<String, Arc<Vec<[f32; 2]>>>,
}

impl Thumbnails {
    /// Points of a distribution.
    pub fn points(&mut self, distribution: &Distribution) -> Arc<Vec<[f32; 2]>> {
        let key = key_of(distribution);
        if self.points.len() > 200 {
            self.points.clear();
        }
        Arc::clone(self.points.entry(key).or_insert_with(|| Arc::new(sample(distribution))))
    }
}

/// The points that a thumbnail shows: always the same ones of a distribution; none where its parameters make no sense.
fn sample(distribution: &Distribution) -> Vec<[f32; 2]> {
    if distribution.validate().is_err() {
        return Vec::new();
    }
    distribution.samples(0, Stream::Shown, COUNT)
}

/// The key under which a distribution's points are kept: its settings.
fn key_of(distribution: &Distribution) -> String {
    serde_json::to_string(distribution).unwrap_or_default()
}

/// Fits points into `rect` with equal scales and paints them as dots.
pub fn paint_points(painter: &egui::Painter, rect: Rect, points: &[[f32; 2]], color: Color32, radius: f32) {
    let Some((center, half)) = frame(points) else { return };
    let scale = 0.5 * rect.width().min(rect.height()) / half;
    let painter = painter.with_clip_rect(rect);
    for p in points {
        let at = pos2(
            rect.center().x + (p[0] - center[0]) * scale,
            rect.center().y - (p[1] - center[1]) * scale,
        );
        painter.circle_filled(at, radius, color);
    }
}

/// Center and half width of a square around nearly all points: a few far ones do not shrink the picture.
fn frame(points: &[[f32; 2]]) -> Option<([f32; 2], f32)> {
    let mut center = [0.0; 2];
    let mut half = 0.0_f32;
    for axis in 0..2 {
        let mut sorted: Vec<f32> = points.iter().map(|p| p[axis]).filter(|x| x.is_finite()).collect();
        if sorted.is_empty() {
            return None;
        }
        sorted.sort_by(f32::total_cmp);
        let cut = sorted.len() / 100;
        let (low, high) = (sorted[cut], sorted[sorted.len() - 1 - cut]);
        center[axis] = 0.5 * (low + high);
        half = half.max(0.5 * (high - low));
    }
    Some((center, (half * 1.16).max(1e-6)))
}

/// A pressable picture of points with a caption.
pub fn thumbnail(
    ui: &mut Ui,
    size: Vec2,
    points: &[[f32; 2]],
    color: Color32,
    caption: &str,
    selected: bool,
    spoken: &str,
) -> Response {
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, ui.is_enabled(), selected, spoken));
    if !ui.is_rect_visible(rect) {
        return response;
    }
    let colors = theme::current(ui);
    let caption_height = if caption.is_empty() { 0.0 } else { 20.0 };
    let stroke = if selected {
        Stroke::new(2.0, colors.accent)
    } else if response.hovered() || response.has_focus() {
        Stroke::new(1.5, colors.accent)
    } else {
        Stroke::new(1.0, colors.line)
    };
    ui.painter().rect(
        rect,
        f32::from(theme::RADIUS),
        colors.stage,
        stroke,
        egui::StrokeKind::Inside,
    );
    let mut picture = rect.shrink(4.0);
    picture.max.y -= caption_height;
    paint_points(ui.painter(), picture, points, color.gamma_multiply(0.8), 1.15);
    if caption_height > 0.0 {
        let font = egui::FontId::proportional(theme::text::SMALL);
        let mut job = egui::text::LayoutJob::simple_singleline(caption.to_owned(), font, colors.text);
        job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width() - 10.0);
        let galley = ui.painter().layout_job(job);
        let at = pos2(
            rect.center().x - galley.size().x / 2.0,
            rect.bottom() - caption_height - 1.0,
        );
        ui.painter().galley(at, galley, colors.text);
    }
    response
}
