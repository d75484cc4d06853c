//! The straightening view, in the place of the stages: what each round of reflow gains and costs, from the measures as they
//! come. It is the figure that `rectiflow render --view straightening` draws.

use std::sync::Arc;

use eframe::egui::{Align, Button, Layout, Rect, Role, Ui, UiBuilder, Vec2, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use crate::app::App;
use crate::app::paint::paint_sheet;
use crate::app::theme::{self, text};
use crate::app::ui_command::UiCommand;
use crate::app::widgets::number::name_it;
use crate::engine::measures::Measures;
use crate::export::layout;
use crate::export::sheet::Sheet;
use crate::lab::{FigureOptions, FigureSize, FigureTheme};
use crate::picture::color;
use crate::picture::straightening::{Member, line_of, straightening};

/// Height of its title.
const HEAD: f32 = 38.0;
/// Runs that have room.
const MOST_RUNS: usize = 8;

/// A run on the board: what it is called, its round, what was measured.
#[derive(Clone)]
struct Told {
    tag: String,
    round: Option<u32>,
    measures: Arc<Measures>,
}

impl PartialEq for Told {
    fn eq(&self, other: &Self) -> bool {
        self.tag == other.tag && self.round == other.round && Arc::ptr_eq(&self.measures, &other.measures)
    }
}

/// What the board keeps between frames.
#[derive(Default)]
pub struct Board {
    /// Whether it stands where the stages are.
    pub open: bool,
    /// The page that was laid out last, and of what.
    page: Option<(Vec<Told>, Vec2, bool, Sheet)>,
}

fn told(app: &App) -> Vec<Told> {
    let runs = line_of(&app.lab, app.run_id());
    let of = |&run: &u32| Told {
        tag: app.lab.tag_of(run),
        round: (!app.lab.is_distilled(run)).then(|| app.lab.round_of(run)),
        measures: app.snapshot_of(run).measures,
    };
    runs.iter().take(MOST_RUNS).map(of).collect()
}

/// The whole view.
pub fn ui(app: &mut App, ui: &mut Ui) {
    let full = ui.available_rect_before_wrap();
    let head = Rect::from_min_max(full.min, pos2(full.right(), full.top() + HEAD));
    let room = Rect::from_min_max(pos2(full.left(), head.bottom()), full.max);
    head_ui(app, ui, head);
    let members = told(app);
    let dark = theme::current(ui).dark;
    let kept = app.screen.board.page.take();
    let page = match kept {
        Some(page) if page.0 == members && page.1 == room.size() && page.2 == dark => page,
        _ => {
            let sheet = sheet_of(&members, room.size(), dark);
            (members, room.size(), dark, sheet)
        }
    };
    paint_sheet(ui, room.min, &page.3);
    let response = ui.allocate_rect(full, eframe::egui::Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, spoken(&page.0)));
    app.screen.board.page = Some(page);
}

/// What is said of the view: the straightness of each round.
fn spoken(members: &[Told]) -> String {
    let said = members.iter().filter_map(|m| {
        let straightness = m.measures.budget.map(|b| b.bends).or(m.measures.straightness)?;
        Some(
            t!(
                "board.spoken_one",
                run = m.tag,
                value = crate::app::widgets::measured(straightness)
            )
            .into_owned(),
        )
    });
    t!("board.spoken", list = said.collect::<Vec<_>>().join(", ")).into_owned()
}

fn head_ui(app: &mut App, ui: &mut Ui, head: Rect) {
    let inner = head.shrink2(vec2(14.0, 4.0));
    let layout = Layout::left_to_right(Align::Center);
    let mut row = ui.new_child(UiBuilder::new().max_rect(inner).layout(layout).id_salt("board"));
    row.label(theme::strong(t!("board.title")).size(text::HEADING * 0.9));
    row.with_layout(Layout::right_to_left(Align::Center), |ui| {
        let ctx = ui.ctx().clone();
        let command = UiCommand::Straightening;
        let response = ui.add(Button::new(t!("board.close")));
        name_it(&response, &t!("board.close"));
        if response.on_hover_text(command.tooltip(&ctx)).clicked() {
            app.run_command(&ctx, &command);
        }
    });
}

fn sheet_of(members: &[Told], size: Vec2, dark: bool) -> Sheet {
    let known: Vec<Member> = members
        .iter()
        .map(|m| Member {
            tag: &m.tag,
            round: m.round,
            measures: &m.measures,
        })
        .collect();
    let (colors, theme) = if dark {
        (color::Theme::Dark, FigureTheme::Dark)
    } else {
        (color::Theme::Light, FigureTheme::Light)
    };
    let options = FigureOptions {
        size: Some(FigureSize::px(f64::from(size.x), f64::from(size.y))),
        theme,
        transparent: true,
        ..FigureOptions::default()
    };
    layout::sheet(&straightening(&known, colors), &options)
}
