//! PNG files: the raster of a sheet with its resolution, title and, where there is one, its lab.

use std::borrow::Cow;

use png::{BitDepth, ColorType, Compression, Encoder, PixelDimensions, Unit};

use super::sheet::Sheet;
use super::{FigureError, raster};

/// The keyword of the chunk that holds the lab.
pub const LAB_KEYWORD: &str = "rectiflow-lab";

/// The PNG file of a sheet, `pixels` wide and high, for `dpi` pixels an inch; `lab` is the text that brings it back.
///
/// # Errors
/// Sizes that no file can have.
pub fn png(sheet: &Sheet, pixels: [u32; 2], dpi: f64, lab: Option<&str>) -> Result<Vec<u8>, FigureError> {
    let pixmap = raster::pixmap(sheet, pixels).ok_or(FigureError::Size(pixels[0], pixels[1]))?;
    encode(pixmap.take_demultiplied().as_slice(), pixels, dpi, sheet, lab)
        .map_err(|e| FigureError::Encoding(e.to_string()))
}

fn encode(
    rgba: &[u8],
    pixels: [u32; 2],
    dpi: f64,
    sheet: &Sheet,
    lab: Option<&str>,
) -> Result<Vec<u8>, png::EncodingError> {
    let opaque = rgba.as_chunks::<4>().0.iter().all(|p| p[3] == 255);
    let bytes: Cow<[u8]> = if opaque {
        rgba.as_chunks::<4>()
            .0
            .iter()
            .flat_map(|p| [p[0], p[1], p[2]])
            .collect()
    } else {
        rgba.into()
    };
    let mut file = Vec::new();
    let mut encoder = Encoder::new(&mut file, pixels[0], pixels[1]);
    encoder.set_color(if opaque { ColorType::Rgb } else { ColorType::Rgba });
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(Compression::Balanced);
    let per_meter = (dpi / 0.0254).round() as u32;
    encoder.set_pixel_dims(Some(PixelDimensions {
        xppu: per_meter,
        yppu: per_meter,
        unit: Unit::Meter,
    }));
    encoder.add_text_chunk("Software".into(), "Rectiflow".into())?;
    if !sheet.title.is_empty() {
        encoder.add_itxt_chunk("Title".into(), sheet.title.clone())?;
    }
    if !sheet.description.is_empty() {
        encoder.add_itxt_chunk("Description".into(), sheet.description.clone())?;
    }
    if let Some(lab) = lab {
        encoder.add_text_chunk(LAB_KEYWORD.into(), lab.into())?;
    }
    let mut writer = encoder.write_header()?;
    writer.write_image_data(&bytes)?;
    writer.finish()?;
    Ok(file)
}

/// A small PNG of straight colors, for maps within SVG files.
///
/// # Errors
/// The encoder's own words.
pub fn pixels(colors: &[[u8; 4]], columns: usize) -> Result<Vec<u8>, FigureError> {
    let mut file = Vec::new();
    let rows = colors.len() / columns.max(1);
    let mut encoder = Encoder::new(&mut file, columns as u32, rows as u32);
    encoder.set_color(ColorType::Rgba);
    encoder.set_depth(BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| {
        writer.write_image_data(colors.as_flattened())?;
        writer.finish()
    });
    written.map_err(|e| FigureError::Encoding(e.to_string()))?;
    Ok(file)
}
