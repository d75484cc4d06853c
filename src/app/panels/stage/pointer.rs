//! What the pointer does on a stage: a press gives it the focus, a drag pans, a wheel or a pinch zooms, a double click shows
//! everything, and the place under it is told. A tool (the probe, drawing) takes the primary button; the view is then moved with
//! the secondary or the middle one, which pan at any time. Further tools get the same [`StageFrame`].

use eframe::egui::{Align2, FontId, PointerButton, Pos2, Rect, Response, Ui, vec2};

use super::view::View;
use super::{anatomy, draw, label, probe};
use crate::app::App;
use crate::app::theme::{self, text};
use crate::engine::snapshot::StageSnapshot;
use crate::picture::Transform;
use crate::picture::words::name_of;

/// How much a point of scrolling zooms, logarithmic.
const ZOOM_PER_POINT: f32 = 0.004;

/// One stage as it lies on screen in this frame.
pub struct StageFrame {
    /// Which stage of the lab.
    pub index: usize,
    /// Where its plot is, axes' numbers excluded.
    pub rect: Rect,
    /// From data units to points of the screen.
    pub screen_from_data: Transform,
    /// What the pointer did on it.
    pub response: Response,
}

impl StageFrame {
    /// The data units under a place of the screen.
    pub fn data_at(&self, at: Pos2) -> [f32; 2] {
        self.screen_from_data.invert([at.x, at.y])
    }

    /// The data units under the pointer, where it hovers over this stage.
    pub fn hovered_at(&self) -> Option<[f32; 2]> {
        self.response.hover_pos().map(|at| self.data_at(at))
    }
}

/// Everything that the pointer does here, after the stage has been drawn.
pub fn ui(app: &mut App, ui: &Ui, frame: &StageFrame, shot: &StageSnapshot) {
    let response = &frame.response;
    if response.clicked() || response.drag_started() {
        app.focus_stage(frame.index);
    }
    let has_probe = app.lab.stages[frame.index].layers.probe;
    if has_probe && app.draws_on(frame.index) {
        // of two tools the one that was taken up last: drawing puts the probe away
        app.end_drawing();
    }
    let draws = app.draws_on(frame.index);
    if draws {
        draw::touch(app, ui, frame, shot);
    } else if has_probe {
        probe::touch(app, ui, frame);
    } else if app.lab.stages[frame.index].layers.anatomy {
        // a drag moves the view all the same
        anatomy::touch(app, ui, frame, shot);
    }
    look_around(app, ui, frame, draws || has_probe);
    readout(app, ui, frame);
}

/// Pan, zoom, and back. `busy`: a tool has the primary button.
fn look_around(app: &mut App, ui: &Ui, frame: &StageFrame, busy: bool) {
    let response = &frame.response;
    let seen = View::of(&frame.screen_from_data, frame.rect.center());
    let mut next = seen;
    let held = |button| response.dragged_by(button);
    if held(PointerButton::Secondary) || held(PointerButton::Middle) || (held(PointerButton::Primary) && !busy) {
        next = next.dragged(response.drag_delta());
    }
    if let Some(at) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|i| (i.smooth_scroll_delta.y, i.zoom_delta()));
        let factor = f64::from((scroll * ZOOM_PER_POINT).exp() * pinch);
        if scroll != 0.0 || pinch != 1.0 {
            next = next.zoomed(factor, at - frame.rect.center());
        }
    }
    let linked = app.lab.compare.link_view;
    if next != seen {
        app.screen.stages.look(frame.index, linked, next);
        ui.ctx().request_repaint();
    }
    if response.double_clicked() && !busy {
        app.screen.stages.reset();
        ui.ctx().request_repaint();
    }
}

/// The place under the pointer, in data units, and the value of the map there.
fn readout(app: &App, ui: &Ui, frame: &StageFrame) {
    let Some([x, y]) = frame.hovered_at() else { return };
    let mut words = format!("x = {x:.2}   y = {y:.2}");
    let shown = app.lab.stages.get(frame.index).map(|s| s.layers.map);
    let map = app.shot(frame.index).map.filter(|m| Some(m.map) == shown);
    if let Some(value) = map.as_ref().and_then(|m| m.value_at([x, y])) {
        let name = map.map_or("", |m| m.map.name());
        words = format!("{words}   {} {value:.3}", name_of("map", name));
    }
    let words = words.replace('-', "\u{2212}");
    let place = frame.rect.left_bottom() + vec2(14.0, -12.0);
    let colors = theme::current(ui);
    let font = FontId::proportional(text::BODY);
    label(
        &ui.painter_at(frame.rect),
        place,
        Align2::LEFT_BOTTOM,
        words,
        font,
        colors,
    );
}
