//! Tokens of the window: colors of two themes, text sizes, spacing; and how they become egui's style. Every size on screen
//! comes from here, so a projector mode is one more set of tokens.
//!
//! Colors that mean something (source, target, learned, exact, floor, chord) are Okabe and Ito's, told apart by
//! shape or dash too. The accent marks what can be pressed, and nothing else.

use std::sync::{Arc, LazyLock};

use eframe::egui::{
    self, Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, FontTweak, Margin, Stroke, TextStyle,
    Vec2, vec2,
};

use crate::lab::ThemeChoice;
use crate::picture;

/// Width of the experiment panel, points.
pub const LEFT_WIDTH: f32 = 316.0;
/// Width of the lens panel, points.
pub const RIGHT_WIDTH: f32 = 328.0;
/// Width of labels in a row of controls.
pub const LABEL_WIDTH: f32 = 92.0;
/// Width of the number beside a slider.
pub const VALUE_WIDTH: f32 = 62.0;
/// Height of a tiny chart inside a control.
pub const TINY_CHART_HEIGHT: f32 = 30.0;
/// Height of the loss curve.
pub const LOSS_CHART_HEIGHT: f32 = 112.0;
/// Windows lower than this get a lower loss curve.
pub const SHORT_WINDOW: f32 = 760.0;
/// Windows narrower than this get narrower panels.
pub const NARROW_WINDOW: f32 = 1200.0;
/// Space between groups.
pub const GAP: f32 = 10.0;
/// Corners of panels' controls.
pub const RADIUS: u8 = 5;
/// Side of an icon button.
pub const ICON_SIZE: f32 = 30.0;

/// Text sizes, points.
pub mod text {
    /// Ordinary.
    pub const BODY: f32 = 14.5;
    /// Labels of axes, notes.
    pub const SMALL: f32 = 12.5;
    /// Section titles, in capitals.
    pub const SECTION: f32 = 12.0;
    /// Titles of dialogs.
    pub const HEADING: f32 = 20.0;
    /// Numbers to be read from the last row.
    pub const NUMBER: f32 = 19.0;
    /// The equation.
    pub const EQUATION: f32 = 29.0;
    /// An equation of several terms, which must fit the panel.
    pub const LONG_EQUATION: f32 = 21.0;
    /// Clocks.
    pub const CLOCK: f32 = 22.0;
    /// Formulas in tooltips and beside numbers.
    pub const FORMULA: f32 = 16.0;
}

/// The colors of one theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Theme {
    /// Light on dark.
    pub dark: bool,
    /// Behind the stage.
    pub stage: Color32,
    /// Behind the panels.
    pub panel: Color32,
    /// Fill of controls.
    pub control: Color32,
    /// Fill of controls under the pointer.
    pub control_hovered: Color32,
    /// Thin lines: between panels, grids, frames.
    pub line: Color32,
    /// Ordinary text.
    pub text: Color32,
    /// Quiet text.
    pub weak: Color32,
    /// What can be pressed.
    pub accent: Color32,
    /// Text upon the accent.
    pub on_accent: Color32,
    /// Soft warnings.
    pub warn: Color32,
    /// Faults.
    pub fault: Color32,
    /// Source points.
    pub source: Color32,
    /// Target points.
    pub target: Color32,
    /// What the network has learned.
    pub learned: Color32,
    /// What is exact.
    pub exact: Color32,
    /// Floors.
    pub floor: Color32,
}

static DARK: LazyLock<Theme> = LazyLock::new(|| dark().with_meanings(picture::color::Theme::Dark));
static LIGHT: LazyLock<Theme> = LazyLock::new(|| light().with_meanings(picture::color::Theme::Light));

impl Theme {
    /// The colors with a meaning, and the stage's ground, are the pictures' own.
    fn with_meanings(mut self, theme: picture::color::Theme) -> Self {
        let p = theme.palette();
        let color = |[r, g, b, a]: [u8; 4]| Color32::from_rgba_unmultiplied(r, g, b, a);
        self.stage = color(p.background);
        (self.source, self.target) = (color(p.source), color(p.target));
        (self.learned, self.exact, self.floor) = (color(p.learned), color(p.exact), color(p.floor));
        self
    }
}

const fn dark() -> Theme {
    Theme {
        dark: true,
        stage: Color32::PLACEHOLDER,
        panel: Color32::from_rgb(22, 26, 34),
        control: Color32::from_rgb(37, 43, 54),
        control_hovered: Color32::from_rgb(50, 58, 73),
        line: Color32::from_rgb(45, 52, 65),
        text: Color32::from_rgb(234, 238, 244),
        weak: Color32::from_rgb(160, 170, 186),
        accent: Color32::from_rgb(148, 160, 255),
        on_accent: Color32::from_rgb(14, 16, 34),
        warn: Color32::from_rgb(240, 200, 80),
        fault: Color32::from_rgb(255, 122, 92),
        source: Color32::PLACEHOLDER,
        target: Color32::PLACEHOLDER,
        learned: Color32::PLACEHOLDER,
        exact: Color32::PLACEHOLDER,
        floor: Color32::PLACEHOLDER,
    }
}

const fn light() -> Theme {
    Theme {
        dark: false,
        stage: Color32::PLACEHOLDER,
        panel: Color32::from_rgb(244, 245, 248),
        control: Color32::from_rgb(226, 230, 237),
        control_hovered: Color32::from_rgb(210, 216, 227),
        line: Color32::from_rgb(208, 213, 222),
        text: Color32::from_rgb(20, 24, 32),
        weak: Color32::from_rgb(82, 92, 108),
        accent: Color32::from_rgb(62, 74, 214),
        on_accent: Color32::from_rgb(255, 255, 255),
        warn: Color32::from_rgb(150, 96, 0),
        fault: Color32::from_rgb(190, 50, 10),
        source: Color32::PLACEHOLDER,
        target: Color32::PLACEHOLDER,
        learned: Color32::PLACEHOLDER,
        exact: Color32::PLACEHOLDER,
        floor: Color32::PLACEHOLDER,
    }
}

/// The colors of a theme.
pub fn of(choice: ThemeChoice) -> &'static Theme {
    match choice {
        ThemeChoice::Dark => &DARK,
        ThemeChoice::Light => &LIGHT,
    }
}

/// The colors of the theme that `ui` is drawn in.
pub fn current(ui: &egui::Ui) -> &'static Theme {
    if ui.visuals().dark_mode { &DARK } else { &LIGHT }
}

/// The family of letters in formulas.
pub fn formula_family() -> FontFamily {
    FontFamily::Name("formula".into())
}

/// Weight of the letters of section titles and of what matters, for `RichText::variation("wght", …)`.
pub const STRONG: f32 = 620.0;

/// Text in the stronger weight.
pub fn strong(text: impl Into<String>) -> egui::RichText {
    egui::RichText::new(text).variation("wght", STRONG)
}

/// Installs the fonts once. IBM Plex (SIL Open Font License, `assets/fonts`): figures all of one width, Greek letters.
pub fn install_fonts(ctx: &egui::Context) {
    let mut fonts = FontDefinitions::default();
    let sans = FontData::from_static(include_bytes!("../../assets/fonts/IBMPlexSans.ttf")).tweak(FontTweak {
        coords: egui::epaint::text::VariationCoords::new([("wght", 430.0)]),
        ..FontTweak::default()
    });
    let italic = FontData::from_static(include_bytes!("../../assets/fonts/IBMPlexSerif-Italic.ttf"));
    fonts.font_data.insert("plex".into(), Arc::new(sans));
    fonts.font_data.insert("plex-serif-italic".into(), Arc::new(italic));
    let fallback = fonts
        .families
        .get(&FontFamily::Proportional)
        .cloned()
        .unwrap_or_default();
    let mono = fonts.families.get(&FontFamily::Monospace).cloned().unwrap_or_default();
    let with = |first: &[&str]| -> Vec<String> {
        let named = first.iter().map(|&name| name.to_owned());
        named
            .chain(mono.iter().cloned())
            .chain(fallback.iter().cloned())
            .collect()
    };
    fonts.families.insert(FontFamily::Proportional, with(&["plex"]));
    fonts
        .families
        .insert(formula_family(), with(&["plex-serif-italic", "plex"]));
    ctx.set_fonts(fonts);
}

/// Makes egui look like the theme.
pub fn apply(ctx: &egui::Context, choice: ThemeChoice) {
    let theme = of(choice);
    let kind = if theme.dark {
        egui::Theme::Dark
    } else {
        egui::Theme::Light
    };
    ctx.set_theme(kind);
    ctx.style_mut_of(kind, |style| {
        let sizes = [
            (TextStyle::Small, text::SMALL),
            (TextStyle::Body, text::BODY),
            (TextStyle::Button, text::BODY),
            (TextStyle::Heading, text::HEADING),
        ];
        for (name, size) in sizes {
            style.text_styles.insert(name, FontId::proportional(size));
        }
        style
            .text_styles
            .insert(TextStyle::Monospace, FontId::monospace(text::SMALL));
        style.drag_value_text_style = TextStyle::Body;
        spacing(&mut style.spacing);
        visuals(&mut style.visuals, theme);
        style.interaction.tooltip_delay = 0.35;
        style.interaction.selectable_labels = false;
        style.animation_time = 0.0;
    });
}

fn spacing(spacing: &mut egui::style::Spacing) {
    spacing.item_spacing = vec2(8.0, 6.0);
    spacing.button_padding = vec2(9.0, 4.0);
    spacing.interact_size = vec2(34.0, 26.0);
    spacing.icon_width = 17.0;
    spacing.icon_width_inner = 10.0;
    spacing.slider_rail_height = 5.0;
    spacing.menu_margin = Margin::same(8);
    spacing.window_margin = Margin::same(16);
    spacing.tooltip_width = 340.0;
    spacing.menu_width = 300.0;
    spacing.combo_height = 420.0;
    spacing.scroll = egui::style::ScrollStyle::thin();
}

fn visuals(v: &mut egui::Visuals, theme: &Theme) {
    let radius = CornerRadius::same(RADIUS);
    v.panel_fill = theme.panel;
    v.window_fill = theme.panel;
    v.extreme_bg_color = theme.stage;
    v.text_edit_bg_color = Some(theme.stage);
    v.faint_bg_color = theme.control;
    v.weak_text_color = Some(theme.weak);
    v.warn_fg_color = theme.warn;
    v.error_fg_color = theme.fault;
    v.hyperlink_color = theme.accent;
    v.window_stroke = Stroke::new(1.0, theme.line);
    v.selection.bg_fill = theme.accent.gamma_multiply(if theme.dark { 0.42 } else { 0.26 });
    v.selection.stroke = Stroke::new(1.0, theme.text);
    v.slider_trailing_fill = true;
    v.window_corner_radius = CornerRadius::same(8);
    v.menu_corner_radius = CornerRadius::same(6);
    v.disabled_alpha = 0.5;
    let w = &mut v.widgets;
    w.noninteractive.bg_stroke = Stroke::new(1.0, theme.line);
    w.noninteractive.fg_stroke = Stroke::new(1.0, theme.text);
    for (state, fill, stroke) in [
        (&mut w.inactive, theme.control, Stroke::NONE),
        (&mut w.hovered, theme.control_hovered, Stroke::new(1.0, theme.accent)),
        (&mut w.active, theme.control_hovered, Stroke::new(1.5, theme.accent)),
        (&mut w.open, theme.control_hovered, Stroke::new(1.0, theme.accent)),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = stroke;
        state.fg_stroke = Stroke::new(1.0, theme.text);
        state.corner_radius = radius;
        state.expansion = 0.0;
    }
}

/// The space that one row of controls takes.
pub fn row_size(ui: &egui::Ui) -> Vec2 {
    vec2(ui.available_width(), ui.spacing().interact_size.y)
}
