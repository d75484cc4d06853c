//! The letters of figures: IBM Plex Sans (`assets/fonts`, SIL Open Font License) in two weights, without kerning, so that the
//! raster, SVG and PDF set every line to the same width.

use std::sync::LazyLock;

use ab_glyph::{Font, FontRef, PxScale, ScaleFont, VariableFont};

/// The variable font as a file.
pub const FONT_FILE: &[u8] = include_bytes!("../../assets/fonts/IBMPlexSans.ttf");
/// Weight of usual letters.
pub const REGULAR: f32 = 400.0;
/// Weight of heavy letters.
pub const STRONG: f32 = 600.0;
/// Half the height of capitals, in em.
pub const HALF_CAPITAL: f32 = 0.349;

/// None only if the font in the program were damaged; then there are no letters.
static FONTS: LazyLock<Option<[FontRef<'static>; 2]>> = LazyLock::new(|| {
    let of = |weight: f32| {
        let mut font = FontRef::try_from_slice(FONT_FILE).ok()?;
        font.set_variation(b"wght", weight);
        Some(font)
    };
    Some([of(REGULAR)?, of(STRONG)?])
});

/// The font of a weight.
pub fn font(strong: bool) -> Option<&'static FontRef<'static>> {
    FONTS.as_ref().map(|fonts| &fonts[usize::from(strong)])
}

/// The font gives sizes from ascent to descent; `size` is the em, as everywhere else.
pub fn px_scale(font: &FontRef, size: f32) -> PxScale {
    PxScale::from(size * font.height_unscaled() / font.units_per_em().unwrap_or(1000.0))
}

/// How far each letter of a text moves the next, in the text's units.
pub fn advances(text: &str, size: f32, strong: bool) -> Vec<f32> {
    let Some(font) = font(strong) else {
        return vec![0.0; text.chars().count()];
    };
    let scaled = font.as_scaled(px_scale(font, size));
    text.chars().map(|c| scaled.h_advance(scaled.glyph_id(c))).collect()
}

/// Width of a text.
pub fn width(text: &str, size: f32, strong: bool) -> f32 {
    advances(text, size, strong).iter().sum()
}

/// The text in lines of at most this width, broken at spaces; a word that is wider stands alone.
pub fn wrap(text: &str, size: f32, strong: bool, most: f32) -> Vec<String> {
    let space = width(" ", size, strong);
    let mut lines: Vec<(String, f32)> = Vec::new();
    for word in text.split_whitespace() {
        let wide = width(word, size, strong);
        match lines.last_mut() {
            Some((line, used)) if *used + space + wide <= most => {
                line.push(' ');
                line.push_str(word);
                *used += space + wide;
            }
            _ => lines.push((word.to_owned(), wide)),
        }
    }
    lines.into_iter().map(|(line, _)| line).collect()
}

/// The text, or its beginning with an ellipsis where it is too wide.
pub fn shortened(text: &str, size: f32, strong: bool, most: f32) -> String {
    if width(text, size, strong) <= most {
        return text.to_owned();
    }
    let mut used = width("…", size, strong);
    let mut short = String::new();
    for (c, advance) in text.chars().zip(advances(text, size, strong)) {
        used += advance;
        if used > most {
            break;
        }
        short.push(c);
    }
    short.truncate(short.trim_end().len());
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heavy_letters_are_wider_and_size_is_the_em() {
        let (regular, strong) = (width("reflow", 10.0, false), width("reflow", 10.0, true));
        assert!(
            strong > regular && regular > 25.0 && strong < 40.0,
            "{regular} {strong}"
        );
        assert!((width("reflow", 20.0, false) - 2.0 * regular).abs() < 1e-3);
    }

    #[test]
    fn lines_fit_and_keep_every_word() {
        let text = "an average of chords cannot cross itself, so the flow bends";
        let lines = wrap(text, 12.0, false, 120.0);
        assert!(lines.len() > 2);
        assert_eq!(lines.join(" "), text);
        assert!(lines.iter().all(|l| width(l, 12.0, false) <= 120.0));
        let short = shortened(text, 12.0, false, 120.0);
        assert!(short.ends_with('…') && width(&short, 12.0, false) <= 120.0);
        assert_eq!(shortened("short", 12.0, false, 120.0), "short");
        assert_eq!(wrap("", 12.0, false, 10.0), Vec::<String>::new());
    }

    #[test]
    fn every_letter_that_figures_use_is_in_the_font() {
        let font = font(false).expect("the font is whole");
        for c in "azAZ09 −–·×→²₀₁₂αβγδεθλσπ|…°∞≈≤≥±½".chars() {
            assert_ne!(font.glyph_id(c).0, 0, "{c:?}");
        }
    }
}
