//! What can be chosen in the export dialog, and what follows from it: the order for the exporter, the file's name.

use crate::app::exporter::FigureOrder;
use crate::export::animation::AnimationOptions;
use crate::export::data::{DATA, What};
use crate::export::data_file::endings;
use crate::export::{FIGURE_FORMATS, FigureFormat};
use crate::lab::{FigureOptions, RunId};
use crate::picture::views::{Ask, VIEWS, View};

/// What is exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A still figure.
    Figure,
    /// An animation.
    Film,
    /// Data or weights.
    Data,
    /// The window as it is.
    Window,
}

/// All that can be chosen; kept from one time to the next.
#[derive(Clone, Debug, PartialEq)]
pub struct Choices {
    pub(super) kind: Kind,
    pub(super) view: &'static str,
    pub(super) run: RunId,
    pub(super) t: f64,
    pub(super) times: String,
    pub(super) options: FigureOptions,
    pub(super) title: String,
    pub(super) own_title: bool,
    pub(super) format: FigureFormat,
    pub(super) film: AnimationOptions,
    pub(super) film_ending: &'static str,
    pub(super) what: What,
    pub(super) data_ending: &'static str,
    pub(super) count: usize,
    pub(super) grid: usize,
    pub(super) with_lab: bool,
    pub(super) lacks_ffmpeg: bool,
}

impl Default for Choices {
    fn default() -> Self {
        Self {
            kind: Kind::Figure,
            view: "stage",
            run: 0,
            t: 1.0,
            times: "0, 0.25, 0.5, 0.75, 1".into(),
            options: FigureOptions::default(),
            title: String::new(),
            own_title: true,
            format: FigureFormat::Png,
            film: AnimationOptions::default(),
            film_ending: "gif",
            what: What::Trajectories,
            data_ending: "csv",
            count: 2048,
            grid: 32,
            with_lab: true,
            lacks_ffmpeg: false,
        }
    }
}

impl Choices {
    pub(super) fn view(&self) -> &'static View {
        VIEWS.iter().find(|v| v.name == self.view).unwrap_or(&VIEWS[0])
    }

    /// The times of a filmstrip that can be read; None where one cannot.
    pub(super) fn times(&self) -> Option<Vec<f64>> {
        let parts = self.times.split([',', ';', ' ']).filter(|part| !part.is_empty());
        let times: Option<Vec<f64>> = parts
            .map(|part| part.parse().ok().filter(|t| (0.0..=1.0).contains(t)))
            .collect();
        times.filter(|times| (1..=12).contains(&times.len()))
    }

    pub(super) fn order(&self) -> FigureOrder {
        let mut options = self.options.clone();
        options.title = (!self.own_title).then(|| self.title.clone());
        FigureOrder {
            view: self.view(),
            ask: Ask {
                run: Some(self.run),
                t: self.t,
                times: self.times().unwrap_or_else(|| Ask::default().times),
                theme: options.theme.into(),
                caption: options.caption,
                particle: None,
                playing: false,
            },
            options,
        }
    }

    /// What the file's name ends in.
    pub(super) fn ending(&self) -> &'static str {
        match self.kind {
            Kind::Figure => FIGURE_FORMATS
                .iter()
                .find(|f| f.0 == self.format)
                .map_or("png", |f| f.1),
            Kind::Film => self.film_ending,
            Kind::Data => self.data_ending,
            Kind::Window => "png",
        }
    }

    /// A name for the file.
    pub(super) fn file_name(&self) -> String {
        let stem = match self.kind {
            Kind::Figure | Kind::Film => self.view,
            Kind::Data => DATA.iter().find(|d| d.0 == self.what).map_or("data", |d| d.1),
            Kind::Window => "rectiflow",
        };
        let ending = self.ending();
        let joint = if ending.starts_with('%') { "-" } else { "." };
        format!("{stem}{joint}{ending}")
    }
}

/// The endings that data of this kind can have.
pub(super) fn data_endings(what: What) -> [&'static str; 2] {
    endings(what).map(|e| e.0)
}
