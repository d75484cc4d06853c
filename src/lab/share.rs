//! Share strings: a lab's settings as one line of text that survives mails, chats and notes.
//!
//! `rectiflow1:` and base64url (RFC 4648, without padding) of a zlib stream (RFC 1950, which carries a checksum) of the lab's JSON
//! without what would be long or is the reader's own business: trained parameters, loss curves, the window's look.

use std::io::{Read as _, Write as _};
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;

use super::file::to_value;
use super::presets::own_file;
use super::{BadInput, ClockSettings, Experiment, Lab, RoundSettings, parse_lab};
use crate::flow::coupling::Coupling;
use crate::flow::distribution::Distribution;

/// What every share string begins with, before its version.
const NAME: &str = "rectiflow";
/// The version of the string's form (the lab within has a version of its own).
const FORM: &str = "1";
/// The most bytes of JSON within a string: 64 runs and 4 stages are far fewer. What would unfold to more is no lab.
const MOST_BYTES: u64 = 8 << 20;

/// The share string of a lab's settings.
///
/// # Errors
/// A lab whose points or pairs lie in a file of this machine: nobody else could open the string.
pub fn share_string(lab: &Lab) -> Result<String, BadInput> {
    if let Some(file) = lab.runs.iter().find_map(|run| file_of(&run.experiment)) {
        return Err(BadInput::new(format!(
            "this lab reads {file}, which a share string cannot carry; save the lab and send both files"
        )));
    }
    let mut value = to_value(lab);
    if let Some(object) = value.as_object_mut() {
        object.remove("look");
        // what is as usual is not worth letters
        for (key, usual) in [
            ("rounds", to_value(&RoundSettings::default())),
            ("clock", to_value(&ClockSettings::default())),
        ] {
            if object.get(key) == Some(&usual) {
                object.remove(key);
            }
        }
    }
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // neither can fail: the sink is memory
    let _ = encoder.write_all(value.to_string().as_bytes());
    let bytes = encoder.finish().unwrap_or_default();
    Ok(format!("{NAME}{FORM}:{}", BASE64URL.encode(bytes)))
}

/// The file that an experiment reads, if any.
fn file_of(experiment: &Experiment) -> Option<String> {
    let distribution = |d: &Distribution| match d {
        Distribution::Points(points) if own_file(&points.file).is_none() => Some(points.file.clone()),
        _ => None,
    };
    let coupling = match &experiment.coupling {
        Coupling::File(given) if own_file(&given.file).is_none() => Some(given.file.clone()),
        _ => None,
    };
    distribution(&experiment.source)
        .or_else(|| distribution(&experiment.target))
        .or(coupling)
}

/// Whether a text means to be a share string: mistakes in it are then told as such.
pub fn is_share_string(text: &str) -> bool {
    let text = text.trim_start();
    let form = text
        .get(..NAME.len())
        .is_some_and(|name| name.eq_ignore_ascii_case(NAME));
    form && text[NAME.len()..]
        .split_once(':')
        .is_some_and(|(version, _)| !version.is_empty() && version.chars().all(|c| c.is_ascii_digit()))
}

/// The lab of a share string. White space within is left out: mails wrap lines.
///
/// # Errors
/// What is no share string, one of a newer form, one that was cut off or changed, and all that a lab's file is refused for.
pub fn parse_share_string(text: &str) -> Result<Lab, BadInput> {
    let whole: String = text.split_whitespace().collect();
    if !is_share_string(&whole) {
        return Err(BadInput::new(format!(
            "this is no share string: one is a line of text that begins with {NAME}{FORM}: and comes from Copy share string or `rectiflow share`"
        )));
    }
    let (version, body) = whole[NAME.len()..].split_once(':').unwrap_or_default();
    if version != FORM {
        return Err(BadInput::new(format!(
            "this share string has form {version}, where this Rectiflow reads form {FORM}: update Rectiflow to open it"
        )));
    }
    let damaged = || {
        BadInput::new(
            "this share string is damaged: it was cut off or changed on its way; copy the whole line again".to_owned(),
        )
    };
    let bytes = BASE64URL.decode(body.trim_end_matches('=')).map_err(|_| damaged())?;
    let mut json = String::new();
    ZlibDecoder::new(&bytes[..])
        .take(MOST_BYTES + 1)
        .read_to_string(&mut json)
        .map_err(|_| damaged())?;
    if json.len() as u64 > MOST_BYTES {
        return Err(damaged());
    }
    parse_lab(&json, Path::new("")).map_err(|e| e.within("the share string"))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::lab::{Look, Origin, PRESETS, Stage, ThemeChoice};

    fn said(text: &str) -> String {
        parse_share_string(text).unwrap_err().to_string()
    }

    #[test]
    fn every_preset_comes_back() {
        for preset in &PRESETS {
            let lab = Lab {
                look: Look::default(),
                ..preset.lab().unwrap()
            };
            let text = share_string(&lab).unwrap();
            assert!(text.is_ascii() && !text.contains(char::is_whitespace), "{text}");
            assert!(text.len() < 3000, "{} takes {} letters", preset.name, text.len());
            assert_eq!(parse_share_string(&text).unwrap(), lab, "{}", preset.name);
        }
    }

    #[test]
    fn rounds_and_stages_come_back_and_the_look_stays_at_home() {
        let mut lab = Lab::default();
        let mut second = lab.runs[0].clone();
        second.id = 4;
        second.origin = Origin::Reflow {
            parent: 1,
            from_parent: true,
        };
        second.experiment.seed = u64::MAX;
        second.experiment.name = "naïve – 二".into();
        lab.runs.push(second);
        lab.stages.push(Stage {
            run: 4,
            caption: "b".into(),
            ..Stage::default()
        });
        (lab.compare.on, lab.compare.focus) = (true, 1);
        lab.probe.at = Some([0.1, -2.5]);
        lab.look.theme = ThemeChoice::Light;
        let back = parse_share_string(&share_string(&lab).unwrap()).unwrap();
        assert_eq!(back.look, Look::default());
        lab.look = Look::default();
        assert_eq!(back, lab);
    }

    #[test]
    fn wrapped_lines_are_read() {
        let lab = Lab::default();
        let text = share_string(&lab).unwrap();
        let (head, tail) = text.split_at(60);
        assert_eq!(parse_share_string(&format!("  {head}\r\n {tail}==\n")).unwrap(), lab);
    }

    #[test]
    fn bad_strings_say_what_is_wrong() {
        let good = share_string(&Lab::default()).unwrap();
        assert!(said("").contains("begins with rectiflow1:"));
        assert!(said("hello").contains("begins with rectiflow1:"));
        assert!(said("{\"steps\": 3}").contains("begins with rectiflow1:"));
        assert!(said("rectiflow2:abc").contains("update Rectiflow"));
        assert!(said("rectiflow1:").contains("damaged"));
        assert!(said("rectiflow1:%%%").contains("damaged"));
        for cut in (11..good.len()).step_by(7) {
            assert!(said(&good[..cut]).contains("damaged"), "{cut}");
        }
        // every letter matters: one that is changed is noticed
        for at in (11..good.len()).step_by(5) {
            let mut letters: Vec<u8> = good.clone().into_bytes();
            letters[at] = if letters[at] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(letters).unwrap();
            if let Ok(lab) = parse_share_string(&changed) {
                panic!("letter {at} was changed, and it opened: {lab:?}");
            }
        }
        let of = |json: &str| {
            let mut encoder = ZlibEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(json.as_bytes()).unwrap();
            format!("rectiflow1:{}", BASE64URL.encode(encoder.finish().unwrap()))
        };
        assert!(said(&of("{\"schema_version\": 99}")).contains("newer Rectiflow"));
        assert!(said(&of("{\"stepz\": 1}")).contains("steps"));
        // a small string that would fill the memory
        assert!(said(&of(&" ".repeat(MOST_BYTES as usize + 10))).contains("damaged"));
    }

    #[test]
    fn files_of_this_machine_are_not_shared() {
        let mut lab = Lab::default();
        let points = crate::flow::distribution::Points {
            file: "/home/me/cloud.csv".into(),
            points: Arc::new(vec![[0.0, 1.0]]),
        };
        lab.runs[0].experiment.target = Arc::new(Distribution::Points(points));
        assert!(share_string(&lab).unwrap_err().to_string().contains("cloud.csv"));
    }
}
