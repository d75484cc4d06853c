use std::collections::BTreeMap;
use std::io::Cursor;

use super::*;
use crate::engine::command::BackendChoice;
use crate::lab::Lab;
use crate::picture::views::view_of;

/// Frames of noise, of which a rectangle changes.
fn frames(count: usize, size: [u32; 2], colors: u32, holes: bool) -> Vec<Frame> {
    let pixel = |k: u32| {
        let x = (k % colors).wrapping_mul(2_654_435_761);
        [
            (x >> 24) as u8,
            (x >> 16) as u8,
            (x >> 8) as u8,
            if holes && k.is_multiple_of(7) { 0 } else { 255 },
        ]
    };
    let mut rgba: Vec<u8> = (0..size[0] * size[1]).flat_map(pixel).collect();
    let mut all = Vec::new();
    for k in 0..count {
        for y in 3..9 {
            for x in 4 + k..9 + k {
                let at = 4 * (y * size[0] as usize + x);
                rgba[at..at + 4].copy_from_slice(&pixel((x * 31 + y * 17 + k) as u32));
            }
        }
        all.push(Frame {
            size,
            rgba: rgba.clone(),
        });
    }
    all
}

fn gif_of(frames: &[Frame], fps: f64) -> Vec<u8> {
    let mut file = gif::GifFile::begin(frames[0].size, fps, Some("{}")).unwrap();
    for frame in frames {
        file.push(frame).unwrap();
    }
    file.finish().unwrap()
}

fn apng_of(frames: &[Frame], fps: f64) -> Vec<u8> {
    let mut file = apng::ApngFile::begin(frames[0].size, fps, frames.len(), 96.0, Some("{}")).unwrap();
    for frame in frames {
        file.push(frame).unwrap();
    }
    file.finish().unwrap()
}

/// What a viewer shows at each frame of a GIF, and for how many hundredths of a second: the decoder that `image` has.
fn shown(bytes: &[u8]) -> Vec<(Vec<u8>, u32)> {
    use image::AnimationDecoder as _;
    let decoder = image::codecs::gif::GifDecoder::new(Cursor::new(bytes)).unwrap();
    let all = decoder.into_frames().map(|frame| {
        let frame = frame.unwrap();
        let (ms, per) = frame.delay().numer_denom_ms();
        (frame.into_buffer().into_raw(), ms / per / 10)
    });
    all.collect()
}

#[test]
fn gif_frames_of_few_colors_come_back_to_the_bit_and_in_even_time() {
    for holes in [false, true] {
        let given = frames(7, [40, 20], 200, holes);
        let bytes = gif_of(&given, 25.0);
        let back = shown(&bytes);
        assert_eq!(back.len(), 7);
        for (i, ((pixels, delay), frame)) in back.iter().zip(&given).enumerate() {
            assert_eq!(*delay, 4, "frame {i}");
            for (a, b) in pixels.as_chunks::<4>().0.iter().zip(frame.rgba.as_chunks::<4>().0) {
                assert_eq!(a[3], b[3], "frame {i}");
                assert!(a[3] == 0 || a == b, "frame {i}: {a:?} for {b:?}");
            }
        }
        assert!(gif_of(&given, 25.0) == bytes, "other bytes");
        assert_eq!(
            crate::export::lab_within::open_lab(&bytes, Path::new("")).unwrap(),
            Lab::default()
        );
    }
}

#[test]
fn gif_frames_of_many_colors_stay_near() {
    let given = frames(3, [120, 90], 9000, false);
    for ((pixels, _), frame) in shown(&gif_of(&given, 30.0)).iter().zip(&given) {
        let far = |(a, b): (&u8, &u8)| (f64::from(*a) - f64::from(*b)).powi(2);
        let mean = pixels.iter().zip(&frame.rgba).map(far).sum::<f64>() / pixels.len() as f64;
        // noise of every color is the worst there is: 255 cells of a cube of side 256
        assert!(mean.sqrt() < 16.0, "{}", mean.sqrt());
    }
}

#[test]
fn delays_are_whole_hundredths() {
    assert_eq!([10.0, 25.0, 30.0, 50.0, 100.0].map(gif::delay), [10, 4, 3, 2, 2]);
}

/// The frames of an animated PNG laid over each other, and their delays in milliseconds.
fn apng_frames(bytes: &[u8]) -> Vec<(Vec<u8>, u32)> {
    let mut reader = ::png::Decoder::new(Cursor::new(bytes)).read_info().unwrap();
    let (width, count) = (
        reader.info().width as usize,
        reader.info().animation_control.unwrap().num_frames,
    );
    let mut canvas = vec![0; 4 * width * reader.info().height as usize];
    let mut all = Vec::new();
    for _ in 0..count {
        let mut part = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut part).unwrap();
        let control = *reader.info().frame_control().unwrap();
        let wide = 4 * control.width as usize;
        for y in 0..control.height as usize {
            let at = 4 * ((control.y_offset as usize + y) * width + control.x_offset as usize);
            canvas[at..at + wide].copy_from_slice(&part[y * wide..(y + 1) * wide]);
        }
        let ms = 1000 * u32::from(control.delay_num) / u32::from(control.delay_den);
        all.push((canvas.clone(), ms));
    }
    all
}

#[test]
fn apng_frames_come_back_to_the_bit() {
    for holes in [false, true] {
        let mut given = frames(6, [40, 20], 5000, holes);
        // one at rest
        let last = given[5].rgba.clone();
        given.push(Frame {
            size: [40, 20],
            rgba: last,
        });
        let bytes = apng_of(&given, 20.0);
        let back = apng_frames(&bytes);
        assert_eq!(back.len(), 7);
        for ((pixels, delay), frame) in back.iter().zip(&given) {
            assert!(*pixels == frame.rgba && *delay == 50);
        }
        assert!(apng_of(&given, 20.0) == bytes, "other bytes");
        assert_eq!(
            crate::export::lab_within::open_lab(&bytes, Path::new("")).unwrap(),
            Lab::default()
        );
    }
}

#[test]
fn names_ask_for_formats() {
    for (name, format) in [
        ("a.gif", Some(AnimationFormat::Gif)),
        ("b/a.APNG", Some(AnimationFormat::Apng)),
        ("a.mp4", Some(AnimationFormat::Mp4)),
        ("f-%04d.png", Some(AnimationFormat::Frames)),
        ("f-%d.png", Some(AnimationFormat::Frames)),
        ("a.png", None),
        ("100%.png", None),
        ("%04d.gif", Some(AnimationFormat::Gif)),
        ("gif", None),
    ] {
        assert_eq!(animation_format(Path::new(name)), format, "{name}");
    }
    assert_eq!(numbered(Path::new("d/f-%04d.png"), 7), Some("d/f-0007.png".into()));
}

/// A lab whose animation takes no time.
fn small_lab() -> Lab {
    let text = r#"{"network":{"hidden":[8]},"steps":20,"sampling":{"count":60,"steps":4}}"#;
    Lab::of(crate::lab::parse_run_file(text, Path::new("")).unwrap())
}

#[test]
fn a_film_of_a_view_moves_repeats_and_can_be_canceled() {
    let folder = tempfile::tempdir().unwrap();
    let options = AnimationOptions {
        fps: 10.0,
        seconds: 0.6,
        hold: 0.2,
        ..AnimationOptions::default()
    };
    let figure = FigureOptions {
        size: Some(FigureSize::px(160.0, 120.0)),
        ..FigureOptions::default()
    };
    let film = |name: &str, view: &str, over: Over, most: u64| {
        let mut studio = Studio::open(&small_lab(), BackendChoice::Cpu, BTreeMap::new()).unwrap();
        let options = AnimationOptions { over, ..options };
        let watch = &mut |p: &Progress| p.work != Work::Frames || p.done < most;
        let (view, out) = (view_of(view).unwrap(), folder.path().join(name));
        let film = FilmAsk {
            view,
            ask: &Ask::default(),
            figure: &figure,
            options: &options,
            out: &out,
            lab: Some("{}"),
        };
        animate(&mut studio, &film, watch)
    };
    for over in [Over::Flow, Over::Training] {
        for (name, view) in [("a.gif", "particles"), ("b.apng", "stage"), ("f-%04d.png", "velocity")] {
            assert_eq!(film(name, view, over, 99).unwrap(), 8);
        }
        let gif = std::fs::read(folder.path().join("a.gif")).unwrap();
        let back = shown(&gif);
        assert_eq!((back.len(), back[0].1), (8, 10));
        // it moves while it moves, and rests while it rests
        for k in 1..6 {
            assert!(back[k].0 != back[k - 1].0, "{over:?} frame {k}");
        }
        assert!(back[6].0 == back[5].0 && back[7].0 == back[5].0);
        assert_eq!(
            apng_frames(&std::fs::read(folder.path().join("b.apng")).unwrap()).len(),
            8
        );
        assert!(folder.path().join("f-0008.png").exists() && !folder.path().join("f-0009.png").exists());
        film("a.gif", "particles", over, 99).unwrap();
        assert!(
            std::fs::read(folder.path().join("a.gif")).unwrap() == gif,
            "{over:?}: other bytes"
        );
    }
    // canceled: nothing new is there, what was there stays
    for name in ["c.gif", "c.apng", "c-%d.png"] {
        let error = film(name, "particles", Over::Flow, 3).unwrap_err();
        assert!(
            matches!(error, AnimationError::Studio(StudioError::Canceled)),
            "{error}"
        );
    }
    let names = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap());
    assert!(
        names.into_iter().all(|n| !n.starts_with('c')),
        "something was left behind"
    );
    assert_eq!(film("d.gif", "loss", Over::Training, 99).unwrap(), 8);
}

#[test]
fn lengths_that_no_animation_has_are_refused() {
    let frames = |fps, seconds, hold| {
        let options = AnimationOptions {
            fps,
            seconds,
            hold,
            over: Over::Flow,
        };
        options.frames()
    };
    assert_eq!(frames(25.0, 4.0, 1.0), Ok((100, 25)));
    for (fps, seconds, hold) in [
        (0.0, 4.0, 1.0),
        (f64::NAN, 1.0, 1.0),
        (25.0, 1e9, 0.0),
        (25.0, 0.0, 0.0),
        (25.0, -1.0, 9.0),
        (25.0, 1.0, -9.0),
        (25.0, f64::NAN, 0.0),
    ] {
        assert!(frames(fps, seconds, hold).is_err(), "{fps} {seconds} {hold}");
    }
}
