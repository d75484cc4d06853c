//! 10,000 damaged files for each loader: cut short, with bytes changed, taken out, doubled, or random from end to end. Every one
//! is opened whole or refused with a line of words; none stops the program.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use rand::{Rng as _, RngExt as _};
use rectiflow::engine::command::BackendChoice;
use rectiflow::export::npz::Npz;
use rectiflow::export::{FIGURE_FORMATS, figure_file, lab_within, npy, weights};
use rectiflow::flow::random::{CounterRng, Stream};
use rectiflow::lab::{
    BadInput, FigureOptions, FigureSize, Lab, decode_npy, lab_text, pairs_from_bytes, parse_lab, parse_run_file,
    parse_share_string, points_from_bytes, share_string,
};
use rectiflow::picture::studio::Studio;
use rectiflow::picture::views::{Ask, view_of};

/// Damaged files a loader.
const FILES: u64 = 10_000;

/// A whole number below `n`.
fn below(random: &mut CounterRng, n: usize) -> usize {
    random.random_range(0..n.max(1))
}

/// A damaged copy of `good`; whether it is a part from its beginning.
fn damaged(good: &[u8], number: u64) -> (Vec<u8>, bool) {
    let mut random = CounterRng::new(77, Stream::Shown, number);
    let random = &mut random;
    let len = good.len();
    match number % 8 {
        0 | 1 => (good[..below(random, len)].to_vec(), true),
        2 => {
            let mut bytes = vec![0; below(random, 400)];
            random.fill_bytes(&mut bytes);
            (bytes, false)
        }
        3 => {
            // the right beginning, then anything
            let mut bytes = good[..below(random, len.min(64))].to_vec();
            let mut rest = vec![0; below(random, 300)];
            random.fill_bytes(&mut rest);
            bytes.extend(rest);
            (bytes, false)
        }
        4 => {
            let (a, b) = (below(random, len), below(random, len));
            let mut bytes = good.to_vec();
            bytes.drain(a.min(b)..a.max(b));
            (bytes, false)
        }
        5 => {
            let (a, b) = (below(random, len), below(random, len));
            let mut bytes = good.to_vec();
            let part = good[a.min(b)..a.max(b)].to_vec();
            let at = below(random, len);
            bytes.splice(at..at, part);
            (bytes, false)
        }
        // lengths and counts lie in the first bytes, and there damage is likelier
        kind => {
            let mut bytes = good.to_vec();
            let within = if kind == 6 { len } else { len.min(200) };
            for _ in 0..=below(random, 8) {
                let at = below(random, within);
                bytes[at] = match below(random, 4) {
                    0 => 0,
                    1 => 255,
                    2 => bytes[at] ^ (1 << below(random, 8)),
                    _ => below(random, 256) as u8,
                };
            }
            (bytes, false)
        }
    }
}

/// Throws them all at a loader. `whole`: whether what a file's beginning opened as is the whole.
fn throw<T>(name: &str, good: &[u8], load: impl Fn(&[u8]) -> Result<T, BadInput>, whole: impl Fn(&T) -> bool) {
    let opened = load(good).unwrap_or_else(|e| panic!("{name}: the good file is refused: {e}"));
    assert!(whole(&opened), "{name}");
    let mut refused = 0;
    for number in 0..FILES {
        let (bytes, part) = damaged(good, number);
        let loaded = catch_unwind(AssertUnwindSafe(|| load(&bytes)));
        let Ok(loaded) = loaded else {
            panic!("{name}: file {number} stops the program")
        };
        match loaded {
            Ok(opened) => assert!(!part || whole(&opened), "{name}: half of file {number} opened"),
            Err(error) => {
                let line = error.to_string();
                assert!(!line.is_empty() && !line.contains('\n'), "{name}: {line:?}");
                refused += 1;
            }
        }
    }
    // most damage is seen; the rest hits what carries nothing, such as an image's pixels
    assert!(refused > FILES / 4, "{name}: only {refused} files are refused");
}

fn small_lab() -> (Studio, Lab) {
    let text = r#"{"network":{"hidden":[8]},"steps":4,"sampling":{"count":20,"steps":2}}"#;
    let file = parse_run_file(text, Path::new("")).unwrap();
    let mut studio = Studio::open(&Lab::of(file), BackendChoice::Cpu, BTreeMap::new()).unwrap();
    studio.train(1, 4, &mut |_| true).unwrap();
    let lab = studio.trained_lab();
    (studio, lab)
}

#[test]
fn labs_and_every_file_that_carries_one() {
    let (mut studio, lab) = small_lab();
    let text = lab_text(&lab);
    let open = |bytes: &[u8]| lab_within::open_lab(bytes, Path::new("/nowhere"));
    let whole = |opened: &Lab| lab_text(opened) == text;
    throw("lab", text.as_bytes(), open, whole);
    let figure = view_of("particles")
        .unwrap()
        .figure(&mut studio, &Ask::default(), &mut |_| true)
        .unwrap();
    let options = FigureOptions {
        size: Some(FigureSize::px(60.0, 50.0)),
        ..FigureOptions::default()
    };
    for (format, name, _) in FIGURE_FORMATS {
        throw(
            name,
            &figure_file(&figure, &options, format, Some(&text)).unwrap(),
            open,
            whole,
        );
    }
    let mut npz = Npz::default();
    npz.array("a", &[3], [1.0f32, 2.0, 3.0]);
    npz.lab(&text);
    throw("npz", &npz.finish(), open, whole);
    let mut gif = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff\x2c\0\0\0\0\x01\0\x01\0\0\x02\x02\x44\x01\0".to_vec();
    gif.extend([0x21, 0xfe]);
    for piece in lab_within::code(&text).as_bytes().chunks(255) {
        gif.push(piece.len() as u8);
        gif.extend(piece);
    }
    gif.extend([0, 0x3b]);
    throw("gif", &gif, open, whole);
    let record = lab.runs[0].record.as_ref().unwrap();
    let shape = &lab.runs[0].experiment.network;
    let metadata = [(lab_within::KEYWORD, lab_within::code(&text))];
    let file = weights::encode(shape, &record.checkpoint.ema, &metadata);
    throw("safetensors' lab", &file, open, whole);
    throw(
        "safetensors",
        &file,
        |bytes| weights::decode(bytes, shape),
        |w| *w == record.checkpoint.ema,
    );
    let string = share_string(&lab).unwrap();
    let read = |bytes: &[u8]| parse_share_string(&String::from_utf8_lossy(bytes));
    throw("share string", string.as_bytes(), read, |opened| {
        opened.stages == lab.stages
    });
}

#[test]
fn experiments_points_and_pairs() {
    let experiment = br#"{"schema_version":1,"name":"a","seed":3,"target":{"kind":"rings"},"coupling":{"kind":"minibatch-ot","batch":64},"optimizer":{"learning_rate":0.01},"sampling":{"steps":8}}"#;
    let read = |bytes: &[u8]| parse_lab(&String::from_utf8_lossy(bytes), Path::new("/nowhere"));
    throw("experiment", experiment, read, |lab| lab.runs[0].experiment.name == "a");
    let points: Vec<[f64; 2]> = (0..40).map(|i| [f64::from(i) * 0.1, 3.0 - f64::from(i)]).collect();
    let pairs: Vec<[f64; 4]> = (0..40).map(|i| [0.5, 1.0, f64::from(i), 3.0]).collect();
    let flat = |rows: &[[f64; 2]]| npy::encode(&[rows.len(), 2], rows.iter().flatten().copied());
    throw("npy points", &flat(&points), points_from_bytes, |p| *p == points);
    throw("npy", &flat(&points), decode_npy, |a| a.shape == [40, 2]);
    let file = npy::encode(&[40, 4], pairs.iter().flatten().copied());
    throw("npy pairs", &file, pairs_from_bytes, |p| *p == pairs);
    // a table that ends after a whole row, or within a number, is a table: only that it does not stop the program is asked
    let lines: Vec<String> = points.iter().map(|[x, y]| format!("{x},{y}\n")).collect();
    throw(
        "csv points",
        format!("x,y\n{}", lines.concat()).as_bytes(),
        points_from_bytes,
        |_| true,
    );
    let lines: Vec<String> = pairs
        .iter()
        .map(|p| p.map(|v| v.to_string()).join(",") + "\n")
        .collect();
    throw("csv pairs", lines.concat().as_bytes(), pairs_from_bytes, |_| true);
}
