use std::sync::Arc;

use tiny_skia::Pixmap;

use super::*;
use crate::export::layout::sheet;
use crate::export::sheet::Item;
use crate::lab::{FigureSize, FigureTheme, Layers};
use crate::picture::color::Theme;
use crate::picture::figure::{BarPart, BarRow, Bars, Chart, ChartAxis, Content, Inset, Panel, Series};
use crate::picture::scene::{NOTHING, Scene};
use crate::picture::stage::{StageCache, stage_picture};
use crate::picture::{Bounds, Colors, Mark, Picture, Shape};

/// A little of everything, small.
fn picture(layers: &Layers, t: f64, theme: Theme) -> Picture {
    let scene = Scene::new(120, 8, 12, 9);
    let mut picture = stage_picture(&scene.input(layers, t, theme), &mut StageCache::default());
    picture.title = "Gaussian to two moons".to_owned();
    picture
}

fn options(width: f64, height: f64, theme: FigureTheme) -> FigureOptions {
    FigureOptions {
        size: Some(FigureSize::px(width, height)),
        theme,
        ..FigureOptions::default()
    }
}

fn small(picture: &Picture, theme: FigureTheme) -> Vec<u8> {
    let figure = Figure::of(picture.clone());
    figure_file(&figure, &options(560.0, 340.0, theme), FigureFormat::Png, None).unwrap()
}

/// Panels of every kind: planes with an inset, a chart, bars, and one that lacks something.
pub(crate) fn panels(theme: Theme) -> Figure {
    let plane = picture(&Layers::default(), 0.4, theme);
    let fields = picture(
        &Layers {
            velocity: true,
            density: true,
            ..NOTHING
        },
        0.4,
        theme,
    );
    let palette = theme.palette();
    let curve = |name: &str, height: f64, dashed| Series {
        name: name.into(),
        points: (1..40)
            .map(|i| [f64::from(i) * 100.0, height + 1.0 / f64::from(i)])
            .collect(),
        color: palette.learned,
        dashed,
        faint: false,
        dots: None,
    };
    let part = |name: &str, value, color| BarPart {
        name: name.into(),
        value,
        color,
    };
    Figure {
        title: "Panels of every kind".into(),
        panels: vec![
            Panel {
                inset: Some(Inset {
                    title: "one Euler step".into(),
                    picture: picture(&NOTHING, 1.0, theme),
                }),
                ..Panel::plane(plane).titled("the flow", "straight chords of unrelated points cross")
            },
            Panel::plane(fields).titled("fields & maps", "velocity <v> over density"),
            Panel {
                content: Content::Chart(Chart {
                    x: ChartAxis {
                        label: "training step".into(),
                        ..ChartAxis::default()
                    },
                    y: ChartAxis {
                        label: "loss".into(),
                        log: true,
                        ..ChartAxis::default()
                    },
                    series: vec![
                        curve("loss", 0.5, false),
                        Series {
                            color: palette.floor,
                            points: vec![[0.0, 0.5]],
                            ..curve("floor", 0.0, true)
                        },
                    ],
                }),
                ..Panel::default()
            }
            .titled("the loss", ""),
            Panel::lacking("This run has no second round: press Reflow, or run with --rounds 2.").titled("round 2", ""),
        ],
        columns: 2,
        lettered: true,
        axes: true,
        foot: Some(Bars {
            title: "budget".into(),
            mark: Some(("W2".into(), 26.0)),
            rows: vec![
                BarRow {
                    name: "first round".into(),
                    parts: vec![
                        part("floor", 131.0, palette.floor),
                        part("bending", 77.0, palette.learned),
                        part("carried", 1.0, palette.source),
                    ],
                    note: String::new(),
                },
                BarRow {
                    name: "reflow".into(),
                    parts: vec![part("carried", 37.0, palette.source)],
                    note: "straight".into(),
                },
            ],
        }),
        caption:
            "A standard Gaussian is carried to two moons by a flow that a network of three hidden layers has learned. "
                .repeat(3),
        runs: vec![1],
    }
}

/// Mean difference of two images' channels, of 255.
pub(crate) fn difference(a: &Pixmap, b: &Pixmap) -> f64 {
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    let channels = a.data().iter().zip(b.data());
    let sum: f64 = channels.map(|(x, y)| f64::from(x.abs_diff(*y))).sum();
    sum / a.data().len() as f64
}

fn decoded(bytes: &[u8]) -> Pixmap {
    Pixmap::decode_png(bytes).unwrap()
}

/// Writes figures to look at: `cargo test --release --lib look_at_figures -- --ignored`.
#[test]
#[ignore = "for people: writes /tmp/figure-*"]
fn look_at_figures() {
    for theme in [FigureTheme::Dark, FigureTheme::Print] {
        let options = FigureOptions {
            theme,
            caption: true,
            ..FigureOptions::default()
        };
        let big = Scene::new(2048, 32, 90, 25);
        let layers = Layers::default();
        let stage = stage_picture(&big.input(&layers, 0.45, theme.into()), &mut StageCache::default());
        for (name, figure) in [("panels", panels(theme.into())), ("stage", Figure::of(stage))] {
            for (format, extension, _) in FIGURE_FORMATS {
                let bytes = figure_file(&figure, &options, format, Some("rectiflow-lab-1:x")).unwrap();
                let path = format!("/tmp/figure-{name}-{theme:?}.{extension}").to_lowercase();
                std::fs::write(path, bytes).unwrap();
            }
        }
    }
}

#[test]
fn the_same_figure_gives_the_same_bytes_in_every_format() {
    for (format, name, _) in FIGURE_FORMATS {
        let options = options(900.0, 700.0, FigureTheme::Print);
        let [a, b] = [0, 1].map(|_| figure_file(&panels(Theme::Print), &options, format, Some("lab")).unwrap());
        assert!(a == b, "{name} differs from run to run");
        assert!(a.len() > 10_000);
    }
}

#[test]
fn a_low_page_gives_its_planes_the_room_of_the_bars_and_a_usual_one_keeps_both() {
    let has_bars = |figure: &Figure, options: &FigureOptions| {
        let named = |item: &Item| matches!(item, Item::Group { name, .. } if name == "bars");
        sheet(figure, options).items.iter().any(named)
    };
    let mut figure = panels(Theme::Print);
    figure.panels.truncate(2);
    // 18 x 7 cm, a strip across the page of a paper
    assert!(!has_bars(&figure, &options(680.0, 265.0, FigureTheme::Print)));
    assert!(has_bars(&figure, &options(680.0, 510.0, FigureTheme::Print)));
    let row = figure.foot.clone().unwrap().rows[0].clone();
    for rounds in 1..=8 {
        if let Some(bars) = &mut figure.foot {
            bars.rows = vec![row.clone(); rounds];
        }
        assert!(
            has_bars(&figure, &FigureOptions::default()),
            "{rounds} rounds on a page of their own"
        );
    }
}

/// Set `RECTIFLOW_NEW_SNAPSHOTS=1` to write the image anew, then look at it.
#[test]
fn the_stage_looks_as_it_did() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/snapshots/stage.png");
    let layers = Layers {
        velocity: true,
        ..Layers::default()
    };
    let now = small(&picture(&layers, 0.4, Theme::Light), FigureTheme::Light);
    if std::env::var_os("RECTIFLOW_NEW_SNAPSHOTS").is_some() {
        std::fs::write(file, &now).unwrap();
    }
    let before = decoded(&std::fs::read(file).unwrap());
    // other processors round some edge pixels otherwise: far below what a moved or missing mark makes
    let tolerance = 0.05;
    let got = difference(&decoded(&now), &before);
    assert!(
        got <= tolerance,
        "mean channel difference {got}: if that is meant, write it anew"
    );
    let moved = small(&picture(&layers, 0.43, Theme::Light), FigureTheme::Light);
    assert!(
        difference(&decoded(&moved), &before) > 2.0 * tolerance,
        "the comparison cannot fail"
    );
}

type Switch = fn(&mut Layers);

#[test]
fn every_layer_shows() {
    let switches: [(&str, Switch); 8] = [
        ("source", |l| l.source = true),
        ("target", |l| l.target = true),
        ("particles", |l| l.particles = true),
        ("trajectories", |l| l.trajectories = true),
        ("states", |l| l.states = true),
        ("velocity", |l| l.velocity = true),
        ("density", |l| l.density = true),
        ("exact", |l| l.exact = true),
    ];
    for (theme, figure_theme) in [(Theme::Dark, FigureTheme::Dark), (Theme::Print, FigureTheme::Print)] {
        let mut blank = picture(&NOTHING, 0.4, theme);
        for (name, switch) in switches {
            let mut layers = NOTHING;
            switch(&mut layers);
            let mut with = picture(&layers, 0.4, theme);
            // the marks alone must tell, so the legend's place is kept
            assert!(
                name == "trajectories" || !with.legend.is_empty(),
                "{name} has no legend"
            );
            blank.legend.clone_from(&with.legend);
            let [a, b] = [&with, &blank].map(|p| decoded(&small(p, figure_theme)));
            let change = difference(&a, &b);
            assert!(change > 0.02, "{name} changes {change} in {theme:?}");
            (with.marks, with.names) = (Vec::new(), Vec::new());
            assert_eq!(small(&with, figure_theme), small(&blank, figure_theme));
        }
    }
}

#[test]
fn sizes_from_thumbnails_to_posters_in_every_format() {
    let figures = [
        Figure::of(picture(&Layers::default(), 0.5, Theme::Print)),
        panels(Theme::Print),
        Figure::default(),
    ];
    for figure in &figures {
        for (width, height, dpi) in [
            (1.0, 1.0, 96.0),
            (64.0, 48.0, 96.0),
            (200.0, 300.0, 192.0),
            (1600.0, 200.0, 144.0),
            (90.0, 700.0, 96.0),
        ] {
            let mut options = options(width, height, FigureTheme::Print);
            (options.dpi, options.caption) = (dpi, true);
            for (format, name, _) in FIGURE_FORMATS {
                let bytes = figure_file(figure, &options, format, None).unwrap();
                if name == "png" {
                    let map = decoded(&bytes);
                    assert_eq!((map.width(), map.height()), (width as u32, height as u32));
                }
            }
        }
    }
    let fault = |edit: &dyn Fn(&mut FigureOptions)| {
        let mut options = options(800.0, 600.0, FigureTheme::Print);
        edit(&mut options);
        figure_file(&figures[0], &options, FigureFormat::Png, None).unwrap_err()
    };
    assert!(matches!(fault(&|o| o.dpi = f64::NAN), FigureError::Options(_)));
    assert!(matches!(
        fault(&|o| o.size = Some(FigureSize::px(0.0, 9.0))),
        FigureError::Options(_)
    ));
}

#[test]
fn numbers_that_are_none_are_left_out() {
    let at = Arc::new(vec![[f32::NAN, 0.0], [f32::INFINITY, 1.0], [0.0, 0.0], [1e30, -1e30]]);
    let picture = Picture {
        bounds: Bounds::of([f32::NAN, 0.0, 1.0, f32::INFINITY]),
        marks: vec![
            Mark::Points {
                at: at.clone(),
                colors: Colors::Each(Arc::new(Vec::new())),
                radius_px: 3.0,
                shape: Shape::Ring,
            },
            Mark::Lines {
                points: at.clone(),
                stride: 4,
                shown: 9,
                colors: Colors::One([255; 4]),
                width_px: 1.0,
                dashed: true,
            },
            Mark::Arrows {
                at: at.clone(),
                by: at,
                colors: Colors::One([255; 4]),
                width_px: 1.0,
                dashed: true,
            },
            Mark::Heat {
                bounds: Bounds::of([f32::NAN, 0.0, 1.0, 1.0]),
                columns: 1,
                rows: 1,
                cells: Arc::new(vec![[0; 4]]),
            },
        ],
        ..Picture::default()
    };
    for (format, name, _) in FIGURE_FORMATS {
        let bytes = figure_file(
            &Figure::of(picture.clone()),
            &options(300.0, 200.0, FigureTheme::Dark),
            format,
            None,
        );
        let text = String::from_utf8_lossy(&bytes.unwrap()).to_lowercase();
        assert!(
            name == "png" || !(text.contains("nan") && text.contains("inf ")),
            "{name}"
        );
    }
}

#[test]
fn a_transparent_figure_has_no_ground() {
    let figure = Figure::of(picture(&Layers::default(), 0.5, Theme::Print));
    let mut options = options(560.0, 340.0, FigureTheme::Print);
    let corner = |options: &FigureOptions| {
        let bytes = figure_file(&figure, options, FigureFormat::Png, None).unwrap();
        decoded(&bytes).pixels()[0].alpha()
    };
    assert_eq!(corner(&options), 255);
    options.transparent = true;
    assert_eq!(corner(&options), 0);
    let text = figure_file(&figure, &options, FigureFormat::Svg, None).unwrap();
    assert!(!String::from_utf8(text).unwrap().contains("id=\"ground\""));
}

#[test]
fn an_svg_is_text_in_named_layers() {
    let options = FigureOptions {
        caption: true,
        ..FigureOptions::default()
    };
    let bytes = figure_file(&panels(Theme::Print), &options, FigureFormat::Svg, Some("a<b&c")).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    let tree = resvg::usvg::roxmltree::Document::parse(&text).unwrap();
    let ids: Vec<&str> = tree.descendants().filter_map(|n| n.attribute("id")).collect();
    for wanted in [
        "panel-a", "panel-d", "bars", "legend", "title", "caption", "inset-0", "lacks-3",
    ] {
        assert!(ids.contains(&wanted), "{wanted} among {ids:?}");
    }
    assert!(ids.iter().any(|id| id.starts_with("particles-0")), "{ids:?}");
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), ids.len(), "every name once");
    let said: Vec<&str> = tree
        .descendants()
        .filter(|n| n.has_tag_name("text"))
        .filter_map(|n| n.text())
        .collect();
    for wanted in [
        "Panels of every kind",
        "fields & maps",
        "velocity <v> over density",
        "floor  131",
        "training step",
    ] {
        assert!(said.contains(&wanted), "{wanted} among {said:?}");
    }
    let lab = tree
        .descendants()
        .find(|n| n.tag_name().name() == "lab")
        .and_then(|n| n.text());
    assert_eq!(lab, Some(super::super::lab_within::code("a<b&c").as_str()));
}

/// The SVG as resvg draws it, with the letters of this program's font.
fn drawn(svg: &[u8]) -> Pixmap {
    let mut fonts = resvg::usvg::fontdb::Database::new();
    fonts.load_font_data(super::super::letters::FONT_FILE.to_vec());
    let settings = resvg::usvg::Options {
        fontdb: Arc::new(fonts),
        ..resvg::usvg::Options::default()
    };
    let tree = resvg::usvg::Tree::from_data(svg, &settings).unwrap();
    let size = tree.size();
    let mut map = resvg::tiny_skia::Pixmap::new(size.width() as u32, size.height() as u32).unwrap();
    resvg::render(&tree, resvg::tiny_skia::Transform::identity(), &mut map.as_mut());
    decoded(&map.encode_png().unwrap())
}

#[test]
fn an_svg_looks_as_the_png_does_up_to_antialiasing() {
    let options = FigureOptions {
        size: Some(FigureSize::px(1000.0, 1000.0)),
        caption: true,
        ..FigureOptions::default()
    };
    let file = |figure: &Figure, format| figure_file(figure, &options, format, None).unwrap();
    let figure = panels(Theme::Print);
    let png = decoded(&file(&figure, FigureFormat::Png));
    let got = difference(&drawn(&file(&figure, FigureFormat::Svg)), &png);
    // edges of letters and lines; the whole title in another place makes several times as much
    assert!(got < 0.9, "mean channel difference {got}");
    let mut other = figure;
    other.panels[1] = Panel::lacking("nothing");
    let other = difference(&drawn(&file(&other, FigureFormat::Svg)), &png);
    assert!(other > 3.0 * got, "the comparison cannot fail: {other} against {got}");
}
