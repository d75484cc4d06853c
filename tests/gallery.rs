//! The gallery of presets: what it must hold, how it is used, and the pictures, which the ignored test makes
//! (`scripts/thumbnails.sh`).

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use eframe::egui::{Key, Modifiers, Role, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable;
use rectiflow::app::App;
use rectiflow::engine::command::BackendChoice;
use rectiflow::engine::snapshot::Snapshot;
use rectiflow::export::{FigureFormat, figure_file};
use rectiflow::flow::coupling::COUPLINGS;
use rectiflow::flow::distribution::DISTRIBUTIONS;
use rectiflow::lab::{FigureOptions, FigureSize, Lab, Origin, PRESETS, Preset, ThemeChoice, preset_picture};
use rectiflow::lab::{lab_text, parse_lab, parse_share_string, share_string};
use rectiflow::picture::studio::Studio;
use rectiflow::picture::views::{Ask, view_of};

/// Size of the pictures: three halves of a tile, for dense screens.
const SIZE: [u32; 2] = [264, 177];
/// Colors of a picture: enough for points on plain ground, and a third of the bytes.
const COLORS: usize = 96;

/// The stage that a preset's picture shows: the one that says most.
fn telling(preset: &Preset) -> usize {
    match preset.name {
        "crossing" | "inverse-model" | "euler-one"
        // their first stage shows the pairs
        | "sinkhorn" | "anti-optimal" | "sorted" | "polar-angle" | "nearest-mode" | "hand-drawn" => 1,
        "students" => 2,
        _ => 0,
    }
}

#[test]
fn it_covers_every_distribution_coupling_and_lesson() {
    assert!(PRESETS.len() >= 16);
    let labs: Vec<Lab> = PRESETS.iter().map(|p| p.lab().unwrap()).collect();
    let runs = || labs.iter().flat_map(|lab| &lab.runs);
    let ends: BTreeSet<&str> = runs()
        .flat_map(|r| [r.experiment.source.kind(), r.experiment.target.kind()])
        .collect();
    for entry in &DISTRIBUTIONS {
        assert!(ends.contains(entry.name), "no preset shows {}", entry.name);
    }
    let couplings: BTreeSet<&str> = runs().map(|r| r.experiment.coupling.name()).collect();
    for entry in &COUPLINGS {
        assert!(couplings.contains(entry.name), "no preset shows {}", entry.name);
    }
    assert!(runs().any(|r| matches!(r.origin, Origin::Reflow { .. })));
    assert!(runs().any(|r| matches!(r.origin, Origin::Distilled { .. })));
    assert!(PRESETS.iter().any(|p| p.group == "diffusion") && PRESETS.iter().any(|p| p.group == "steps"));
    assert!(PRESETS.iter().filter(|p| p.fails).count() >= 3);
}

#[test]
fn every_preset_comes_back_from_every_form() {
    for preset in &PRESETS {
        let lab = preset.lab().unwrap();
        let saved = parse_lab(&lab_text(&lab), Path::new("")).unwrap();
        assert_eq!(saved, lab, "{}: as a file", preset.name);
        let mut shared = parse_share_string(&share_string(&lab).unwrap()).unwrap();
        shared.look = lab.look;
        assert_eq!(shared, lab, "{}: as a string", preset.name);
    }
}

#[test]
fn every_preset_has_a_picture_of_its_own() {
    let mut seen: BTreeMap<Vec<u8>, &str> = BTreeMap::new();
    for preset in &PRESETS {
        for dark in [false, true] {
            let bytes = preset_picture(preset.name, dark).unwrap();
            let reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
            assert_eq!([reader.info().width, reader.info().height], SIZE, "{}", preset.name);
            if let Some(other) = seen.insert(bytes.to_vec(), preset.name) {
                panic!(
                    "{} and {other} share a picture: scripts/thumbnails.sh {}",
                    preset.name, preset.name
                );
            }
        }
    }
}

fn window(size: [f32; 2]) -> Harness<'static, App> {
    let mut app = App::still(Lab::default(), Snapshot::default());
    app.clock.playing = false;
    let mut window = Harness::builder()
        .with_size(Vec2::from(size))
        .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
    window.run_steps(3);
    window
}

fn press(window: &mut Harness<'static, App>, modifiers: Modifiers, key: Key) {
    window.key_press_modifiers(modifiers, key);
    window.run_steps(3);
}

#[test]
fn a_preset_is_found_by_typing_and_opened_by_a_key() {
    for size in [[1024.0, 640.0], [1920.0, 1080.0]] {
        let mut window = window(size);
        press(&mut window, Modifiers::COMMAND, Key::P);
        window.get_by_label("Find a preset").type_text("quarter turn");
        window.run_steps(3);
        window.get_by_role_and_label(Role::Button, "A quarter turn");
        assert!(window.query_by_role_and_label(Role::Button, "Swiss roll").is_none());
        press(&mut window, Modifiers::NONE, Key::Enter);
        assert_eq!(window.state().lab.runs[0].experiment.coupling.name(), "file");
        assert!(
            window.query_by_label("Find a preset").is_none(),
            "the gallery stayed open"
        );
    }
}

#[test]
fn arrows_choose_and_a_click_on_the_chosen_one_opens() {
    let mut window = window([1440.0, 900.0]);
    window.get_by_label("Presets").click();
    window.run_steps(3);
    press(&mut window, Modifiers::NONE, Key::ArrowRight);
    press(&mut window, Modifiers::NONE, Key::Enter);
    assert_eq!(window.state().lab.runs[0].experiment.target.kind(), "eight-gaussians");
    press(&mut window, Modifiers::COMMAND, Key::P);
    for _ in 0..2 {
        window
            .get_by_role_and_label(Role::Button, "Moons to eight Gaussians")
            .click();
        window.run_steps(3);
    }
    assert_eq!(window.state().lab.runs[0].experiment.source.kind(), "two-moons");
}

/// Makes the pictures of the presets named in `RECTIFLOW_THUMBNAILS`, of all where it is empty.
#[test]
#[ignore = "writes assets/thumbnails: scripts/thumbnails.sh"]
fn make_the_pictures() {
    let wanted = std::env::var("RECTIFLOW_THUMBNAILS").unwrap_or_default();
    let wanted: Vec<&str> = wanted.split_whitespace().collect();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/thumbnails");
    for preset in PRESETS.iter().filter(|p| wanted.is_empty() || wanted.contains(&p.name)) {
        let mut lab = preset.lab().unwrap();
        lab.stages = vec![lab.stages[telling(preset)].clone()];
        let layers = &mut lab.stages[0].layers;
        layers.trajectories_shown = layers.trajectories_shown.min(150);
        let mut studio = Studio::open(&lab, BackendChoice::Cpu, BTreeMap::new()).unwrap();
        studio.train_untrained(&mut |_| true).unwrap();
        for theme in ["light", "dark"] {
            let mut options = FigureOptions {
                size: Some(FigureSize::px(f64::from(SIZE[0]), f64::from(SIZE[1]))),
                // so large that no letters fit: the marks alone
                letters: 8.0,
                ..FigureOptions::default()
            };
            options.set_theme(theme).unwrap();
            let ask = Ask {
                theme: options.theme.into(),
                ..Ask::default()
            };
            let figure = view_of("stage")
                .unwrap()
                .figure(&mut studio, &ask, &mut |_| true)
                .unwrap();
            let bytes = figure_file(&figure, &options, FigureFormat::Png, None).unwrap();
            let path = folder.join(format!("{}-{theme}.png", preset.name));
            fs::write(&path, with_few_colors(&bytes)).unwrap();
            println!("{}", path.display());
        }
    }
}

/// The same picture with its [`COLORS`] most frequent colors.
fn with_few_colors(bytes: &[u8]) -> Vec<u8> {
    let mut reader = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    let channels = info.color_type.samples();
    let colors: Vec<[u8; 3]> = pixels.chunks(channels).map(|p| [p[0], p[1], p[2]]).collect();
    let mut counts: BTreeMap<[u8; 3], (usize, [u8; 3])> = BTreeMap::new();
    for color in &colors {
        counts.entry(color.map(|c| c >> 4)).or_insert((0, *color)).0 += 1;
    }
    let mut frequent: Vec<(usize, [u8; 3])> = counts.into_values().collect();
    frequent.sort_unstable_by(|a, b| b.cmp(a));
    let palette: Vec<[u8; 3]> = frequent.into_iter().take(COLORS).map(|(_, color)| color).collect();
    let distance = |a: [u8; 3], b: [u8; 3]| -> i32 { (0..3).map(|i| (i32::from(a[i]) - i32::from(b[i])).pow(2)).sum() };
    let nearest = |color: &[u8; 3]| {
        (0..palette.len())
            .min_by_key(|i| distance(palette[*i], *color))
            .unwrap() as u8
    };
    let indices: Vec<u8> = colors.iter().map(nearest).collect();
    let mut out = Vec::new();
    let mut encoder = png::Encoder::new(&mut out, info.width, info.height);
    encoder.set_color(png::ColorType::Indexed);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_palette(palette.concat());
    encoder.set_compression(png::Compression::High);
    encoder.set_filter(png::Filter::NoFilter);
    encoder.write_header().unwrap().write_image_data(&indices).unwrap();
    out
}

/// Images of the gallery to look at, in the folder named in `RECTIFLOW_LOOK`.
#[test]
#[ignore = "writes images: RECTIFLOW_LOOK=folder cargo test --release --test gallery -- --ignored look"]
fn look_at_the_gallery() {
    let folder = std::env::var("RECTIFLOW_LOOK").unwrap();
    for (size, theme) in [
        ([1024.0, 640.0], ThemeChoice::Dark),
        ([1024.0, 640.0], ThemeChoice::Light),
        ([1920.0, 1080.0], ThemeChoice::Dark),
        ([1920.0, 1080.0], ThemeChoice::Light),
    ] {
        let mut lab = Lab::default();
        lab.look.theme = theme;
        let mut app = App::still(lab, Snapshot::default());
        app.clock.playing = false;
        let mut window = Harness::builder()
            .with_size(Vec2::from(size))
            .wgpu()
            .build_ui_state(|ui, app: &mut App| app.frame_ui(ui), app);
        window.run_steps(3);
        press(&mut window, Modifiers::COMMAND, Key::P);
        for key in [Key::ArrowDown, Key::ArrowRight] {
            press(&mut window, Modifiers::NONE, key);
        }
        window.run_steps(6);
        let path = Path::new(&folder).join(format!("gallery-{}-{theme:?}.png", size[0]));
        window.render().unwrap().save(path).unwrap();
    }
}
