//! The anatomy of a step on a stage: a press of the primary button picks the particle that is nearest at the flow time; what its
//! sampler does there is drawn by `picture/anatomy.rs`, the words here, where letters have a size. The table is the lens
//! panel's (`panels/anatomy.rs`).

use std::sync::Arc;

use eframe::egui::{self, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use super::pointer::StageFrame;
use crate::app::App;
use crate::app::paint::color32;
use crate::app::theme::{self, text};
use crate::engine::anatomy::Dissected;
use crate::engine::snapshot::StageSnapshot;
use crate::picture::anatomy::{close_up, heading, local_error, placed, rows, words};
use crate::picture::{Bounds, color};

/// Plots narrower than this have smaller letters.
const WIDE: f32 = 520.0;

/// What is taken apart on a stage; None where the layer is off, or nothing is there yet.
pub fn of(app: &App, index: usize, shot: &StageSnapshot) -> Option<Arc<Dissected>> {
    let layers = app.lab.stages.get(index)?.layers;
    shot.anatomy.clone().filter(|_| layers.anatomy)
}

/// Where the stages look when they look closely: at the step of each, of linked ones at the steps of all.
pub fn looks_at(app: &App, index: usize) -> Option<[f32; 4]> {
    if !app.screen.stages.close_up {
        return None;
    }
    let of = |i: usize| of(app, i, &app.shot(i)).and_then(|made| close_up(&made, app.clock.t));
    let linked = app.lab.compare.on && app.lab.compare.link_view;
    let bounds = if linked {
        app.lab.shown().filter_map(of).reduce(Bounds::union)
    } else {
        of(index)
    };
    bounds.map(|b| [b.min[0], b.min[1], b.max[0], b.max[1]])
}

/// The primary button picks the particle that is nearest at the flow time.
pub fn touch(app: &mut App, ui: &Ui, frame: &StageFrame, shot: &StageSnapshot) {
    let response = &frame.response;
    if response.clicked()
        && let Some(at) = response.interact_pointer_pos()
    {
        let place = frame.data_at(at);
        let off = |p: &[f32; 2]| (p[0] - place[0]).powi(2) + (p[1] - place[1]).powi(2);
        let now = shot.trajectories.at(app.clock.t);
        let near = now.iter().enumerate().min_by(|a, b| off(a.1).total_cmp(&off(b.1)));
        if let Some((particle, _)) = near {
            app.lab.anatomy.particle = particle as u32;
            ui.ctx().request_repaint();
        }
    }
    if response.hovered() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::Crosshair);
    }
}

/// The words, each beside its point.
pub fn paint(ui: &Ui, frame: &StageFrame, made: &Dissected, t: f64, surface: color::Theme) {
    let colors = theme::current(ui);
    let painter = ui.painter_at(frame.rect);
    let wide = frame.rect.width() >= WIDE;
    let size = if wide { text::HEADING } else { text::BODY };
    let screen = &frame.screen_from_data;
    let seen = frame.rect.shrink(4.0);
    let said = words(made, t, surface, screen.scale[0].abs())
        .into_iter()
        .filter(|word| {
            let [x, y] = screen.apply(word.at);
            seen.contains(pos2(x, y))
        })
        .collect();
    for ([x, y], word) in placed(said, screen, size) {
        let galley = painter.layout_no_wrap(word.text, FontId::proportional(size), color32(word.color));
        let rect = Rect::from_center_size(pos2(x, y), galley.size());
        // the whole word, also beside an edge
        let inside = rect.translate(vec2(
            (seen.left() - rect.left()).max(0.0) - (rect.right() - seen.right()).max(0.0),
            (seen.top() - rect.top()).max(0.0) - (rect.bottom() - seen.bottom()).max(0.0),
        ));
        painter.rect_filled(inside.expand2(vec2(4.0, 0.0)), 4.0, colors.stage.gamma_multiply(0.8));
        painter.galley(inside.min, galley, color32(word.color));
    }
    speak(ui, frame, made, t);
}

/// The same for those who do not see it.
fn speak(ui: &Ui, frame: &StageFrame, made: &Dissected, t: f64) {
    let mut words = vec![t!("anatomy.spoken", heading = heading(made, t)).into_owned()];
    words.extend(rows(made, t).iter().map(|r| format!("{}: {}", r.name, r.what)));
    words.push(local_error(made, t));
    let spoken = words.join("; ");
    let corner = Rect::from_min_size(frame.rect.right_bottom() - vec2(1.0, 1.0), vec2(1.0, 1.0));
    let id = ui.scope_id().with(("anatomy", frame.index));
    ui.interact(corner, id, Sense::hover())
        .widget_info(|| WidgetInfo::labeled(Role::Label, true, &spoken));
}
