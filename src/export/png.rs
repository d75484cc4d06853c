//! PNG files: the raster of a sheet with its resolution, title and, where there is one, its lab.

use std::borrow::Cow;
use std::io::Write;

use png::{BitDepth, ColorType, Compression, Encoder, PixelDimensions, Unit, Writer, chunk};

use super::sheet::Sheet;
use super::{FigureError, lab_within, raster};

/// The PNG file of a sheet, `pixels` wide and high, for `dpi` pixels an inch; `lab` is the text of its lab.
///
/// # Errors
/// Sizes that no file can have.
pub fn png(sheet: &Sheet, pixels: [u32; 2], dpi: f64, lab: Option<&str>) -> Result<Vec<u8>, FigureError> {
    let pixmap = raster::pixmap(sheet, pixels).ok_or(FigureError::Size(pixels[0], pixels[1]))?;
    let words = [("Title", sheet.title.as_str()), ("Description", &sheet.description)];
    encode(pixmap.take_demultiplied().as_slice(), pixels, dpi, &words, lab)
        .map_err(|e| FigureError::Encoding(e.to_string()))
}

/// The PNG file of one frame of an animation: straight colors.
///
/// # Errors
/// Sizes that no file can have.
pub fn frame(rgba: &[u8], pixels: [u32; 2], dpi: f64, lab: Option<&str>) -> Result<Vec<u8>, FigureError> {
    encode(rgba, pixels, dpi, &[], lab).map_err(|e| FigureError::Encoding(e.to_string()))
}

/// So many pixels an inch.
pub fn pixel_dims(dpi: f64) -> PixelDimensions {
    let per_meter = (dpi / 0.0254).round() as u32;
    PixelDimensions {
        xppu: per_meter,
        yppu: per_meter,
        unit: Unit::Meter,
    }
}

/// Writes the chunk that brings the lab back.
///
/// # Errors
/// The encoder's own words.
pub fn write_lab<W: Write>(writer: &mut Writer<W>, lab: Option<&str>) -> Result<(), png::EncodingError> {
    match lab {
        Some(lab) => writer.write_chunk(chunk::iTXt, &lab_within::png_chunk(lab)),
        None => Ok(()),
    }
}

fn encode(
    rgba: &[u8],
    pixels: [u32; 2],
    dpi: f64,
    words: &[(&str, &str)],
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
    encoder.set_pixel_dims(Some(pixel_dims(dpi)));
    encoder.add_text_chunk("Software".into(), "Rectiflow".into())?;
    for (key, text) in words.iter().filter(|(_, text)| !text.is_empty()) {
        encoder.add_itxt_chunk((*key).into(), (*text).into())?;
    }
    let mut writer = encoder.write_header()?;
    write_lab(&mut writer, lab)?;
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
