//! The presets as a gallery: a picture that the program made, a name, and what to look at. Typing searches, arrows move, Enter
//! opens.

use eframe::egui::{
    self, Align, Align2, FontId, Key, Layout, Modifiers, Rect, RichText, Role, ScrollArea, Sense, Stroke, TextEdit, Ui,
};
use eframe::egui::{Vec2, WidgetInfo, pos2, vec2};
use rust_i18n::t;

use crate::app::App;
use crate::app::theme::{self, text};
use crate::app::ui_command::{UiCommand, preset_name};
use crate::app::widgets::number::name_it;
use crate::app::widgets::preset_picture::Pictures;
use crate::lab::{PRESETS, Preset};

/// Size of a tile's picture; the files are three halves as large for dense screens.
const PICTURE: Vec2 = Vec2::new(176.0, 118.0);
/// Height of the name under it.
const NAME: f32 = 26.0;
/// Space between tiles.
const SPACE: f32 = 10.0;
/// Width of the column that says what to look at.
const ASIDE: f32 = 252.0;

/// The gallery's state.
#[derive(Clone, Debug, Default)]
pub struct PresetGallery {
    query: String,
    selected: usize,
    /// The tile to bring into view.
    follow: bool,
}

/// What is said of a preset: two sentences on what to look at.
pub fn watch_of(preset: &Preset) -> String {
    t!(format!("preset.{}.watch", preset.name)).into_owned()
}

/// The presets of which each typed word is in the name or in what is said of them.
fn found(query: &str) -> Vec<&'static Preset> {
    let query = query.to_lowercase();
    let words: Vec<&str> = query.split_whitespace().collect();
    let matches = |preset: &&Preset| {
        let said = format!(
            "{} {} {} {}",
            preset.name,
            preset_name(preset.name),
            watch_of(preset),
            t!(format!("preset_group.{}", preset.group))
        );
        let said = said.to_lowercase();
        words.iter().all(|word| said.contains(word))
    };
    PRESETS.iter().filter(matches).collect()
}

/// The rows of tiles: each group begins a row of its own.
fn rows<'a>(presets: &[&'a Preset], columns: usize) -> Vec<(Option<&'a str>, Vec<usize>)> {
    let mut rows: Vec<(Option<&str>, Vec<usize>)> = Vec::new();
    for (i, preset) in presets.iter().enumerate() {
        let begins = i == 0 || presets[i - 1].group != preset.group;
        match rows.last_mut() {
            Some((_, row)) if !begins && row.len() < columns => row.push(i),
            _ => rows.push((begins.then_some(preset.group), vec![i])),
        }
    }
    rows
}

/// The tile that an arrow key leads to.
fn moved(rows: &[(Option<&str>, Vec<usize>)], selected: usize, key: Key) -> usize {
    let last = rows.last().and_then(|(_, row)| row.last()).copied().unwrap_or(0);
    let at = rows.iter().position(|(_, row)| row.contains(&selected)).unwrap_or(0);
    let column = rows
        .get(at)
        .and_then(|(_, row)| row.iter().position(|i| *i == selected))
        .unwrap_or(0);
    let beside = |row: Option<&(Option<&str>, Vec<usize>)>| {
        row.and_then(|(_, row)| row.get(column.min(row.len().saturating_sub(1))))
            .copied()
    };
    match key {
        Key::ArrowLeft => selected.saturating_sub(1),
        Key::ArrowRight => (selected + 1).min(last),
        Key::ArrowUp => at
            .checked_sub(1)
            .and_then(|up| beside(rows.get(up)))
            .unwrap_or(selected),
        Key::ArrowDown => beside(rows.get(at + 1)).unwrap_or(selected),
        Key::Home => 0,
        Key::End => last,
        _ => selected,
    }
}

impl PresetGallery {
    /// Draws it; true when it is done.
    pub fn ui(&mut self, app: &mut App, ui: &mut Ui) -> bool {
        let ctx = ui.ctx().clone();
        let room = ctx.content_rect().size();
        let most = ((room.x - ASIDE - 110.0) / (PICTURE.x + SPACE)).floor().clamp(2.0, 5.0);
        let columns = most as usize;
        let tiles = most * (PICTURE.x + SPACE) + 8.0;
        ui.set_width(tiles + ASIDE + SPACE);
        // arrows are the tiles', whatever has the focus
        let keys = [Key::ArrowLeft, Key::ArrowRight, Key::ArrowUp, Key::ArrowDown];
        let pressed = keys
            .into_iter()
            .find(|key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, *key)));
        let entered = ui.input_mut(|i| i.consume_key(Modifiers::NONE, Key::Enter));
        self.head(ui);
        let presets = found(&self.query);
        let rows = rows(&presets, columns);
        if let Some(key) = pressed {
            self.selected = moved(&rows, self.selected, key);
            self.follow = true;
        }
        self.selected = self.selected.min(presets.len().saturating_sub(1));
        let mut chosen = None;
        let height = (room.y - 190.0).clamp(220.0, 760.0);
        ui.horizontal_top(|ui| {
            ui.allocate_ui_with_layout(vec2(tiles, height), Layout::top_down(Align::Min), |ui| {
                let area = ScrollArea::vertical().max_height(height).auto_shrink([false, false]);
                area.show(ui, |ui| {
                    for (group, row) in &rows {
                        if let Some(group) = group {
                            Self::group(ui, group);
                        }
                        ui.horizontal(|ui| {
                            ui.spacing_mut().item_spacing.x = SPACE;
                            for &i in row {
                                if self.tile(&mut app.screen.pictures, ui, presets[i], i) {
                                    chosen = Some(presets[i]);
                                }
                            }
                        });
                        ui.add_space(SPACE * 0.6);
                    }
                    if presets.is_empty() {
                        ui.label(t!("presets.nothing"));
                    }
                });
            });
            ui.add_space(SPACE);
            ui.vertical(|ui| {
                ui.set_width(ASIDE - SPACE);
                if let Some(preset) = presets.get(self.selected)
                    && (Self::aside(ui, preset) || entered)
                {
                    chosen = Some(preset);
                }
            });
        });
        self.follow = false;
        let Some(preset) = chosen else { return false };
        app.run_command(&ctx, &UiCommand::Preset(preset.name.to_owned()));
        true
    }

    fn head(&mut self, ui: &mut Ui) {
        ui.horizontal(|ui| {
            ui.heading(t!("presets.title"));
            ui.add_space(theme::GAP);
            let edit = TextEdit::singleline(&mut self.query).hint_text(t!("presets.hint"));
            let response = ui.add(edit.desired_width(240.0));
            name_it(&response, &t!("presets.find"));
            if !response.has_focus() && !response.lost_focus() && ui.memory(|m| m.focused().is_none()) {
                response.request_focus();
            }
            if response.changed() {
                (self.selected, self.follow) = (0, true);
            }
        });
        ui.add_space(theme::GAP * 0.5);
    }

    fn group(ui: &mut Ui, group: &str) {
        let words = t!(format!("preset_group.{group}"));
        ui.label(
            RichText::new(words)
                .size(text::SECTION)
                .color(theme::current(ui).weak)
                .strong(),
        );
    }

    /// One tile; true when it is to be opened: by a double click, or a click on the selected one.
    fn tile(&mut self, pictures: &mut Pictures, ui: &mut Ui, preset: &Preset, index: usize) -> bool {
        let size = PICTURE + vec2(0.0, NAME);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let selected = self.selected == index;
        let name = preset_name(preset.name);
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, &name));
        if selected && self.follow {
            response.scroll_to_me(None);
        }
        let again = response.clicked() && selected;
        if response.clicked() || response.gained_focus() {
            self.selected = index;
        }
        if ui.is_rect_visible(rect) {
            let colors = theme::current(ui);
            let stroke = if selected {
                Stroke::new(2.0, colors.accent)
            } else if response.hovered() {
                Stroke::new(1.5, colors.accent)
            } else {
                Stroke::new(1.0, colors.line)
            };
            let corner = f32::from(theme::RADIUS);
            ui.painter().rect_filled(rect, corner, colors.stage);
            let picture = Rect::from_min_size(rect.min, PICTURE).shrink(1.0);
            pictures.paint(ui, preset.name, picture);
            ui.painter().rect_stroke(rect, corner, stroke, egui::StrokeKind::Inside);
            let font = FontId::proportional(text::SMALL);
            let mut job = egui::text::LayoutJob::simple_singleline(name, font, colors.text);
            job.wrap = egui::text::TextWrapping::truncate_at_width(rect.width() - 14.0);
            let galley = ui.painter().layout_job(job);
            let at = pos2(rect.left() + 8.0, rect.bottom() - NAME * 0.5 - galley.size().y * 0.5);
            ui.painter().galley(at, galley, colors.text);
            if preset.fails {
                let at = picture.right_top() + vec2(-6.0, 6.0);
                let font = FontId::proportional(text::SMALL);
                ui.painter()
                    .text(at, Align2::RIGHT_TOP, t!("presets.fails"), font, colors.fault);
            }
        }
        again || response.double_clicked()
    }

    /// What to look at; true when it is to be opened.
    fn aside(ui: &mut Ui, preset: &Preset) -> bool {
        ui.label(
            RichText::new(preset_name(preset.name))
                .size(text::HEADING * 0.85)
                .strong(),
        );
        if preset.fails {
            ui.label(RichText::new(t!("presets.fails_note")).color(theme::current(ui).fault));
        }
        ui.add_space(theme::GAP * 0.5);
        ui.label(RichText::new(watch_of(preset)).size(text::BODY));
        ui.add_space(theme::GAP * 0.5);
        ui.label(
            RichText::new(preset.name)
                .size(text::SMALL)
                .color(theme::current(ui).weak)
                .monospace(),
        );
        ui.add_space(theme::GAP);
        let open = ui.button(theme::strong(t!("presets.open"))).clicked();
        ui.add_space(theme::GAP * 0.5);
        ui.label(
            RichText::new(t!("presets.keys"))
                .size(text::SMALL)
                .color(theme::current(ui).weak),
        );
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_preset_says_what_to_look_at_in_two_sentences() {
        for preset in &PRESETS {
            let said = watch_of(preset);
            assert!(!said.starts_with("preset."), "no text for {}", preset.name);
            let sentences = said.matches(['.', '?', '!']).count() - said.matches("0.").count();
            assert_eq!(sentences, 2, "{}: {said}", preset.name);
            let name = preset_name(preset.name);
            assert!(!name.contains('-') || name.contains(' '), "no name for {}", preset.name);
            let group = t!(format!("preset_group.{}", preset.group));
            assert!(!group.contains("preset_group"), "no text for {}", preset.group);
        }
    }

    #[test]
    fn groups_stand_together() {
        let mut seen: Vec<&str> = Vec::new();
        for preset in &PRESETS {
            if seen.last() != Some(&preset.group) {
                assert!(!seen.contains(&preset.group), "{} stands twice", preset.group);
                seen.push(preset.group);
            }
        }
    }

    #[test]
    fn searching_and_arrows() {
        assert_eq!(found("").len(), PRESETS.len());
        assert!(found("checkerb").iter().any(|p| p.name == "checkerboard"));
        assert!(found("qqq").is_empty());
        let all = found("");
        let rows = rows(&all, 3);
        assert!(rows.iter().all(|(_, row)| (1..=3).contains(&row.len())));
        assert_eq!(rows.iter().map(|(_, row)| row.len()).sum::<usize>(), all.len());
        for i in 0..all.len() {
            // every tile is reached from every other: down and up, right and left
            assert!(moved(&rows, i, Key::ArrowRight) == (i + 1).min(all.len() - 1));
            let down = moved(&rows, i, Key::ArrowDown);
            assert!(down == i || moved(&rows, down, Key::ArrowUp) <= i);
        }
        assert_eq!(moved(&[], 3, Key::ArrowDown), 3);
    }
}
