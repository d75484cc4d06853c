use super::*;
use crate::lab::Layers;
use crate::picture::scene::{NOTHING, Scene};
use crate::picture::stage::{StageCache, stage_picture};

/// Writes pictures to look at: `cargo test --release --lib look_at_pictures -- --ignored`.
#[test]
#[ignore = "for people: writes /tmp/paint-*.png"]
fn look_at_pictures() {
    let scene = Scene::new(2048, 32, 90, 25);
    let default = Layers::default();
    let fields = Layers {
        velocity: true,
        exact: true,
        ..NOTHING
    };
    let density = Layers {
        density: true,
        trajectories: false,
        source: false,
        target: false,
        ..default
    };
    let states = Layers {
        states: true,
        particles: false,
        source: false,
        trajectories_shown: 60,
        ..default
    };
    for theme in [Theme::Dark, Theme::Light] {
        for (name, layers, t) in [
            ("default", default, 0.45),
            ("fields", fields, 0.5),
            ("density", density, 0.8),
            ("states", states, 1.0),
        ] {
            let picture = stage_picture(&scene.input(&layers, t, theme), &mut StageCache::default());
            let bytes = png(&picture, theme, (1600, 900), 1.0).unwrap();
            std::fs::write(format!("/tmp/paint-{name}-{theme:?}.png").to_lowercase(), bytes).unwrap();
        }
    }
}

/// A little of everything, small.
fn picture(layers: &Layers, t: f64, theme: Theme) -> Picture {
    let scene = Scene::new(120, 8, 12, 9);
    let mut picture = stage_picture(&scene.input(layers, t, theme), &mut StageCache::default());
    picture.title = "Gaussian to two moons".to_owned();
    picture
}

fn small(picture: &Picture, theme: Theme) -> Vec<u8> {
    png(picture, theme, (560, 340), 1.0).unwrap()
}

/// Mean difference of two images' channels, of 255.
fn difference(a: &[u8], b: &[u8]) -> f64 {
    let [a, b] = [a, b].map(|bytes| Pixmap::decode_png(bytes).unwrap());
    assert_eq!((a.width(), a.height()), (b.width(), b.height()));
    let sum: f64 = a
        .data()
        .iter()
        .zip(b.data())
        .map(|(x, y)| f64::from(x.abs_diff(*y)))
        .sum();
    sum / a.data().len() as f64
}

#[test]
fn the_same_picture_gives_the_same_bytes() {
    let layers = Layers::default();
    let [a, b] = [0, 1].map(|_| small(&picture(&layers, 0.4, Theme::Dark), Theme::Dark));
    assert_eq!(a, b);
}

/// Set `RECTIFLOW_NEW_SNAPSHOTS=1` to write the image anew, then look at it.
#[test]
fn the_stage_looks_as_it_did() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/assets/snapshots/stage.png");
    let layers = Layers {
        velocity: true,
        ..Layers::default()
    };
    let now = small(&picture(&layers, 0.4, Theme::Light), Theme::Light);
    if std::env::var_os("RECTIFLOW_NEW_SNAPSHOTS").is_some() {
        std::fs::write(file, &now).unwrap();
    }
    let before = std::fs::read(file).unwrap();
    // other processors round some edge pixels otherwise: far below what a moved or missing mark makes
    let tolerance = 0.05;
    let got = difference(&now, &before);
    assert!(
        got <= tolerance,
        "mean channel difference {got}: if that is meant, write it anew"
    );
    let moved = small(&picture(&layers, 0.43, Theme::Light), Theme::Light);
    assert!(
        difference(&moved, &before) > 2.0 * tolerance,
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
    for theme in [Theme::Dark, Theme::Print] {
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
            let change = difference(&small(&with, theme), &small(&blank, theme));
            assert!(change > 0.02, "{name} changes {change} in {theme:?}");
            with.marks.clear();
            assert_eq!(small(&with, theme), small(&blank, theme));
        }
    }
}

#[test]
fn sizes_from_thumbnails_to_posters() {
    let one = picture(&Layers::default(), 0.5, Theme::Print);
    for (size, scale) in [((1, 1), 1.0), ((64, 48), 1.0), ((200, 300), 2.0), ((800, 200), 1.5)] {
        let bytes = png(&one, Theme::Print, size, scale).unwrap();
        let map = Pixmap::decode_png(&bytes).unwrap();
        assert_eq!(map.width(), (size.0 as f32 * scale) as u32);
        assert_eq!(map.height(), (size.1 as f32 * scale) as u32);
    }
    let fails = |size, scale| png(&one, Theme::Print, size, scale).unwrap_err();
    assert_eq!(fails((0, 9), 1.0), PngError::Size(0, 9));
    assert_eq!(fails((9000, 9), 2.0), PngError::Size(18_000, 18));
    assert_eq!(fails((9, 9), -1.0), PngError::Scale(-1.0));
    assert!(matches!(fails((9, 9), f32::NAN), PngError::Scale(_)));
}

#[test]
fn numbers_that_are_none_are_left_out() {
    use crate::picture::{Bounds, Colors, Mark, Shape};
    use std::sync::Arc;
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
        ],
        ..Picture::default()
    };
    assert!(png(&picture, Theme::Dark, (300, 200), 1.0).is_ok());
}
