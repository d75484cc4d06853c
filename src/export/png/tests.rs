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
