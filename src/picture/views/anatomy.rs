//! One solver step of one particle laid open: its whole way, the step close up, and the step's table.

use rust_i18n::t;

use super::{Ask, BLANK, asked, carried_by, plane, stage_of, with};
use crate::engine::anatomy::Dissected;
use crate::lab::Layers;
use crate::picture::anatomy::{anatomy_legend, anatomy_marks, close_up, heading, local_error, placed, rows, words};
use crate::picture::figure::{Figure, Panel};
use crate::picture::studio::{Studio, StudioError, Watch};
use crate::picture::words::grouped;
use crate::picture::{Bounds, Mark, Picture, Transform};

/// A panel is about so many points of the screen across; letters are placed for that.
const ACROSS: f32 = 430.0;
/// Height of the letters.
const LETTERS: f32 = 17.0;

/// Three panels.
#[expect(clippy::unnecessary_wraps, reason = "all rows of the table are of one type")]
pub(super) fn step_anatomy(studio: &mut Studio, ask: &Ask, _watch: Watch) -> Result<Figure, StudioError> {
    let Some(run) = asked(studio, ask).cloned() else {
        return Ok(Figure {
            panels: vec![Panel::lacking(t!("figure.no_run"))],
            ..Figure::default()
        });
    };
    let layers = Layers {
        source: true,
        target: true,
        anatomy: true,
        ..BLANK
    };
    if let Some(particle) = ask.particle {
        studio.pick(particle);
    }
    let stage = with(&stage_of(studio, run.id), layers);
    let snapshot = studio.stage(&stage, ask.t);
    let Some(made) = snapshot.anatomy.clone().filter(|m| !m.found.steps.is_empty()) else {
        return Ok(Figure {
            panels: vec![Panel::lacking(t!("anatomy.no_steps"))],
            runs: vec![run.id],
            title: run.experiment.name,
            ..Figure::default()
        });
    };
    let mut whole = plane(&snapshot, &layers, ask.t, ask.theme);
    add(&mut whole, &made, ask, true);
    let mut close = Picture {
        bounds: close_up(&made, ask.t).unwrap_or(whole.bounds),
        ..Picture::default()
    };
    add(&mut close, &made, ask, false);
    close.legend.clear();
    let field = if made.exact {
        t!("study.exact")
    } else {
        t!("study.learned")
    };
    let who = t!(
        "anatomy.particle",
        particle = grouped(u64::from(made.particle)),
        of = grouped(u64::from(made.of))
    );
    let panels = vec![
        Panel::plane(whole).titled(t!("anatomy.whole"), format!("{who} · {} · {field}", carried_by(&stage))),
        Panel::plane(close).titled(heading(&made, ask.t), local_error(&made, ask.t)),
        Panel::plane(table(&made, ask)).titled(t!("anatomy.table"), t!("anatomy.symbols").into_owned()),
    ];
    Ok(Figure {
        panels,
        runs: vec![run.id],
        title: run.experiment.name,
        ..Figure::default()
    })
}

/// The step's marks and words on a picture; from afar it is only ringed, however large it is.
fn add(picture: &mut Picture, made: &Dissected, ask: &Ask, afar: bool) {
    let Bounds { min, max } = picture.bounds;
    let screen = Transform::fit(picture.bounds, [0.0, 0.0], [ACROSS, ACROSS]);
    let px_per_unit = if afar { 0.0 } else { screen.scale[0] };
    for (name, mark) in anatomy_marks(made, ask.t, ask.theme, picture.bounds, px_per_unit) {
        picture.add(name, mark);
    }
    let inside = |at: [f32; 2]| (0..2).all(|c| at[c] >= min[c] && at[c] <= max[c]);
    let said = words(made, ask.t, ask.theme, px_per_unit);
    let said = said.into_iter().filter(|w| inside(w.at)).collect();
    for (center, word) in placed(said, &screen, LETTERS) {
        let mark = Mark::Text {
            at: screen.invert(center),
            text: word.text,
            color: word.color,
            size_px: LETTERS,
        };
        picture.add("word", mark);
    }
    picture.legend.extend(anatomy_legend(made, ask.t, ask.theme));
}

/// The table as words on a plane of its own.
fn table(made: &Dissected, ask: &Ask) -> Picture {
    let rows = rows(made, ask.t);
    let palette = ask.theme.palette();
    let wrapped: usize = rows.iter().map(|r| broken(&r.what).len().max(1)).sum();
    let lines = wrapped.max(7) as f32 + 2.0;
    let mut picture = Picture {
        bounds: Bounds::of([0.0, 0.0, 100.0, 100.0]),
        ..Picture::default()
    };
    let mut write = |x: f32, line: f32, text: String, color| {
        let mark = Mark::Text {
            at: [x, 96.0 - line * (92.0 / lines)],
            text,
            color,
            size_px: LETTERS * 0.94,
        };
        picture.add("word", mark);
    };
    for (x, key) in COLUMNS {
        write(x, 0.0, t!(key).into_owned(), palette.text_quiet);
    }
    let mut line = 1.3;
    for row in rows {
        for ((x, _), text) in COLUMNS.into_iter().zip([row.name, row.t, row.evaluations]) {
            if !text.is_empty() {
                write(x, line, text, palette.text);
            }
        }
        for part in broken(&row.what) {
            write(COLUMNS[3].0, line, part, palette.text);
            line += 1.0;
        }
    }
    picture
}

/// A long update in lines, broken before a sign.
fn broken(what: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in what.split_inclusive(' ') {
        let is_sign = matches!(word.trim_end(), "+" | "\u{2212}");
        if is_sign && lines[lines.len() - 1].chars().count() > 17 {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(word);
        }
    }
    lines
}

/// The columns' middles and headings.
const COLUMNS: [(f32, &str); 4] = [
    (10.0, "anatomy.column_stage"),
    (29.0, "anatomy.column_t"),
    (42.0, "anatomy.column_evaluations_short"),
    (73.0, "anatomy.column_what"),
];
