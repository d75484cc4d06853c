//! A small font file with only the letters of one figure, in one weight: SVG files carry it, so that they look the same
//! where IBM Plex is not installed. Kerning is left out on purpose (see `letters.rs`).

use ab_glyph::Font as _;
use subsetter::{GlyphRemapper, Tag, subset_with_variations};
use write_fonts::FontBuilder;
use write_fonts::read::{FontRef, TableProvider as _};
use write_fonts::tables::cmap::Cmap;
use write_fonts::types::GlyphId;

use super::letters::{FONT_FILE, font};

/// The TrueType file; None where there are no letters, or where the font in the program were damaged.
pub fn subset<'a>(texts: impl Iterator<Item = &'a str>, weight: f32) -> Option<Vec<u8>> {
    let mut letters: Vec<char> = texts.flat_map(str::chars).collect();
    letters.sort_unstable();
    letters.dedup();
    if letters.is_empty() {
        return None;
    }
    let whole = font(false)?;
    let mut mapper = GlyphRemapper::new();
    let mapped: Vec<(char, GlyphId)> = letters
        .into_iter()
        .map(|c| (c, GlyphId::new(u32::from(mapper.remap(whole.glyph_id(c).0)))))
        .collect();
    let small = subset_with_variations(FONT_FILE, 0, &[(Tag::new(b"wght"), weight)], &mapper).ok()?;
    let (small, original) = (FontRef::new(&small).ok()?, FontRef::new(FONT_FILE).ok()?);
    let mut builder = FontBuilder::new();
    // what PDF does not need and browsers do: which letter is which glyph, and the metrics of lines
    builder.add_table(&Cmap::from_mappings(mapped).ok()?).ok()?;
    builder.add_raw(
        write_fonts::types::Tag::new(b"OS/2"),
        os2_of(original.os2().ok()?.offset_data().as_bytes(), weight),
    );
    builder.add_raw(write_fonts::types::Tag::new(b"post"), POST.to_vec());
    builder.copy_missing_tables(small);
    Some(builder.build())
}

/// A table of glyph names that holds none (version 3).
const POST: [u8; 32] = {
    let mut bytes = [0; 32];
    (bytes[1], bytes[9]) = (3, 0);
    bytes
};

/// The table of metrics with this weight.
fn os2_of(table: &[u8], weight: f32) -> Vec<u8> {
    let mut bytes = table.to_vec();
    if let Some(class) = bytes.get_mut(4..6) {
        class.copy_from_slice(&(weight as u16).to_be_bytes());
    }
    bytes
}

#[cfg(test)]
mod tests {
    use ab_glyph::{FontRef, ScaleFont as _};

    use super::*;
    use crate::export::letters;

    #[test]
    fn a_subset_is_small_and_sets_lines_to_the_same_width() {
        let text = "Reflow: W₂² = 0.28, 2,048 particles";
        for weight in [letters::REGULAR, letters::STRONG] {
            let file = subset([text].into_iter(), weight).expect("letters");
            assert!(file.len() < 30_000, "{} bytes", file.len());
            let small = FontRef::try_from_slice(&file).unwrap();
            let scaled = small.as_scaled(letters::px_scale(&small, 20.0));
            let wide: f32 = text.chars().map(|c| scaled.h_advance(small.glyph_id(c))).sum();
            let wanted = letters::width(text, 20.0, weight > 500.0);
            // the subset's advances are whole font units, a thousandth of an em
            assert!((wide - wanted).abs() < 0.02 * text.len() as f32, "{wide} {wanted}");
            assert!(small.outline(small.glyph_id('R')).is_some());
        }
        assert!(subset([].into_iter(), 400.0).is_none());
    }
}
