use super::modes::Modes;
use super::*;
use crate::flow::close::assert_close;

fn stream() -> PairStream {
    PairStream {
        source: Arc::new(Distribution::default()),
        target: Arc::new(Distribution::default_of("two-moons").unwrap()),
        coupling: Coupling::Independent,
        seed: 7,
        finite: None,
    }
}

#[test]
fn the_table_names_every_coupling() {
    for entry in &COUPLINGS {
        let coupling = Coupling::default_of(entry.name).unwrap_or_else(|| panic!("{}", entry.name));
        assert_eq!(coupling.name(), entry.name);
        let json = serde_json::to_value(&coupling).unwrap();
        let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let parameters = entry.parameters.iter().map(|p| p.name);
        assert_eq!(keys, std::iter::once("kind").chain(parameters).collect::<Vec<_>>());
        assert_eq!(coupling.validate().is_ok(), entry.name != "file", "{}", entry.name);
    }
    assert!(serde_json::from_value::<Coupling>(serde_json::json!({"kind": "hand", "pool": 3})).is_err());
}

#[test]
fn blocks_are_whole_batches() {
    for (batch, len) in [
        (512, 65_536),
        (500, 65_500),
        (65_536, 65_536),
        (70_000, 70_000),
        (1, 65_536),
    ] {
        assert_eq!(PairStream::block_len(batch), len);
        assert_eq!(PairStream::steps_per_block(batch), len / batch);
    }
}

#[test]
fn a_block_is_the_same_on_any_number_of_threads() {
    let want = stream().block(3, 20_000);
    for threads in [1, 2, 8] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        assert_eq!(pool.install(|| stream().block(3, 20_000)), want, "{threads} threads");
    }
    assert_ne!(stream().block(2, 20_000), want);
    let other = PairStream { seed: 8, ..stream() };
    assert_ne!(other.block(3, 20_000), want);
}

#[test]
fn pair_i_of_block_n_is_draw_n_len_plus_i() {
    let pairs = stream().block(2, 1000);
    let source = stream().source.samples(7, Stream::Source, 3000);
    let target = stream().target.samples(7, Stream::Target, 3000);
    for (i, p) in pairs.iter().enumerate() {
        assert_eq!([[p[0], p[1]], [p[2], p[3]]], [source[2000 + i], target[2000 + i]]);
    }
}

/// Every coupling keeps both marginals; the independent one has no covariance between the two besides.
#[test]
fn the_marginals_are_kept_and_the_sides_are_uncorrelated() {
    let pairs = stream().block(0, 65_536);
    let n = pairs.len() as f64;
    let (source, target) = (stream().source.moments(), stream().target.moments());
    let mean = [source.mean[0], source.mean[1], target.mean[0], target.mean[1]];
    let (s, t) = (source.covariance, target.covariance);
    let want = |j: usize, k: usize| match (j / 2, k / 2) {
        (0, 0) => s[j][k],
        (1, 1) => t[j - 2][k - 2],
        _ => 0.0,
    };
    for j in 0..4 {
        let got = pairs.iter().map(|p| f64::from(p[j])).sum::<f64>() / n;
        // 5 standard errors
        let tolerance = 5.0 * (want(j, j) / n).sqrt();
        assert_close(&[got], &[mean[j]], tolerance, &format!("mean {j}"));
        for k in 0..4 {
            let product = |p: &Pair| (f64::from(p[j]) - mean[j]) * (f64::from(p[k]) - mean[k]);
            let got = pairs.iter().map(product).sum::<f64>() / n;
            // a product of two such coordinates varies by at most sqrt(3 var var) (kurtosis of a normal law, or less)
            let tolerance = 5.0 * (3.0 * want(j, j) * want(k, k) / n).sqrt();
            assert_close(&[got], &[want(j, k)], tolerance, &format!("covariance {j} {k}"));
        }
    }
}

fn paired(kind: serde_json::Value) -> PairStream {
    PairStream {
        coupling: serde_json::from_value(kind).unwrap(),
        ..stream()
    }
}

/// The couplings that pair fresh points, with groups that do not fill a block.
fn fresh() -> Vec<PairStream> {
    use serde_json::json;
    [
        json!({"kind": "minibatch-ot", "batch": 48}),
        json!({"kind": "minibatch-ot", "batch": 300}),
        json!({"kind": "anti-optimal", "batch": 48}),
        json!({"kind": "sorted", "angle_degrees": 30, "batch": 700}),
        json!({"kind": "polar-angle", "batch": 700}),
        json!({"kind": "nearest-mode", "batch": 48}),
    ]
    .map(paired)
    .to_vec()
}

fn sorted_side(pairs: &[Pair], side: usize) -> Vec<[u32; 2]> {
    let mut points: Vec<[u32; 2]> = pairs
        .iter()
        .map(|p| [p[side].to_bits(), p[side + 1].to_bits()])
        .collect();
    points.sort_unstable();
    points
}

fn mean_cost(pairs: &[Pair]) -> f64 {
    let cost = |p: &Pair| f64::from(p[2] - p[0]).powi(2) + f64::from(p[3] - p[1]).powi(2);
    pairs.iter().map(cost).sum::<f64>() / pairs.len() as f64
}

/// Both marginals are kept to the last bit: each group holds the points of the independent draws, paired otherwise.
#[test]
fn every_group_is_a_permutation_of_the_independent_draws() {
    let independent = stream().block(1, 2100);
    for stream in fresh() {
        let name = stream.coupling.name();
        let pairs = stream.block(1, 2100);
        let batch = serde_json::to_value(&stream.coupling).unwrap()["batch"]
            .as_u64()
            .unwrap() as usize;
        for (group, (got, want)) in pairs.chunks(batch).zip(independent.chunks(batch)).enumerate() {
            for side in [0, 2] {
                assert_eq!(sorted_side(got, side), sorted_side(want, side), "{name} group {group}");
            }
            assert_ne!(got, want, "{name} group {group} is not paired");
        }
        for threads in [1, 2, 5] {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            assert_eq!(
                pool.install(|| stream.block(1, 2100)),
                pairs,
                "{name} on {threads} threads"
            );
        }
    }
}

#[test]
fn kinds_do_what_they_say() {
    use serde_json::json;
    let cost = |kind| mean_cost(&paired(kind).block(0, 1024));
    let small = cost(json!({"kind": "minibatch-ot", "batch": 16}));
    let large = cost(json!({"kind": "minibatch-ot", "batch": 512}));
    let independent = mean_cost(&stream().block(0, 1024));
    let dear = cost(json!({"kind": "anti-optimal", "batch": 16}));
    let modes = cost(json!({"kind": "nearest-mode", "batch": 128}));
    assert!(large < small && small < modes && modes < independent && independent < dear);
    let by = |kind, key: fn(&Pair) -> [f32; 2]| {
        let mut keys: Vec<[f32; 2]> = paired(kind).block(0, 512).iter().map(key).collect();
        keys.sort_unstable_by(|a, b| a[0].total_cmp(&b[0]));
        assert!(keys.is_sorted_by(|a, b| a[1] <= b[1]), "ranks differ");
    };
    by(json!({"kind": "sorted", "angle_degrees": 90, "batch": 512}), |p| {
        [p[1], p[3]]
    });
    let one = paired(json!({"kind": "exact-ot", "pool": 300}));
    let pairs = finite_pairs(&one.source, &one.target, &one.coupling, 7, Watch::unwatched());
    let pairs = pairs.unwrap().unwrap();
    let pool = stream().block(0, 300);
    for side in [0, 2] {
        assert_eq!(sorted_side(&pairs, side), sorted_side(&pool, side));
    }
    let batch = paired(json!({"kind": "minibatch-ot", "batch": 300})).block(0, 300);
    assert_close(
        &[mean_cost(&pairs)],
        &[mean_cost(&batch)],
        1e-6,
        "exact-ot against one group",
    );
}

/// The plan's draws keep the law of x1: each target point is used once on average. A large epsilon is the independent
/// coupling, a small one the optimal.
#[test]
fn entropic_pairs_keep_both_marginals() {
    use serde_json::json;
    let entropic = |epsilon: f64| paired(json!({"kind": "sinkhorn", "epsilon": epsilon, "batch": 32}));
    let pairs = entropic(0.5).block(0, 16_384);
    let independent = stream().block(0, 16_384);
    assert_eq!(sorted_side(&pairs, 0), sorted_side(&independent, 0));
    let n = pairs.len() as f64;
    let target = stream().target.moments();
    for k in 0..2 {
        let values = || pairs.iter().map(|p| f64::from(p[2 + k]) - target.mean[k]);
        let (mean, variance) = (values().sum::<f64>() / n, values().map(|x| x * x).sum::<f64>() / n);
        let var = target.covariance[k][k];
        // x1 repeats up to a few times: 5 standard errors, of twice the variance of independent draws
        assert_close(&[mean], &[0.0], 5.0 * (2.0 * var / n).sqrt(), "mean of x1");
        assert_close(
            &[variance],
            &[var],
            5.0 * (4.0 * var * var / n).sqrt(),
            "variance of x1",
        );
    }
    let optimal = mean_cost(&paired(json!({"kind": "minibatch-ot", "batch": 32})).block(0, 4096));
    let costs = [0.01, 0.5, 5.0].map(|epsilon| mean_cost(&entropic(epsilon).block(0, 4096)));
    assert!(optimal * 0.99 < costs[0] && costs[0] < costs[1] && costs[1] < costs[2]);
    assert_close(&[costs[0]], &[optimal], 0.05 * optimal, "small epsilon");
    let free = mean_cost(&entropic(1e5).block(0, 4096));
    assert_close(&[free], &[mean_cost(&independent)], 0.1 * free, "large epsilon");
}

#[test]
fn a_finite_set_is_used_whole_in_each_pass() {
    let pairs: Vec<Pair> = (0..300).map(|i| [i as f32, 0.0, 1.0, 2.0]).collect();
    let finite = PairStream {
        finite: Some(Arc::new(pairs.clone())),
        ..stream()
    };
    // blocks longer and shorter than the set
    let long: Vec<Pair> = (0..3).flat_map(|n| finite.block(n, 1000).to_vec()).collect();
    let short: Vec<Pair> = (0..30).flat_map(|n| finite.block(n, 100).to_vec()).collect();
    assert_eq!(long, short);
    let mut before = Vec::new();
    for pass in long.chunks_exact(300) {
        assert_ne!(pass, before, "the order is another in each pass");
        assert_eq!(sorted_side(pass, 0), sorted_side(&pairs, 0));
        before = pass.to_vec();
    }
    let one = PairStream {
        finite: Some(Arc::new(vec![[1.0; 4]])),
        ..stream()
    };
    assert_eq!(*one.block(5, 70), vec![[1.0; 4]; 70]);
}

#[test]
fn the_first_pairs_are_those_of_training() {
    for stream in fresh() {
        let block = stream.block(0, 65_536);
        for count in [1, 100, 3000] {
            assert_eq!(
                *stream.first(count),
                block[..count],
                "{} of {}",
                count,
                stream.coupling.name()
            );
        }
    }
    let pairs: Arc<Vec<Pair>> = Arc::new((0..300).map(|i| [i as f32, 0.0, 1.0, 2.0]).collect());
    let finite = PairStream {
        finite: Some(Arc::clone(&pairs)),
        ..stream()
    };
    assert!(Arc::ptr_eq(&finite.first(300), &pairs), "whole and in order");
    assert_eq!(*finite.first(200), finite.block(0, 65_536)[..200]);
}

#[test]
fn given_pairs_are_taken_as_they_are() {
    let pairs = Arc::new(vec![[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]);
    let file = Coupling::with_file("pairs.csv", Arc::clone(&pairs));
    let undrawn = Undrawn::Leave;
    let hand = Coupling::Hand(HandPairs { pairs, undrawn });
    let (source, target) = (stream().source, stream().target);
    for coupling in [file, hand] {
        let got = finite_pairs(&source, &target, &coupling, 1, Watch::unwatched()).unwrap();
        assert_eq!(*got.unwrap(), [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]);
    }
    let none = Coupling::Hand(HandPairs::default());
    assert_eq!(finite_pairs(&source, &target, &none, 1, Watch::unwatched()), Ok(None));
}

/// Drawn pairs lead the rest: each group is a permutation of the independent draws, and what begins near a drawn start ends
/// near its end.
#[test]
fn the_rest_follows_the_drawn_pairs() {
    use serde_json::json;
    // the moons lie the other way around
    let drawn = [[-1.0, 0.0, 1.0, 0.0], [1.0, 0.0, -1.0, 0.5]];
    let stream = paired(json!({"kind": "hand", "pairs": drawn}));
    let none = finite_pairs(&stream.source, &stream.target, &stream.coupling, 1, Watch::unwatched());
    assert_eq!(none, Ok(None), "they are not the only pairs");
    let len = drawn::BATCH * 40 + 30;
    let (got, want) = (stream.block(1, len), super::tests::stream().block(1, len));
    let size = drawn::BATCH as usize;
    for (got, want) in got.chunks(size).zip(want.chunks(size)) {
        for side in [0, 2] {
            assert_eq!(sorted_side(got, side), sorted_side(want, side));
        }
    }
    let off = |p: &Pair, drawn: &[f64; 4], end: usize| {
        (f64::from(p[end]) - drawn[end]).hypot(f64::from(p[end + 1]) - drawn[end + 1])
    };
    for drawn in &drawn {
        let mean = |pairs: &[Pair]| {
            let near: Vec<f64> = pairs
                .iter()
                .filter(|p| off(p, drawn, 0) < 0.3)
                .map(|p| off(p, drawn, 2))
                .collect();
            near.iter().sum::<f64>() / near.len() as f64
        };
        let (led, free) = (mean(&got), mean(&want));
        assert!(led < 0.4 * free, "{led} of {free}");
    }
    // one pair alone leads the points around it
    let one = paired(json!({"kind": "hand", "pairs": [[0.0, 0.0, 1.0, -0.5]]})).block(0, 4096);
    let ends = |least: f64, most: f64| {
        let start = |p: &&Pair| (least..most).contains(&f64::from(p[0]).hypot(f64::from(p[1])));
        let near: Vec<f64> = one
            .iter()
            .filter(start)
            .map(|p| (f64::from(p[2]) - 1.0).hypot(f64::from(p[3]) + 0.5))
            .collect();
        near.iter().sum::<f64>() / near.len() as f64
    };
    assert!(ends(0.0, 0.5) < 0.5 * ends(1.0, 2.0));
}

#[test]
fn modes_are_what_one_sees() {
    let count = |kind: &str| Modes::of(&Distribution::default_of(kind).unwrap()).count();
    let counts = [
        "gaussian",
        "eight-gaussians",
        "two-moons",
        "rings",
        "two-spirals",
        "two-clusters",
    ]
    .map(count);
    assert_eq!(counts[..3], [1, 8, 2]);
    assert_eq!(counts[5], 2);
    let eight = Distribution::default_of("eight-gaussians").unwrap();
    let points = Arc::new(eight.samples_f64(1, Stream::Test, 2000));
    assert_eq!(Modes::of(&Distribution::with_points("p", points)).count(), 8);
}

#[test]
fn bad_parameters_name_the_limit() {
    use serde_json::json;
    for (kind, word) in [
        (json!({"kind": "exact-ot", "pool": 10_000}), "8192"),
        (json!({"kind": "minibatch-ot", "batch": 0}), "batch"),
        (json!({"kind": "sinkhorn", "epsilon": 0.0}), "epsilon"),
        (json!({"kind": "sorted", "angle_degrees": 1e9}), "angle_degrees"),
        (json!({"kind": "model", "real_fraction": 1.5}), "real_fraction"),
        (json!({"kind": "inverse-model", "steps": 0}), "steps"),
        (json!({"kind": "hand", "pairs": [[0.0, 0.0, 0.0, 1e9]]}), "row 0"),
    ] {
        let coupling: Coupling = serde_json::from_value(kind).unwrap();
        let said = coupling.validate().unwrap_err();
        assert!(said.contains(word), "{said}");
    }
}

#[test]
#[ignore = "a measurement, not a test"]
fn speed() {
    for coupling in COUPLINGS.iter().filter_map(|e| Coupling::default_of(e.name)) {
        let stream = PairStream { coupling, ..stream() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let start = std::time::Instant::now();
        pool.install(|| stream.block(0, 65_536));
        let secs = start.elapsed().as_secs_f64();
        println!("{}: {:.1} ms a block on one thread", stream.coupling.name(), secs * 1e3);
    }
    for batch in [16, 32, 64, 128, 192, 256, 384, 512] {
        let stream = paired(serde_json::json!({"kind": "minibatch-ot", "batch": batch}));
        let groups = (8192 / batch) as f64;
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
        let start = std::time::Instant::now();
        pool.install(|| stream.block(0, 8192));
        let dense = start.elapsed().as_secs_f64() / groups;
        let a = stream.source.samples_f64(1, Stream::Source, batch as usize);
        let b = stream.target.samples_f64(1, Stream::Target, batch as usize);
        let start = std::time::Instant::now();
        for _ in 0..20 {
            super::super::transport::assign(&a, &b).unwrap();
        }
        let lists = start.elapsed().as_secs_f64() / 20.0;
        println!(
            "groups of {batch}: {:.1} us here, {:.1} us by lists",
            dense * 1e6,
            lists * 1e6
        );
    }
}
