//! What colors mean, in every view and every theme, and the color maps.
//!
//! Meanings are the palette of Okabe and Ito ("Color Universal Design", 2008), moved in lightness only (`OKLab`, Ottosson
//! 2020) until each stands out from the theme's background by a contrast of 3:1 (WCAG 2.2, 1.4.11: graphics).
//! Maps are 17 even samples of published ones: cividis (Nuñez, Anderton, Renslow, `PLoS ONE` 13(7), 2018), batlow and vik
//! (Crameri, "Scientific colour maps" 8, MIT license), joined by straight lines.

use std::sync::LazyLock;

use super::Rgba;
use crate::lab::{FigureTheme, ThemeChoice};

/// For what surface a picture is colored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Theme {
    /// Light on dark.
    #[default]
    Dark,
    /// Dark on light.
    Light,
    /// Dark on white, for figures on paper.
    Print,
}

impl From<ThemeChoice> for Theme {
    fn from(choice: ThemeChoice) -> Self {
        match choice {
            ThemeChoice::Dark => Self::Dark,
            ThemeChoice::Light => Self::Light,
        }
    }
}

impl From<FigureTheme> for Theme {
    fn from(choice: FigureTheme) -> Self {
        match choice {
            FigureTheme::Dark => Self::Dark,
            FigureTheme::Light => Self::Light,
            FigureTheme::Print => Self::Print,
        }
    }
}

/// Every color with a meaning, for one theme.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Palette {
    /// Behind the stage.
    pub background: Rgba,
    /// Letters.
    pub text: Rgba,
    /// Letters and tick labels of less weight; still readable (4.5:1).
    pub text_quiet: Rgba,
    /// Axes and frames.
    pub axis: Rgba,
    /// Grid lines.
    pub grid: Rgba,
    /// The source: sky blue.
    pub source: Rgba,
    /// The target: orange.
    pub target: Rgba,
    /// What the network has learned: bluish green.
    pub learned: Rgba,
    /// The exact field: vermilion, dashed.
    pub exact: Rgba,
    /// Floors: reddish purple.
    pub floor: Rgba,
    /// Chords: gray.
    pub chord: Rgba,
}

/// Okabe and Ito's sky blue, orange, bluish green, vermilion and reddish purple.
const OKABE_ITO: [Rgba; 5] = [
    [86, 180, 233, 255],
    [230, 159, 0, 255],
    [0, 158, 115, 255],
    [213, 94, 0, 255],
    [204, 121, 167, 255],
];

/// A little over 3:1, so that rounding cannot undercut it.
const CONTRAST: f64 = 3.1;

impl Theme {
    /// The theme's colors.
    pub fn palette(self) -> &'static Palette {
        static DARK: LazyLock<Palette> = LazyLock::new(|| Palette::of([13, 16, 22, 255], [234, 238, 244, 255]));
        static LIGHT: LazyLock<Palette> = LazyLock::new(|| Palette::of([255, 255, 255, 255], [20, 24, 32, 255]));
        static PRINT: LazyLock<Palette> = LazyLock::new(|| Palette::of([255, 255, 255, 255], [20, 20, 22, 255]));
        match self {
            Self::Dark => &DARK,
            Self::Light => &LIGHT,
            Self::Print => &PRINT,
        }
    }

    /// Whether its background is dark.
    pub const fn is_dark(self) -> bool {
        matches!(self, Self::Dark)
    }
}

impl Palette {
    fn of(background: Rgba, text: Rgba) -> Self {
        let [source, target, learned, exact, floor] = OKABE_ITO.map(|c| legible(c, background, CONTRAST));
        Self {
            background,
            text,
            text_quiet: mix(background, text, 0.62),
            axis: mix(background, text, 0.34),
            grid: mix(background, text, 0.10),
            source,
            target,
            learned,
            exact,
            floor,
            chord: legible(mix(background, text, 0.45), background, CONTRAST),
        }
    }
}

/// `(1 - f) a + f b` in sRGB, alpha included.
pub fn mix(a: Rgba, b: Rgba, f: f32) -> Rgba {
    std::array::from_fn(|i| (f32::from(a[i]) + f * (f32::from(b[i]) - f32::from(a[i]))).round() as u8)
}

/// The color with this alpha, 0 to 1.
pub fn with_alpha(c: Rgba, alpha: f32) -> Rgba {
    [c[0], c[1], c[2], (alpha.clamp(0.0, 1.0) * 255.0).round() as u8]
}

/// The same hue and chroma, moved in lightness as little as gives this contrast with the background.
pub fn legible(c: Rgba, background: Rgba, contrast_wanted: f64) -> Rgba {
    if contrast(c, background) >= contrast_wanted {
        return c;
    }
    let [l, a, b] = oklab(c);
    let end = if luminance(background) < 0.18 { 1.0 } else { 0.0 };
    let (mut near, mut far) = (0.0, 1.0);
    for _ in 0..24 {
        let f = 0.5 * (near + far);
        if contrast(from_oklab([l + f * (end - l), a, b]), background) >= contrast_wanted {
            far = f;
        } else {
            near = f;
        }
    }
    from_oklab([l + far * (end - l), a, b])
}

/// Contrast ratio of two opaque colors, 1 to 21 (WCAG 2.2).
pub fn contrast(a: Rgba, b: Rgba) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

/// Relative luminance, 0 to 1 (alpha ignored).
pub fn luminance(c: Rgba) -> f64 {
    let [r, g, b] = linear(c);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

fn linear(c: Rgba) -> [f64; 3] {
    std::array::from_fn(|i| {
        let v = f64::from(c[i]) / 255.0;
        if v <= 0.04045 {
            v / 12.92
        } else {
            ((v + 0.055) / 1.055).powf(2.4)
        }
    })
}

fn gamma(v: f64) -> u8 {
    let v = v.clamp(0.0, 1.0);
    let v = if v <= 0.003_130_8 {
        12.92 * v
    } else {
        1.055 * v.powf(1.0 / 2.4) - 0.055
    };
    (v * 255.0).round() as u8
}

/// `OKLab` coordinates: lightness 0 to 1, then green to red and blue to yellow.
pub fn oklab(c: Rgba) -> [f64; 3] {
    let [r, g, b] = linear(c);
    let l = (0.412_221_470_8 * r + 0.536_332_536_3 * g + 0.051_445_992_9 * b).cbrt();
    let m = (0.211_903_498_2 * r + 0.680_699_545_1 * g + 0.107_396_956_6 * b).cbrt();
    let s = (0.088_302_461_9 * r + 0.281_718_837_6 * g + 0.629_978_700_5 * b).cbrt();
    [
        0.210_454_255_3 * l + 0.793_617_785_0 * m - 0.004_072_046_8 * s,
        1.977_998_495_1 * l - 2.428_592_205_0 * m + 0.450_593_709_9 * s,
        0.025_904_037_1 * l + 0.782_771_766_2 * m - 0.808_675_766_0 * s,
    ]
}

/// The nearest sRGB color (channels clamped), opaque.
pub fn from_oklab([lightness, a, b]: [f64; 3]) -> Rgba {
    let l = (lightness + 0.396_337_777_4 * a + 0.215_803_757_3 * b).powi(3);
    let m = (lightness - 0.105_561_345_8 * a - 0.063_854_172_8 * b).powi(3);
    let s = (lightness - 0.089_484_177_5 * a - 1.291_485_548_0 * b).powi(3);
    [
        gamma(4.076_741_662_1 * l - 3.307_711_591_3 * m + 0.230_969_929_2 * s),
        gamma(-1.268_438_004_6 * l + 2.609_757_401_1 * m - 0.341_319_396_5 * s),
        gamma(-0.004_196_086_3 * l - 0.703_418_614_7 * m + 1.707_614_701_0 * s),
        255,
    ]
}

/// A color map from [0, 1].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColorMap {
    /// Dark blue to yellow, sequential, nearly the same for every kind of color vision.
    Cividis,
    /// Dark blue over green to pink, sequential.
    Batlow,
    /// Blue to brown, diverging; 0.5 is the light middle.
    Vik,
}

/// One row of the table of color maps: name and one line of explanation.
pub const COLOR_MAPS: [(ColorMap, &str, &str); 3] = [
    (ColorMap::Cividis, "cividis", "sequential, dark blue to yellow"),
    (ColorMap::Batlow, "batlow", "sequential, dark blue to pink"),
    (ColorMap::Vik, "vik", "diverging, blue to brown"),
];

impl ColorMap {
    const fn table(self) -> &'static [[u8; 3]; 17] {
        match self {
            Self::Cividis => &CIVIDIS,
            Self::Batlow => &BATLOW,
            Self::Vik => &VIK,
        }
    }

    /// The color at `x`, clamped to [0, 1]; a NaN gets the first color.
    pub fn at(self, x: f32) -> Rgba {
        let table = self.table();
        let x = if x.is_nan() { 0.0 } else { x.clamp(0.0, 1.0) } * (table.len() - 1) as f32;
        let k = (x as usize).min(table.len() - 2);
        let [a, b] = [table[k], table[k + 1]].map(|[r, g, b]| [r, g, b, 255]);
        mix(a, b, x - k as f32)
    }

    /// The sequential map such that 1 stands out most from the theme's background: turned around on a light one.
    pub fn toward(self, theme: Theme, x: f32) -> Rgba {
        self.at(if theme.is_dark() { x } else { 1.0 - x })
    }
}

/// The color of an angle (radians): a closed curve in `OKLab` around the gray axis that leans toward light on its green side
/// and toward dark on its red side, so that angles stay apart where red and green look alike.
pub fn cyclic(theme: Theme, angle: f32) -> Rgba {
    let (sin, cos) = f64::from(angle).sin_cos();
    let (middle, lean, chroma) = if theme.is_dark() {
        (0.76, 0.07, 0.125)
    } else {
        (0.595, 0.035, 0.135)
    };
    from_oklab([middle - lean * cos, chroma * cos, chroma * sin])
}

const CIVIDIS: [[u8; 3]; 17] = [
    [0, 34, 78],
    [0, 46, 106],
    [26, 56, 111],
    [50, 67, 109],
    [67, 78, 108],
    [83, 90, 109],
    [97, 101, 111],
    [111, 112, 115],
    [125, 124, 120],
    [140, 136, 120],
    [155, 148, 118],
    [171, 160, 114],
    [188, 174, 108],
    [205, 187, 99],
    [222, 201, 88],
    [240, 216, 70],
    [254, 232, 56],
];

const BATLOW: [[u8; 3]; 17] = [
    [1, 25, 89],
    [13, 49, 93],
    [17, 67, 96],
    [23, 82, 98],
    [34, 96, 97],
    [53, 106, 89],
    [77, 115, 77],
    [103, 123, 62],
    [130, 130, 49],
    [161, 138, 43],
    [192, 144, 54],
    [221, 149, 77],
    [242, 157, 109],
    [252, 169, 147],
    [253, 180, 182],
    [252, 192, 216],
    [250, 204, 250],
];

const VIK: [[u8; 3]; 17] = [
    [0, 18, 97],
    [2, 43, 113],
    [3, 68, 129],
    [12, 94, 146],
    [48, 125, 166],
    [97, 158, 189],
    [148, 190, 210],
    [198, 219, 230],
    [236, 229, 224],
    [233, 202, 184],
    [219, 170, 141],
    [207, 140, 102],
    [194, 112, 65],
    [178, 81, 29],
    [145, 45, 6],
    [115, 20, 6],
    [89, 0, 8],
];

#[cfg(test)]
mod tests {
    use super::*;

    const THEMES: [Theme; 3] = [Theme::Dark, Theme::Light, Theme::Print];

    #[test]
    fn what_carries_meaning_stands_out() {
        for theme in THEMES {
            let p = theme.palette();
            for c in [p.source, p.target, p.learned, p.exact, p.floor, p.chord] {
                assert!(contrast(c, p.background) >= 3.0, "{theme:?} {c:?}");
            }
            for c in [p.text, p.text_quiet] {
                assert!(contrast(c, p.background) >= 4.5, "{theme:?} {c:?}");
            }
            for i in 0..64 {
                let c = cyclic(theme, i as f32 / 64.0 * std::f32::consts::TAU);
                assert!(contrast(c, p.background) >= 3.0, "{theme:?} {i} {c:?}");
            }
        }
    }

    #[test]
    fn sequential_maps_only_grow_lighter() {
        for map in [ColorMap::Cividis, ColorMap::Batlow] {
            let lightness: Vec<f64> = (0..=64).map(|i| oklab(map.at(i as f32 / 64.0))[0]).collect();
            for (i, w) in lightness.windows(2).enumerate() {
                // one 8-bit step of a channel is worth up to 0.003 of lightness
                assert!(w[1] > w[0] - 0.003, "{map:?} falls at {i}: {} to {}", w[0], w[1]);
            }
            assert!(lightness[64] - lightness[0] > 0.5, "{map:?}");
        }
    }

    #[test]
    fn the_diverging_map_is_lightest_in_the_middle() {
        let lightness = |i: usize| oklab(ColorMap::Vik.at(i as f32 / 32.0))[0];
        for i in 0..16 {
            assert!(
                lightness(i + 1) > lightness(i) && lightness(31 - i) > lightness(32 - i),
                "at {i}"
            );
        }
    }

    #[test]
    fn the_cyclic_map_closes_and_moves_evenly() {
        for theme in THEMES {
            let n = 48;
            let at = |i: usize| oklab(cyclic(theme, i as f32 / n as f32 * std::f32::consts::TAU));
            let steps: Vec<f64> = (0..n)
                .map(|i| (0..3).map(|k| (at(i + 1)[k] - at(i)[k]).powi(2)).sum::<f64>().sqrt())
                .collect();
            let mean = steps.iter().sum::<f64>() / n as f64;
            for (i, s) in steps.iter().enumerate() {
                // clamping at the edge of sRGB shortens some steps
                assert!(
                    *s > 0.4 * mean && *s < 1.8 * mean,
                    "{theme:?}: step {i} is {s}, mean {mean}"
                );
            }
        }
    }

    #[test]
    fn oklab_turns_back() {
        for c in OKABE_ITO {
            assert_eq!(from_oklab(oklab(c)), c);
        }
    }
}
