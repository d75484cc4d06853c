//! The lab within exported files: what a figure or a table was made of travels in it, trained weights included, and opening the
//! file brings it back.
//!
//! Text formats, PDF, GIF and MP4 hold a *code*: `rectiflow-lab:1:`, base64 of a zlib stream (which carries a checksum) of
//! the lab file's JSON, and `;`, so that a file cut short is told from a whole one. PNG holds the JSON itself in a compressed text
//! chunk, NPZ in a member of its own. A CSV has the lab's file beside it, `points.csv.lab.json`.

use std::io::{Cursor, Read as _, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::lab_files::text_with_files_here;
use crate::lab::{BadInput, Lab, parse_lab, read_bytes};

/// How a code begins.
const BEGINS: &str = "rectiflow-lab:1:";
/// How it ends.
const ENDS: u8 = b';';
/// Keyword of the PNG chunk.
pub const KEYWORD: &str = "rectiflow-lab";
/// Name of the NPZ member.
pub const MEMBER: &str = "rectiflow-lab.json";
/// The most bytes that a lab unfolds to: 64 runs of the largest network are fewer. More is an attack or damage.
const MOST_BYTES: u64 = 1 << 30;

/// The code of a lab file's text.
pub fn code(lab: &str) -> String {
    format!("{BEGINS}{}{}", BASE64.encode(folded(lab)), ENDS as char)
}

/// The zlib stream of a lab file's text.
fn folded(lab: &str) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // neither can fail: the sink is memory
    let _ = encoder.write_all(lab.as_bytes());
    encoder.finish().unwrap_or_default()
}

/// The content of the PNG's `iTXt` chunk: keyword, compressed, no language, UTF-8 (PNG specification 11.3.3.4).
pub fn png_chunk(lab: &str) -> Vec<u8> {
    let mut data = KEYWORD.as_bytes().to_vec();
    // end of the keyword; compressed; by zlib; neither language nor translated keyword
    data.extend([0, 1, 0, 0, 0]);
    data.extend(folded(lab));
    data
}

/// Whether bytes begin as a file that we export: anything else is read as text.
pub fn is_exported(bytes: &[u8]) -> bool {
    let text = || {
        bytes
            .get(..512.min(bytes.len()))
            .is_some_and(|b| b.windows(4).any(|w| w == b"<svg"))
    };
    [&b"\x89PNG"[..], b"%PDF", b"GIF8", b"PK\x03\x04"]
        .iter()
        .any(|magic| bytes.starts_with(magic))
        || bytes.get(4..8) == Some(b"ftyp")
        || is_safetensors(bytes)
        || text()
}

/// Whether bytes begin as a file of weights: the length of a header, then its JSON.
pub fn is_safetensors(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk::<8>().map(|b| u64::from_le_bytes(*b));
    length.is_some_and(|n| n >= 2 && n < bytes.len() as u64) && bytes.get(8) == Some(&b'{')
}

/// The file of the lab that made a CSV: beside it, since a comment in it would stop readers that know none (pandas).
pub fn beside(csv: &Path) -> PathBuf {
    let mut name = csv.file_name().unwrap_or_default().to_os_string();
    name.push(".lab.json");
    csv.with_file_name(name)
}

/// The lab of a file: within it, it itself, or beside a CSV.
///
/// # Errors
/// Unreadable, and as [`open_lab`].
pub fn open_lab_of(path: &Path) -> Result<Lab, BadInput> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let beside = beside(path);
    if is_csv(path) && beside.is_file() {
        // files of points are within it, as they are within a figure
        let text = String::from_utf8(read_bytes(&beside)?).map_err(|_| damaged());
        let lab = text
            .and_then(text_with_files_here)
            .and_then(|text| parse_lab(&text, folder));
        return lab.map_err(|e| e.within(beside.display()));
    }
    open_lab(&read_bytes(path)?, folder).map_err(|e| e.within(path.display()))
}

/// Whether a name is that of a table in text.
pub fn is_csv(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("csv"))
}

/// The lab within an exported file, or the lab or experiment that a JSON file is. Files of points lie relative to `base_dir`.
///
/// # Errors
/// A file without a lab, a damaged one, and all that a lab's file is refused for.
pub fn open_lab(bytes: &[u8], base_dir: &Path) -> Result<Lab, BadInput> {
    if is_exported(bytes) {
        let text = text_with_files_here(lab_text_within(bytes)?)?;
        return parse_lab(&text, base_dir);
    }
    let text = std::str::from_utf8(bytes).map_err(|_| {
        BadInput::new(
            "this is neither a lab nor a figure or data of ours: it is not text in UTF-8; a lab's file is JSON",
        )
    })?;
    parse_lab(text, base_dir)
}

/// The lab file's text within an exported file.
fn lab_text_within(bytes: &[u8]) -> Result<String, BadInput> {
    let found = if bytes.starts_with(b"\x89PNG") {
        in_png(bytes)?
    } else if bytes.starts_with(b"PK\x03\x04") {
        in_npz(bytes)?
    } else if bytes.starts_with(b"GIF8") {
        coded(&gif_comments(bytes))?
    } else {
        coded(bytes)?
    };
    found.ok_or_else(|| {
        BadInput::new(
            "no lab is in it: another program wrote or changed it, or it was exported without its lab; open the lab's own file",
        )
    })
}

fn damaged() -> BadInput {
    BadInput::new("the lab in it is damaged: the file was cut short or changed; export it anew")
}

/// What a zlib stream unfolds to.
fn unfolded(stream: &[u8]) -> Result<String, BadInput> {
    let mut text = String::new();
    let mut limited = ZlibDecoder::new(stream).take(MOST_BYTES);
    limited.read_to_string(&mut text).map_err(|_| damaged())?;
    if text.len() as u64 == MOST_BYTES {
        return Err(damaged());
    }
    Ok(text)
}

/// The first code in these bytes; None where there is none.
fn coded(bytes: &[u8]) -> Result<Option<String>, BadInput> {
    let at = bytes
        .windows(BEGINS.len())
        .position(|window| window == BEGINS.as_bytes());
    let Some(at) = at else { return Ok(None) };
    let body = &bytes[at + BEGINS.len()..];
    let end = body.iter().position(|&b| b == ENDS).ok_or_else(damaged)?;
    let stream = BASE64.decode(&body[..end]).map_err(|_| damaged())?;
    unfolded(&stream).map(Some)
}

/// Text chunks under our keyword, whatever their kind: other programs turn one into another.
fn in_png(bytes: &[u8]) -> Result<Option<String>, BadInput> {
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let data = at + 8..(at + 8).saturating_add(length);
        let (kind, data) = (&head[4..8], bytes.get(data).ok_or_else(damaged)?);
        at += 12 + length;
        let Some(rest) = data.strip_prefix(KEYWORD.as_bytes()).and_then(|d| d.strip_prefix(&[0])) else {
            continue;
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(|_| damaged());
        return match (kind, rest) {
            (b"tEXt", text_bytes) => text(text_bytes),
            (b"zTXt", [0, stream @ ..]) => unfolded(stream),
            (b"iTXt", [compressed, _, rest @ ..]) => {
                // past the language and the translated keyword
                let mut parts = rest.splitn(3, |&b| b == 0);
                let content = parts.nth(2).ok_or_else(damaged)?;
                if *compressed == 1 {
                    unfolded(content)
                } else {
                    text(content)
                }
            }
            _ => continue,
        }
        .map(Some);
    }
    Ok(None)
}

fn in_npz(bytes: &[u8]) -> Result<Option<String>, BadInput> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).map_err(|_| damaged())?;
    let Ok(member) = archive.by_name(MEMBER) else {
        return Ok(None);
    };
    let mut text = String::new();
    member
        .take(MOST_BYTES)
        .read_to_string(&mut text)
        .map_err(|_| damaged())?;
    Ok(Some(text))
}

/// The bytes of all comments of a GIF, one after another.
fn gif_comments(bytes: &[u8]) -> Vec<u8> {
    let mut found = Vec::new();
    let table = |flags: u8| if flags & 0x80 != 0 { 3 << ((flags & 7) + 1) } else { 0 };
    // signature, size and flags, the global table of colors
    let mut at = 13 + bytes.get(10).map_or(0, |&flags| table(flags));
    loop {
        let is_comment = match (bytes.get(at), bytes.get(at + 1)) {
            (Some(0x21), Some(&label)) => {
                at += 2;
                label == 0xfe
            }
            (Some(0x2c), _) => {
                // place and size, flags, the frame's own table, the width of its codes
                at += 10 + bytes.get(at + 9).map_or(0, |&flags| table(flags)) + 1;
                false
            }
            _ => return found,
        };
        while let Some(&length) = bytes.get(at) {
            at += 1;
            if length == 0 {
                break;
            }
            let piece = bytes.get(at..at + length as usize).unwrap_or_default();
            if is_comment {
                found.extend(piece);
            }
            at += length as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The comment blocks of a GIF: pieces of at most 255 bytes.
    fn gif_comment(lab: &str) -> Vec<u8> {
        let mut blocks = vec![0x21, 0xfe];
        for piece in code(lab).as_bytes().chunks(255) {
            blocks.push(piece.len() as u8);
            blocks.extend(piece);
        }
        blocks.push(0);
        blocks
    }

    #[test]
    fn codes_come_back_and_damage_is_told() {
        let lab = "{\"name\": \"naïve – 二\"}".repeat(50);
        let code = code(&lab);
        for around in [
            format!("<a>{code}</a>"),
            code.clone(),
            format!("{}{code}{code}", "x".repeat(999)),
        ] {
            assert_eq!(coded(around.as_bytes()).unwrap().as_deref(), Some(lab.as_str()));
        }
        assert_eq!(coded(b"nothing").unwrap(), None);
        for cut in (BEGINS.len()..code.len()).step_by(3) {
            assert!(coded(&code.as_bytes()[..cut]).is_err(), "{cut}");
        }
        for at in BEGINS.len()..code.len() - 3 {
            let mut bytes = code.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(
                coded(&bytes).map_or(true, |text| text.as_deref() == Some(&lab)),
                "byte {at}"
            );
        }
    }

    #[test]
    fn gif_comments_lie_behind_frames_too() {
        // one pixel, a table of two colors, one frame, then our comment
        let mut gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff".to_vec();
        gif.extend(b"\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0");
        let lab = "{} ".repeat(2000);
        gif.extend(gif_comment(&lab));
        gif.push(0x3b);
        assert_eq!(lab_text_within(&gif).unwrap(), lab);
        assert!(lab_text_within(&gif[..gif.len() - 9]).is_err());
    }
}
