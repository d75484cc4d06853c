//! A number with a slider. Values can be typed beyond the slider's range: such a value is used, and said to be unusual by
//! its color and its tooltip. Only what makes no sense at all (a negative width) is refused.

use std::ops::RangeInclusive;

use eframe::egui::{self, DragValue, Response, Slider, SliderClamping, Ui};
use rust_i18n::t;

use crate::app::theme;

/// How a number is edited.
#[derive(Clone, Debug)]
pub struct Number {
    /// What the slider covers.
    pub usual: RangeInclusive<f64>,
    /// What makes sense at all.
    pub possible: RangeInclusive<f64>,
    /// A logarithmic slider.
    pub logarithmic: bool,
    /// A whole number.
    pub whole: bool,
    /// Scientific notation for small values.
    pub scientific: bool,
}

impl Number {
    /// A real number, anything finite being possible.
    pub const fn real(usual: RangeInclusive<f64>) -> Self {
        Self {
            usual,
            possible: f64::MIN..=f64::MAX,
            logarithmic: false,
            whole: false,
            scientific: false,
        }
    }

    /// A whole number of at least `least`.
    pub const fn whole(usual: RangeInclusive<f64>, possible: RangeInclusive<f64>) -> Self {
        Self {
            usual,
            possible,
            logarithmic: false,
            whole: true,
            scientific: false,
        }
    }

    /// With these hard limits.
    pub fn within(mut self, possible: RangeInclusive<f64>) -> Self {
        self.possible = possible;
        self
    }

    /// With a logarithmic slider.
    pub const fn log(mut self) -> Self {
        self.logarithmic = true;
        self
    }

    /// Shown as 3.0e-3.
    pub const fn scientific(mut self) -> Self {
        self.scientific = true;
        self
    }

    /// Whether a value lies beyond the usual range.
    pub fn is_unusual(&self, value: f64) -> bool {
        let slack = 1e-9 * (self.usual.end() - self.usual.start()).abs();
        value < self.usual.start() - slack || value > self.usual.end() + slack
    }

    fn text(&self, value: f64) -> String {
        if self.whole {
            return format!("{}", value.round() as i64);
        }
        if self.scientific && value != 0.0 && value.abs() < 0.01 {
            return format!("{value:.1e}");
        }
        let text = format!("{value:.4}");
        let short = text.trim_end_matches('0').trim_end_matches('.');
        if short.is_empty() || short == "-" {
            "0".into()
        } else {
            short.into()
        }
    }

    /// Slider and number side by side, filling the width. `name` is what screen readers say.
    pub fn ui(&self, ui: &mut Ui, value: &mut f64, name: &str) -> Response {
        let before = *value;
        let unusual = self.is_unusual(*value);
        let mut edited = *value;
        let width = ui.available_width();
        let rail = (width - theme::VALUE_WIDTH - ui.spacing().item_spacing.x).max(36.0);
        let response = ui
            .horizontal(|ui| {
                ui.spacing_mut().slider_width = rail;
                let slider = Slider::new(&mut edited, self.usual.clone())
                    .show_value(false)
                    .logarithmic(self.logarithmic)
                    .clamping(SliderClamping::Never);
                let slider = if self.whole { slider.integer() } else { slider };
                let rail = ui.scope(|ui| {
                    accent_handle(ui);
                    ui.add(slider)
                });
                let rail = rail.inner;
                name_it(&rail, name);
                rail.union(self.value_ui(ui, &mut edited, name, unusual))
            })
            .inner;
        if edited.is_finite() && edited != before {
            let edited = if self.whole { edited.round() } else { edited };
            *value = edited.clamp(*self.possible.start(), *self.possible.end());
        }
        response
    }

    /// The number alone.
    pub fn value_ui(&self, ui: &mut Ui, value: &mut f64, name: &str, unusual: bool) -> Response {
        let span = self.usual.end() - self.usual.start();
        let speed = if self.whole {
            (span / 200.0).max(0.1)
        } else {
            span / 300.0
        };
        ui.scope(|ui| {
            if unusual {
                let warn = theme::current(ui).warn;
                ui.visuals_mut().override_text_color = Some(warn);
            }
            let drag = DragValue::new(value)
                .speed(speed)
                .min_size(egui::vec2(theme::VALUE_WIDTH, ui.spacing().interact_size.y))
                .update_while_editing(false)
                .custom_formatter(|v, _| self.text(v))
                .custom_parser(|text| {
                    text.trim()
                        .replace(['\u{2212}', ','], "")
                        .replace("--", "-")
                        .parse()
                        .ok()
                });
            let response = ui.add(drag);
            name_it(&response, name);
            if unusual {
                let (a, b) = (self.text(*self.usual.start()), self.text(*self.usual.end()));
                response.on_hover_text(t!("ui.unusual", low = a, high = b))
            } else {
                response
            }
        })
        .inner
    }
}

/// The handle is what can be pressed: it has the accent.
fn accent_handle(ui: &mut Ui) {
    let colors = theme::current(ui);
    let visuals = ui.visuals_mut();
    visuals.handle_shape = egui::style::HandleShape::Circle;
    let states = [
        &mut visuals.widgets.inactive,
        &mut visuals.widgets.hovered,
        &mut visuals.widgets.active,
    ];
    for (state, width) in states.into_iter().zip([2.5, 3.5, 5.0]) {
        state.fg_stroke = egui::Stroke::new(width, colors.accent);
    }
}

/// Gives a control without a text of its own its name in the accessibility tree.
pub fn name_it(response: &Response, name: &str) {
    let name = name.to_owned();
    response
        .ctx
        .accesskit_node_builder(response.id, |node| node.set_label(name));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_read_as_they_were_typed() {
        let n = Number::real(0.0..=1.0);
        assert_eq!(n.text(0.05), "0.05");
        assert_eq!(n.text(0.0), "0");
        assert_eq!(n.text(-2.0), "-2");
        assert_eq!(Number::real(1e-5..=1e-1).scientific().text(0.003), "3.0e-3");
    }

    #[test]
    fn beyond_the_range_is_unusual_and_its_ends_are_not() {
        let n = Number::real(0.0..=1.0);
        assert!(!n.is_unusual(1.0) && !n.is_unusual(0.0));
        assert!(n.is_unusual(1.01) && n.is_unusual(-0.01));
    }
}
