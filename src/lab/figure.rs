//! How a figure is made: its size, resolution, colors, and which of its parts are drawn. Plain data, kept in the lab, so that
//! the next figure of a paper looks like the last.

use serde::{Deserialize, Serialize};

use super::BadInput;

/// A unit of length on paper or screen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unit {
    /// Pixels of the file.
    #[default]
    Px,
    /// Centimeters.
    Cm,
    /// Inches.
    In,
}

/// Every unit with its name in files and on the command line.
pub const UNITS: [(Unit, &str); 3] = [(Unit::Px, "px"), (Unit::Cm, "cm"), (Unit::In, "in")];

/// Width and height.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FigureSize {
    /// Width in `unit`.
    pub width: f64,
    /// Height in `unit`; 0 is what suits the view at this width.
    pub height: f64,
    /// The unit of both.
    pub unit: Unit,
}

/// For what surface a figure is colored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FigureTheme {
    /// Light on dark: slides, screens.
    Dark,
    /// Dark on light: screens.
    Light,
    /// Dark on white: paper.
    #[default]
    Print,
}

/// Every theme: name in files and on the command line, one line of explanation. `transparent` is print without a ground.
pub const FIGURE_THEMES: [(&str, &str); 4] = [
    ("print", "dark on white, for paper"),
    ("light", "dark on light, for screens"),
    ("dark", "light on dark, for slides"),
    ("transparent", "the colors of print, no ground"),
];

/// How a figure is made. Parts that are None are drawn where the view thinks them useful.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FigureOptions {
    /// Size of the page; the view's own where None.
    pub size: Option<FigureSize>,
    /// Pixels an inch. Letters are sized on paper: twice the dpi at the same size in pixels makes them twice as large.
    pub dpi: f64,
    /// Colors.
    pub theme: FigureTheme,
    /// Whether there is no ground.
    pub transparent: bool,
    /// Size of the letters, 1 = usual.
    pub letters: f64,
    /// Above the figure: the view's own where None, no title where empty.
    pub title: Option<String>,
    /// Axes.
    pub axes: Option<bool>,
    /// Legend.
    pub legend: Option<bool>,
    /// The generated caption below the figure.
    pub caption: bool,
}

impl Default for FigureOptions {
    fn default() -> Self {
        Self {
            size: None,
            dpi: SCREEN_DPI,
            theme: FigureTheme::Print,
            transparent: false,
            letters: 1.0,
            title: None,
            axes: None,
            legend: None,
            caption: false,
        }
    }
}

/// Pixels an inch of the page's own units (CSS pixels).
pub const SCREEN_DPI: f64 = 96.0;
/// Pixels along a side, at most: what viewers and GPUs still open.
pub const LONGEST: u32 = 16_384;

impl FigureSize {
    /// So many pixels.
    pub const fn px(width: f64, height: f64) -> Self {
        Self {
            width,
            height,
            unit: Unit::Px,
        }
    }

    /// `1200x900`, `1200x900px`, `8.5x6cm`, `3.3x2.5in`; or a width alone, `17cm`.
    ///
    /// # Errors
    /// Anything else, with an example.
    pub fn parse(text: &str) -> Result<Self, BadInput> {
        let wrong = || {
            BadInput::new(format!(
                "\"{text}\" is no size; give WIDTHxHEIGHT, as in 1200x900, 8.5x6cm or 3.3x2.5in, or a width alone, as in 17cm"
            ))
        };
        let text = text.trim().to_lowercase();
        let (unit, numbers) = UNITS
            .iter()
            .find_map(|(unit, name)| Some((*unit, text.strip_suffix(name)?)))
            .unwrap_or((Unit::Px, &text));
        let (width, height) = match numbers.split_once(['x', '×', '*']) {
            Some((width, height)) => (width, Some(height)),
            None => (numbers, None),
        };
        // "8.5cmx6cm" is what some will write
        let width = UNITS
            .iter()
            .find_map(|(_, name)| width.trim().strip_suffix(name))
            .unwrap_or(width);
        let number = |side: &str| side.trim().parse::<f64>().ok().filter(|v| v.is_finite() && *v > 0.0);
        let (Some(width), Some(height)) = (number(width), height.map_or(Some(0.0), number)) else {
            return Err(wrong());
        };
        Ok(Self { width, height, unit })
    }

    /// Whether the height is what suits the view.
    pub fn is_width_alone(self) -> bool {
        self.height == 0.0
    }

    /// Width and height in inches.
    pub fn inches(self, dpi: f64) -> [f64; 2] {
        let unit = match self.unit {
            Unit::Px => dpi,
            Unit::Cm => 2.54,
            Unit::In => 1.0,
        };
        [self.width / unit, self.height / unit]
    }

    /// Width and height in pixels.
    pub fn pixels(self, dpi: f64) -> [f64; 2] {
        self.inches(dpi).map(|side| side * dpi)
    }
}

impl FigureOptions {
    /// For a part of the screen: so many pixels, of which `pixels_per_point` are a point.
    pub fn on_screen(theme: FigureTheme, pixels: [u32; 2], pixels_per_point: f32) -> Self {
        Self {
            theme,
            size: Some(FigureSize::px(f64::from(pixels[0]), f64::from(pixels[1]))),
            dpi: SCREEN_DPI * f64::from(pixels_per_point),
            ..Self::default()
        }
    }

    /// Sets theme and ground by a name of [`FIGURE_THEMES`].
    ///
    /// # Errors
    /// Another name, with the nearest right one.
    pub fn set_theme(&mut self, name: &str) -> Result<(), BadInput> {
        (self.theme, self.transparent) = match name {
            "print" => (FigureTheme::Print, false),
            "light" => (FigureTheme::Light, false),
            "dark" => (FigureTheme::Dark, false),
            "transparent" => (FigureTheme::Print, true),
            _ => {
                let names = FIGURE_THEMES.map(|(name, _)| name.to_owned());
                let hint = super::bad_input::suggestion(name, &names);
                return Err(BadInput::new(format!("there is no theme \"{name}\"{hint}")));
            }
        };
        Ok(())
    }

    /// Whether a file can be made of it; `own` is the view's size in pixels at [`SCREEN_DPI`].
    ///
    /// # Errors
    /// A resolution, size or scale that no file can have, with the limit.
    pub fn check(&self, own: [f64; 2]) -> Result<(), BadInput> {
        if !(10.0..=2400.0).contains(&self.dpi) {
            return Err(BadInput::new(format!(
                "the resolution is {} dots an inch; it must lie from 10 to 2400",
                self.dpi
            )));
        }
        if !(0.25..=8.0).contains(&self.letters) {
            return Err(BadInput::new(format!(
                "the letters' scale is {}; it must lie from 0.25 to 8",
                self.letters
            )));
        }
        let pixels = self.pixels(own);
        for (side, px) in ["width", "height"].into_iter().zip(pixels) {
            if !(1..=LONGEST).contains(&px) {
                return Err(BadInput::new(format!(
                    "the figure's {side} is {px} pixels; it must lie from 1 to {LONGEST}: change the size or the resolution"
                )));
            }
        }
        Ok(())
    }

    /// The file's width and height in pixels.
    pub fn pixels(&self, own: [f64; 2]) -> [u32; 2] {
        let pixels = match self.size {
            Some(size) if size.is_width_alone() => own.map(|side| side / own[0] * size.pixels(self.dpi)[0]),
            Some(size) => size.pixels(self.dpi),
            None => own.map(|side| side * self.dpi / SCREEN_DPI),
        };
        // what is not a number becomes 0, which `check` refuses
        pixels.map(|px| px.round() as u32)
    }

    /// The page's width and height in its own units, 96 an inch.
    pub fn page(&self, own: [f64; 2]) -> [f32; 2] {
        match self.size {
            Some(size) if size.is_width_alone() => {
                let width = size.inches(self.dpi)[0] * SCREEN_DPI;
                own.map(|side| (side / own[0] * width) as f32)
            }
            Some(size) => size.inches(self.dpi).map(|side| (side * SCREEN_DPI) as f32),
            None => own.map(|side| side as f32),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_in_every_unit() {
        for (text, pixels) in [
            ("1200x900", [1200.0, 900.0]),
            ("1200X900 px", [1200.0, 900.0]),
            ("2.54x5.08cm", [300.0, 600.0]),
            ("2.54cmx5.08cm", [300.0, 600.0]),
            ("3.5x2in", [1050.0, 600.0]),
        ] {
            assert_eq!(FigureSize::parse(text).unwrap().pixels(300.0), pixels, "{text}");
        }
        assert!(FigureSize::parse("17 cm").unwrap().is_width_alone());
        for text in ["", "x", "0", "12x", "0x4", "-1x2", "axb", "nanx3", "infxinf", "1x2mm"] {
            assert!(
                FigureSize::parse(text).unwrap_err().to_string().contains("8.5x6cm"),
                "{text}"
            );
        }
    }

    #[test]
    fn the_page_keeps_its_size_on_paper() {
        let mut options = FigureOptions {
            size: Some(FigureSize::px(1200.0, 900.0)),
            dpi: 192.0,
            ..FigureOptions::default()
        };
        assert_eq!(
            (options.pixels([1.0; 2]), options.page([1.0; 2])),
            ([1200, 900], [600.0, 450.0])
        );
        options.size = Some(FigureSize::parse("2in").unwrap());
        assert_eq!(
            (options.pixels([600.0, 450.0]), options.page([600.0, 450.0])),
            ([384, 288], [192.0, 144.0])
        );
        options.size = None;
        assert_eq!(
            (options.pixels([600.0, 450.0]), options.page([600.0, 450.0])),
            ([1200, 900], [600.0, 450.0])
        );
    }

    #[test]
    fn what_no_file_can_have_is_refused() {
        let own = [800.0, 600.0];
        assert!(FigureOptions::default().check(own).is_ok());
        let with = |edit: &dyn Fn(&mut FigureOptions)| {
            let mut options = FigureOptions::default();
            edit(&mut options);
            options.check(own).unwrap_err().to_string()
        };
        assert!(with(&|o| o.dpi = 0.0).contains("2400"));
        assert!(with(&|o| o.dpi = f64::NAN).contains("2400"));
        assert!(with(&|o| o.letters = -1.0).contains("scale"));
        assert!(with(&|o| o.size = Some(FigureSize::px(20_000.0, 9.0))).contains("16384"));
        assert!(with(&|o| o.size = Some(FigureSize::px(f64::NAN, 9.0))).contains("width"));
        assert!(with(&|o| o.size = Some(FigureSize::px(0.2, 9.0))).contains("width"));
        let mut options = FigureOptions::default();
        assert!(options.set_theme("drak").unwrap_err().to_string().contains("dark"));
        assert!(options.set_theme("transparent").is_ok() && options.transparent);
    }
}
