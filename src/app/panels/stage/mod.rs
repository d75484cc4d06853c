//! The stages: one fills the room, or two to four share it. Beneath them the switches of the layers.
//!
//! A stage is its title ([`title`], under Compare) and its plot ([`plot`]); [`view`] is where it looks, [`pointer`] what the
//! pointer does on it, [`grid`] how several share the room.

mod anatomy;
mod draw;
mod grid;
mod marginals;
mod plot;
pub mod pointer;
mod probe;
mod switches;
mod title;
mod view;

use eframe::egui::{self, Align2, FontId, Rect, Stroke, StrokeKind, Ui, pos2, vec2};
use eframe::egui_wgpu::RenderState;

use crate::app::App;
use crate::app::paint::PicturePainter;
use crate::app::theme;
use crate::lab::{Arrangement, MOST_STAGES};
use crate::picture::stage::StageCache;
pub use marginals::shown as compares_marginals;
use plot::surface;
pub use switches::LAYERS;
use view::View;

/// What each stage keeps from frame to frame and is no part of the document.
struct StageView {
    cache: StageCache,
    painter: PicturePainter,
    inset: InsetView,
    probe: probe::ProbeView,
    /// Set where the user has moved the view; it no longer follows the data.
    view: Option<View>,
    /// The size of its plot in the last frame.
    size: egui::Vec2,
}

/// The same for its inset.
struct InsetView {
    cache: StageCache,
    painter: PicturePainter,
}

/// All of them, by the stage's index; those beyond the lab's stages rest.
pub struct StageViews {
    each: Vec<StageView>,
    /// Where linked stages look, where the user has moved them.
    linked: Option<View>,
    /// Whether those that take a step apart look closely at it.
    pub(in crate::app) close_up: bool,
}

impl StageViews {
    /// For up to [`MOST_STAGES`].
    pub fn new(renderer: Option<&RenderState>) -> Self {
        let one = || StageView {
            cache: StageCache::default(),
            painter: PicturePainter::new(renderer),
            inset: InsetView {
                cache: StageCache::default(),
                painter: PicturePainter::new(None),
            },
            probe: probe::ProbeView::default(),
            view: None,
            size: egui::Vec2::ZERO,
        };
        Self {
            each: (0..MOST_STAGES).map(|_| one()).collect(),
            linked: None,
            close_up: false,
        }
    }

    /// Shows everything again, on all stages.
    pub fn reset(&mut self) {
        self.linked = None;
        self.close_up = false;
        for stage in &mut self.each {
            stage.view = None;
        }
    }

    /// A stage, or all of them where they are linked, looks at another place.
    fn look(&mut self, index: usize, linked: bool, view: View) {
        self.close_up = false;
        if linked {
            self.linked = Some(view);
        } else if let Some(stage) = self.each.get_mut(index) {
            stage.view = Some(view);
        }
    }

    /// Linked or not any longer: all go on from where they looked together.
    pub fn unlink(&mut self) {
        for stage in &mut self.each {
            stage.view = self.linked;
        }
    }

    /// A stage was put at this index, those from there on moved up.
    pub fn inserted(&mut self, index: usize) {
        let tail = self.each.get_mut(index..);
        if let Some(tail) = tail {
            tail.rotate_right(1);
        }
    }

    /// The stage of this index was taken away.
    pub fn removed(&mut self, index: usize) {
        let tail = self.each.get_mut(index..);
        if let Some(tail) = tail {
            tail.rotate_left(1);
        }
    }

    /// Two stages changed places.
    pub fn swapped(&mut self, a: usize, b: usize) {
        if a < self.each.len() && b < self.each.len() {
            self.each.swap(a, b);
        }
    }
}

/// The stages and the switches.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let full = ui.available_rect_before_wrap();
    let height = switches::height(full.width());
    let strip = marginals::height(app, ui);
    let room = Rect::from_min_max(full.min, pos2(full.right(), full.bottom() - height - strip));
    let shown = app.lab.shown();
    let head = title::heights(app);
    let arrangement = app.lab.compare.arrangement;
    let columns = grid::columns(arrangement, shown.len(), room.size(), head.iter().sum());
    let cells = grid::cells(room, shown.len(), columns);
    let side_by_side = app.lab.compare.on && shown.len() > 1;
    let count = app.lab.stages.len();
    for (index, cell) in shown.zip(cells) {
        if app.lab.stages.len() != count {
            // one was closed in this frame: the rest lie elsewhere in the next
            ui.ctx().request_repaint();
            break;
        }
        let mut cell_ui = ui.new_child(egui::UiBuilder::new().max_rect(cell).id_salt(("stage", index)));
        cell_ui.set_clip_rect(cell.intersect(ui.clip_rect()));
        if side_by_side {
            stage_ui(app, &mut cell_ui, index, cell, head);
        } else {
            plot::ui(app, &mut cell_ui, index, cell);
        }
    }
    if strip > 0.0 {
        let under = Rect::from_min_max(
            pos2(full.left(), room.bottom()),
            pos2(full.right(), room.bottom() + strip),
        );
        marginals::ui(app, ui, under);
    }
    let row = Rect::from_min_max(pos2(full.left(), full.bottom() - height), full.max);
    switches::ui(app, ui, row);
    ui.advance_cursor_after_rect(full);
}

/// One stage among several: its frame, title, plot and foot.
fn stage_ui(app: &mut App, ui: &mut Ui, index: usize, cell: Rect, head: [f32; 2]) {
    let colors = theme::current(ui);
    let inner = cell.shrink(1.5);
    let plot = Rect::from_min_max(inner.min + vec2(0.0, head[0]), inner.max - vec2(0.0, head[1]));
    let top = Rect::from_min_max(inner.min, pos2(inner.right(), plot.top()));
    let foot = Rect::from_min_max(pos2(inner.left(), plot.bottom()), inner.max);
    let mut plot_ui = ui.new_child(egui::UiBuilder::new().max_rect(plot).id_salt("plot"));
    plot::ui(app, &mut plot_ui, index, plot);
    title::ui(app, ui, index, top, foot);
    // the frame of the focus is quiet, but the same color as everything else that is chosen
    let stroke = if app.lab.focus() == index {
        Stroke::new(1.5, colors.accent.gamma_multiply(0.75))
    } else {
        Stroke::new(1.0, colors.line.gamma_multiply(0.8))
    };
    ui.painter()
        .rect_stroke(cell.shrink(0.5), f32::from(theme::RADIUS), stroke, StrokeKind::Inside);
}

/// Words on a stage, on a ground of their own so that they are read over any layer.
fn label(painter: &egui::Painter, at: egui::Pos2, align: Align2, words: String, font: FontId, colors: &theme::Theme) {
    let galley = painter.layout_no_wrap(words, font, colors.text);
    let rect = align.anchor_size(at, galley.size());
    painter.rect_filled(rect.expand2(vec2(6.0, 2.0)), 4.0, colors.stage.gamma_multiply(0.82));
    painter.galley(rect.min, galley, colors.text);
}

/// The arrangements with their texts' keys.
pub const ARRANGEMENT_KEYS: [(Arrangement, &str); 4] = [
    (Arrangement::Auto, "stages.auto"),
    (Arrangement::Row, "stages.row"),
    (Arrangement::Column, "stages.column"),
    (Arrangement::Grid, "stages.grid"),
];
