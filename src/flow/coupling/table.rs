//! The table of the couplings: window, `--help`, `list` and README read it.

use crate::flow::table::{Entry, Form, Parameter};

const fn parameter(name: &'static str, symbol: &'static str, meaning: &'static str, form: Form) -> Parameter {
    Parameter {
        name,
        symbol,
        meaning,
        form,
    }
}

const SMALL_BATCH: Parameter = parameter(
    "batch",
    "k",
    "pairs in a group; larger groups come closer to the whole",
    Form::Count { low: 2, high: 256 },
);
const LARGE_BATCH: Parameter = parameter(
    "batch",
    "k",
    "pairs in a group; larger groups come closer to the whole",
    Form::Count { low: 64, high: 16_384 },
);
const MODEL_PARAMETERS: &[Parameter] = &[
    parameter(
        "pairs",
        "n",
        "how many pairs are made, once",
        Form::Count {
            low: 1024,
            high: 262_144,
        },
    ),
    parameter("sampler", "", "how the parent's flow is integrated", Form::Name),
    parameter("steps", "N", "solver steps", Form::Count { low: 1, high: 100 }),
    parameter(
        "real_fraction",
        "ρ",
        "share of the pairs made from the other end: real points of the end that the flow otherwise reaches",
        Form::Number { low: 0.0, high: 1.0 },
    ),
];

/// The couplings, in the order in which they are listed.
pub const COUPLINGS: [Entry; 12] = [
    Entry {
        name: "independent",
        formula: "π = p₀ ⊗ p₁",
        summary: "every source point may go with every target point",
        parameters: &[],
    },
    Entry {
        name: "exact-ot",
        formula: "min Σ |x₁ - x₀|² over a pool",
        summary: "optimal transport of one pool of points, read again and again",
        parameters: &[parameter(
            "pool",
            "n",
            "points on each side, at most 8,192",
            Form::Count { low: 256, high: 8192 },
        )],
    },
    Entry {
        name: "minibatch-ot",
        formula: "min Σ |x₁ - x₀|² in groups of k",
        summary: "optimal transport within small groups of fresh points (Tong et al. 2024)",
        parameters: &[SMALL_BATCH],
    },
    Entry {
        name: "sinkhorn",
        formula: "min ⟨π, |x₁ - x₀|²⟩ - ε H(π) in groups of k",
        summary: "entropic transport within small groups, pairs drawn from its plan (Cuturi 2013)",
        parameters: &[
            parameter(
                "epsilon",
                "ε",
                "weight of the entropy: near 0 optimal transport, large independent",
                Form::Number { low: 0.05, high: 20.0 },
            ),
            SMALL_BATCH,
        ],
    },
    Entry {
        name: "anti-optimal",
        formula: "max Σ |x₁ - x₀|² in groups of k",
        summary: "the dearest pairing within small groups: the farthest go together",
        parameters: &[SMALL_BATCH],
    },
    Entry {
        name: "sorted",
        formula: "rank of ⟨x₀, e⟩ = rank of ⟨x₁, e⟩",
        summary: "both sides sorted along one direction",
        parameters: &[
            parameter(
                "angle_degrees",
                "∠e",
                "the direction; 0 is along x, 90 along y",
                Form::Number {
                    low: -180.0,
                    high: 180.0,
                },
            ),
            LARGE_BATCH,
        ],
    },
    Entry {
        name: "polar-angle",
        formula: "rank of ∠(x₀ - E x₀) = rank of ∠(x₁ - E x₁)",
        summary: "both sides sorted by their angle about their mean",
        parameters: &[LARGE_BATCH],
    },
    Entry {
        name: "nearest-mode",
        formula: "min Σ |m(x₁) - x₀|², m the mode of x₁, in groups of k",
        summary: "each source point to the nearest mode of the target that still has room",
        parameters: &[SMALL_BATCH],
    },
    Entry {
        name: "hand",
        formula: "1/n Σᵢ δ(x₀ᵢ, x₁ᵢ)",
        summary: "pairs drawn by hand, which all other points follow; independent pairs as long as there are none",
        parameters: &[
            parameter("pairs", "", "rows of x0, y0, x1, y1", Form::Pairs),
            parameter(
                "undrawn",
                "",
                "points that no drawn pair has: \"follow\" the nearest one, or \"leave\" them out",
                Form::Name,
            ),
        ],
    },
    Entry {
        name: "file",
        formula: "1/n Σᵢ δ(x₀ᵢ, x₁ᵢ)",
        summary: "the pairs of a CSV or NPY file with the columns x0, y0, x1, y1",
        parameters: &[parameter("file", "", "four columns of numbers", Form::File)],
    },
    Entry {
        name: "model",
        formula: "(x₀, Flow(x₀))",
        summary: "reflow: source points and where another run's flow carries them (Liu et al. 2022)",
        parameters: MODEL_PARAMETERS,
    },
    Entry {
        name: "inverse-model",
        formula: "(Flow⁻¹(x₁), x₁)",
        summary: "target points and where another run's flow, run backwards, carries them",
        parameters: MODEL_PARAMETERS,
    },
];
