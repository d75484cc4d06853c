use super::*;
use crate::picture::scene::{NOTHING, Scene};

const ALL: Layers = Layers {
    source: true,
    target: true,
    particles: true,
    trajectories: true,
    states: true,
    velocity: true,
    density: true,
    exact: true,
    pairs: true,
    interpolation: true,
    trajectories_shown: 20,
    ..NOTHING
};

#[test]
fn a_used_cache_changes_nothing() {
    let [a, b] = [Scene::new(30, 4, 6, 5), Scene::new(30, 5, 6, 5)];
    let fewer = Layers {
        trajectories_shown: 7,
        particles: false,
        ..ALL
    };
    let mut cache = StageCache::default();
    for theme in [Theme::Dark, Theme::Light] {
        for t in [0.0, 0.3] {
            for scene in [&a, &b, &a] {
                for layers in [&ALL, &fewer, &ALL] {
                    let input = scene.input(layers, t, theme);
                    assert_eq!(
                        stage_picture(&input, &mut cache),
                        stage_picture(&input, &mut StageCache::default())
                    );
                }
            }
        }
    }
}

#[test]
fn nothing_is_made_anew_for_the_same_input() {
    let scene = Scene::new(30, 4, 6, 5);
    let mut cache = StageCache::default();
    let mut pointers = || {
        let picture = stage_picture(&scene.input(&ALL, 0.5, Theme::Dark), &mut cache);
        let pointer = |mark: &Mark| match mark {
            Mark::Points { at, .. } | Mark::Arrows { at, .. } => id(at),
            Mark::Lines { points, .. } => id(points),
            Mark::Heat { cells, .. } => id(cells),
            Mark::Text { .. } => 0,
        };
        picture.marks.iter().map(pointer).collect::<Vec<_>>()
    };
    assert_eq!(pointers(), pointers());
}

#[test]
fn four_solver_steps_are_four_straight_pieces() {
    let scene = Scene::new(30, 4, 6, 5);
    let layers = Layers {
        trajectories: true,
        trajectories_shown: 9,
        ..NOTHING
    };
    let input = scene.input(&layers, 0.4, Theme::Dark);
    let picture = stage_picture(&input, &mut StageCache::default());
    let [
        Mark::Lines {
            points, stride, shown, ..
        },
    ] = &picture.marks[..]
    else {
        panic!("one mark of lines: {:?}", picture.marks.len());
    };
    assert_eq!((*stride, *shown), (5, 9));
    assert_eq!(points[..], input.trajectories.states[..45]);
}

#[test]
fn long_lines_keep_true_states_and_both_ends() {
    let scene = Scene::new(3, 1000, 2, 2);
    let layers = Layers {
        trajectories: true,
        ..NOTHING
    };
    let input = scene.input(&layers, 0.0, Theme::Dark);
    let picture = stage_picture(&input, &mut StageCache::default());
    let Mark::Lines { points, stride, .. } = &picture.marks[0] else {
        panic!("lines")
    };
    assert!(*stride <= LINE_STATES + 1, "{stride}");
    let states = input.trajectories.particle(1);
    let line = &points[*stride..2 * stride];
    assert!(line.iter().all(|p| states.contains(p)));
    assert_eq!((line[0], line[stride - 1]), (states[0], states[1000]));
}

#[test]
fn what_has_no_points_is_an_empty_picture() {
    let nothing = Arc::new(Vec::new());
    for times in [vec![], vec![0.0], vec![0.0, 1.0]] {
        let trajectories = Arc::new(Trajectories {
            times,
            ..Trajectories::default()
        });
        let input = StageInput {
            source: &nothing,
            target: &nothing,
            trajectories: &trajectories,
            pairs: &Arc::default(),
            path: Path::Linear,
            split: false,
            field: None,
            exact_field: None,
            exact_is_estimate: false,
            map: None,
            probe: None,
            layers: &ALL,
            t: 0.5,
            theme: Theme::Print,
            bounds: [0.0; 4],
        };
        let picture = stage_picture(&input, &mut StageCache::default());
        let empty = |m: &Mark| match m {
            Mark::Points { at, .. } => at.is_empty(),
            Mark::Lines { points, .. } => points.is_empty(),
            _ => false,
        };
        assert!(picture.marks.iter().all(empty), "{:?}", picture.marks);
    }
}
