//! Drawing pairs on a stage: a drag from a source point to a target point makes one, a drag of an end moves it, a click on one
//! chooses it. Ends snap to the points that are shown; the drawn pairs lie over everything else, each as an arrow.

use eframe::egui::{
    self, Align2, Color32, CursorIcon, Event, FontId, Key, Painter, PointerButton, Pos2, Rect, Role, Sense, Shape,
    Stroke, Ui, WidgetInfo, pos2, vec2,
};
use rust_i18n::t;

use super::label;
use super::pointer::StageFrame;
use crate::app::App;
use crate::app::drawing::{Grip, drawn};
use crate::app::theme::{self, text};
use crate::engine::snapshot::StageSnapshot;
use crate::flow::coupling::{HandPairs, PairF64};

/// An end snaps to a point of the cloud that is nearer than this, points of the screen.
const SNAP: f32 = 20.0;
/// The end of a drawn pair, and its line, are taken within these.
const END: f32 = 11.0;
const LINE: f32 = 7.0;
/// Shorter drags are clicks.
const SHORTEST: f32 = 12.0;
/// More drawn pairs than this (they came from a file) are drawn thinner.
const MANY: usize = 150;

/// Where the ends of a pair lie on screen.
fn ends(frame: &StageFrame, pair: &PairF64) -> [Pos2; 2] {
    [0, 2].map(|first| {
        let [x, y] = frame
            .screen_from_data
            .apply([pair[first] as f32, pair[first + 1] as f32]);
        pos2(x, y)
    })
}

/// The nearest point of a cloud, where it is near enough to snap to.
fn snapped(frame: &StageFrame, cloud: &[[f32; 2]], at: Pos2) -> Option<[f32; 2]> {
    let off = |p: &[f32; 2]| {
        let [x, y] = frame.screen_from_data.apply(*p);
        at.distance(pos2(x, y))
    };
    let near = cloud.iter().map(|p| (off(p), *p)).min_by(|a, b| a.0.total_cmp(&b.0));
    near.filter(|(off, _)| *off < SNAP).map(|(_, p)| p)
}

/// The data units of an end at a place: those of the point it snaps to, else of the place.
fn end_at(frame: &StageFrame, cloud: &[[f32; 2]], at: Pos2) -> [f64; 2] {
    let inside = at.clamp(frame.rect.min, frame.rect.max);
    snapped(frame, cloud, inside)
        .unwrap_or_else(|| frame.data_at(inside))
        .map(f64::from)
}

/// The drawn end under a place: which pair, which side. Later pairs lie on top.
fn end_under(frame: &StageFrame, hand: &HandPairs, at: Pos2) -> Option<(usize, usize)> {
    let all = hand.pairs.iter().enumerate().rev();
    let near = all.flat_map(|(i, pair)| {
        let ends = ends(frame, pair);
        [1, 0].map(|side| (at.distance(ends[side]), (i, side)))
    });
    near.filter(|(off, _)| *off < END)
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, at)| at)
}

/// The drawn pair whose line is under a place.
fn line_under(frame: &StageFrame, hand: &HandPairs, at: Pos2) -> Option<usize> {
    let off = |pair: &PairF64| {
        let [a, b] = ends(frame, pair);
        let (along, to) = (b - a, at - a);
        let part = (to.dot(along) / along.length_sq().max(1e-6)).clamp(0.0, 1.0);
        to.distance(part * along)
    };
    let all = hand.pairs.iter().enumerate().map(|(i, pair)| (off(pair), i));
    all.filter(|(off, _)| *off < LINE)
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, i)| i)
}

/// Where the primary button was pressed, of an event that says so.
const fn press_of(event: &Event) -> Option<Pos2> {
    match event {
        Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed: true,
            ..
        } => Some(*pos),
        _ => None,
    }
}

trait Distance {
    fn distance(self, other: Self) -> f32;
}

impl Distance for egui::Vec2 {
    fn distance(self, other: Self) -> f32 {
        (self - other).length()
    }
}

/// What the primary button does while the tool is on.
pub fn touch(app: &mut App, ui: &Ui, frame: &StageFrame, shot: &StageSnapshot) {
    let run = app.lab.stages[frame.index].run;
    let Some(hand) = drawn(&app.lab, run).cloned() else {
        return;
    };
    let response = &frame.response;
    let (pressed, released, escape) = ui.input(|i| {
        (
            // where it was: a quick pointer may be far from there when the frame begins
            i.events.iter().rev().find_map(press_of),
            i.pointer.primary_released(),
            i.key_pressed(Key::Escape),
        )
    });
    if escape && response.ctx.memory(|m| m.focused().is_none()) {
        app.end_drawing();
        return;
    }
    let at = ui.input(|i| i.pointer.interact_pos());
    let Some(at) = at else { return };
    if let Some(press) = pressed.filter(|p| frame.rect.contains(*p) && response.contains_pointer()) {
        app.focus_stage(frame.index);
        app.screen.drawing.pressed = press;
        app.screen.drawing.grip = Some(match end_under(frame, &hand, press) {
            Some((pair, side)) => Grip::End(pair, side),
            None => Grip::New(end_at(frame, &shot.source, press)),
        });
    }
    if response.hovered() {
        ui.ctx().set_cursor_icon(CursorIcon::Crosshair);
    }
    if !released || app.lab.focus() != frame.index {
        return;
    }
    let Some(grip) = app.screen.drawing.grip.take() else {
        return;
    };
    let is_click = app.screen.drawing.pressed.distance(at) < SHORTEST;
    match grip {
        _ if is_click => {
            let under = end_under(frame, &hand, at).map(|(i, _)| i);
            app.screen.drawing.chosen = under.or_else(|| line_under(frame, &hand, at));
        }
        Grip::New([x0, y0]) => {
            let [x1, y1] = end_at(frame, &shot.target, at);
            app.edit_drawn(run, |pairs| pairs.push([x0, y0, x1, y1]));
        }
        Grip::End(pair, side) => {
            let cloud = if side == 0 { &shot.source } else { &shot.target };
            let [x, y] = end_at(frame, cloud, at);
            app.edit_drawn(run, |pairs| {
                if let Some(pair) = pairs.get_mut(pair) {
                    (pair[2 * side], pair[2 * side + 1]) = (x, y);
                }
            });
        }
    }
    ui.ctx().request_repaint();
}

/// The drawn pairs, the one in hand, and what to do.
pub fn paint(app: &App, ui: &Ui, frame: &StageFrame, shot: &StageSnapshot) {
    let stage = &app.lab.stages[frame.index];
    let Some(hand) = drawn(&app.lab, stage.run) else { return };
    let on = app.draws_on(frame.index);
    if !(on || stage.layers.pairs) {
        return;
    }
    let colors = theme::current(ui);
    let painter = ui.painter_at(frame.rect);
    let here = on && app.lab.focus() == frame.index;
    let drawing = &app.screen.drawing;
    for (i, pair) in hand.pairs.iter().enumerate() {
        let moved = matches!(drawing.grip, Some(Grip::End(held, _)) if here && held == i);
        let chosen = here && drawing.chosen == Some(i);
        if !moved {
            let thin = hand.pairs.len() > MANY;
            arrow(&painter, ends(frame, pair), chosen, thin, colors);
        }
    }
    if on {
        in_hand(app, ui, frame, shot, hand, &painter);
        words(ui, frame, hand, &painter);
    }
}

/// The pair that is being drawn or moved; else the point that the next one would begin at.
fn in_hand(app: &App, ui: &Ui, frame: &StageFrame, shot: &StageSnapshot, hand: &HandPairs, painter: &Painter) {
    let colors = theme::current(ui);
    let Some(at) = ui.input(|i| i.pointer.interact_pos()) else {
        return;
    };
    let ring = |cloud: &[[f32; 2]], at: Pos2, ink: Color32| {
        if let Some(p) = snapped(frame, cloud, at) {
            let [x, y] = frame.screen_from_data.apply(p);
            painter.circle_stroke(pos2(x, y), 8.0, Stroke::new(2.0, ink));
        }
    };
    let held = app.screen.drawing.grip.filter(|_| app.lab.focus() == frame.index);
    let pair = match held {
        None => {
            if frame.response.hovered() && end_under(frame, hand, at).is_none() {
                ring(&shot.source, at, colors.source);
            }
            return;
        }
        Some(Grip::New([x0, y0])) => {
            ring(&shot.target, at, colors.target);
            let [x1, y1] = end_at(frame, &shot.target, at);
            [x0, y0, x1, y1]
        }
        Some(Grip::End(pair, side)) => {
            let Some(mut pair) = hand.pairs.get(pair).copied() else {
                return;
            };
            let (cloud, ink) = if side == 0 {
                (&shot.source, colors.source)
            } else {
                (&shot.target, colors.target)
            };
            ring(cloud, at, ink);
            [pair[2 * side], pair[2 * side + 1]] = end_at(frame, cloud, at);
            pair
        }
    };
    arrow(painter, ends(frame, &pair), true, false, colors);
}

/// One pair: a disk at its start, a ring at its end, an arrow between them on a ground of its own.
fn arrow(painter: &Painter, [from, to]: [Pos2; 2], chosen: bool, thin: bool, colors: &theme::Theme) {
    let along = (to - from).normalized();
    let ink = if chosen { colors.accent } else { colors.text };
    let (width, dot) = if thin { (1.2, 2.6) } else { (2.2, 4.6) };
    if along.is_finite() && from.distance(to) > 2.5 * dot {
        let tip = to - along * (dot + 2.0);
        let across = vec2(-along.y, along.x);
        let back = tip - along * (4.4 * width);
        let ground = Stroke::new(width + 2.4, colors.stage.gamma_multiply(0.85));
        painter.line_segment([from, tip], ground);
        painter.line_segment([from, back], Stroke::new(width, ink));
        let head = vec![tip, back + across * 2.1 * width, back - across * 2.1 * width];
        painter.add(Shape::convex_polygon(head, ink, Stroke::NONE));
    }
    let edge = Stroke::new(1.2, colors.stage);
    painter.circle(from, dot, colors.source, edge);
    painter.circle_stroke(to, dot, Stroke::new(3.4, colors.stage));
    painter.circle_stroke(to, dot, Stroke::new(2.0, colors.target));
}

/// What to do, at the top of the stage.
fn words(ui: &Ui, frame: &StageFrame, hand: &HandPairs, painter: &Painter) {
    let colors = theme::current(ui);
    let wide = frame.rect.width() > 560.0;
    let words = match (hand.pairs.is_empty(), wide) {
        (true, _) => t!("hand.draw"),
        (false, true) => t!("hand.draw_more"),
        (false, false) => t!("hand.draw_more_short"),
    };
    let size = if wide { text::NUMBER } else { text::BODY };
    let at = pos2(frame.rect.center().x, frame.rect.bottom() - 40.0);
    let font = FontId::proportional(size);
    label(
        painter,
        at,
        Align2::CENTER_BOTTOM,
        words.clone().into_owned(),
        font,
        colors,
    );
    let corner = Rect::from_min_size(frame.rect.left_top(), vec2(1.0, 1.0));
    let id = ui.scope_id().with(("draw", frame.index));
    ui.interact(corner, id, Sense::hover())
        .widget_info(|| WidgetInfo::labeled(Role::Label, true, &words));
}
