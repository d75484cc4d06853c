//! The table of the kinds: window, `--help`, `list` and README read it.

use crate::flow::table::{Entry, Form, Parameter};

const fn number(name: &'static str, symbol: &'static str, meaning: &'static str, low: f64, high: f64) -> Parameter {
    let form = Form::Number { low, high };
    Parameter {
        name,
        symbol,
        meaning,
        form,
    }
}

const fn count(name: &'static str, symbol: &'static str, meaning: &'static str, low: u32, high: u32) -> Parameter {
    let form = Form::Count { low, high };
    Parameter {
        name,
        symbol,
        meaning,
        form,
    }
}

const fn other(name: &'static str, symbol: &'static str, meaning: &'static str, form: Form) -> Parameter {
    Parameter {
        name,
        symbol,
        meaning,
        form,
    }
}

const PLACE: Form = Form::Point { low: -5.0, high: 5.0 };

/// The kinds of distribution, in the order in which they are listed.
pub const DISTRIBUTIONS: [Entry; 15] = [
    Entry {
        name: "gaussian",
        formula: "N(μ, σ² I)",
        summary: "one Gaussian, round or with a covariance matrix",
        parameters: &[
            other("mean", "μ", "where its middle lies", PLACE),
            number("std", "σ", "standard deviation of each coordinate", 0.1, 3.0),
            other(
                "covariance",
                "Σ",
                "2 x 2 matrix; if given, std is ignored",
                Form::Matrix,
            ),
        ],
    },
    Entry {
        name: "mixture",
        formula: "Σₖ wₖ N(μₖ, σₖ² I)",
        summary: "any number of round Gaussians; weights are normalized",
        parameters: &[
            other("weights", "wₖ", "one positive weight for each component", Form::Numbers),
            other("means", "μₖ", "one mean for each component", Form::Points),
            other("stds", "σₖ", "one standard deviation for each component", Form::Numbers),
        ],
    },
    Entry {
        name: "eight-gaussians",
        formula: "1/8 Σₖ N(r (cos kπ/4, sin kπ/4), σ² I)",
        summary: "eight Gaussians evenly on a circle",
        parameters: &[
            number("radius", "r", "radius of the circle", 1.0, 6.0),
            number("std", "σ", "standard deviation of each", 0.05, 1.5),
        ],
    },
    Entry {
        name: "two-moons",
        formula: "k (arc + ε n) + b",
        summary: "two half circles that interlock (scikit-learn's make_moons)",
        parameters: &[
            number(
                "noise",
                "ε",
                "standard deviation of the noise, before scaling",
                0.0,
                0.3,
            ),
            number("scale", "k", "factor of the whole shape", 0.5, 4.0),
            other(
                "shift",
                "b",
                "added last: a number for both coordinates, or a point",
                Form::NumberOrPoint { low: -5.0, high: 5.0 },
            ),
        ],
    },
    Entry {
        name: "rings",
        formula: "(r j/m) (cos a, sin a) + ε n, j = 1..m",
        summary: "circles about one center",
        parameters: &[
            count("count", "m", "how many circles", 1, 6),
            number("radius", "r", "radius of the largest", 1.0, 6.0),
            number("noise", "ε", "standard deviation of the noise", 0.0, 0.5),
        ],
    },
    Entry {
        name: "two-spirals",
        formula: "±(r a / 2πm) (cos a, sin a) + ε n, a in [0, 2πm]",
        summary: "two spirals wound into each other",
        parameters: &[
            number("turns", "m", "how often each winds around the origin", 0.5, 3.0),
            number("radius", "r", "radius at the outer end", 1.0, 6.0),
            number("noise", "ε", "standard deviation of the noise", 0.0, 0.5),
        ],
    },
    Entry {
        name: "pinwheel",
        formula: "k R(2πj/m + ρ eʳ) (r, s), r ~ N(1, σᵣ²), s ~ N(0, σₛ²)",
        summary: "arms that bend more the farther out they reach",
        parameters: &[
            count("arms", "m", "number of arms", 2, 9),
            number(
                "radial_std",
                "σᵣ",
                "standard deviation along an arm, before scaling",
                0.05,
                0.5,
            ),
            number(
                "tangential_std",
                "σₛ",
                "standard deviation across an arm, before scaling",
                0.01,
                0.3,
            ),
            number("rate", "ρ", "how much the arms bend", -0.6, 0.6),
            number("scale", "k", "distance of the arms' middles from the origin", 0.5, 4.0),
        ],
    },
    Entry {
        name: "checkerboard",
        formula: "uniform on every other field",
        summary: "every other field of a board",
        parameters: &[
            count("cells", "m", "fields a side", 2, 8),
            number("side", "l", "length of the board's side", 2.0, 12.0),
        ],
    },
    Entry {
        name: "s-curve",
        formula: "k ((sin a, sign(a) (cos a - 1)) + ε n), a in [-3π/2, 3π/2]",
        summary: "an S of two three-quarter circles (scikit-learn's make_s_curve, seen from the side)",
        parameters: &[
            number(
                "noise",
                "ε",
                "standard deviation of the noise, before scaling",
                0.0,
                0.3,
            ),
            number("scale", "k", "factor of the whole shape", 0.5, 3.0),
        ],
    },
    Entry {
        name: "swiss-roll",
        formula: "k (a (cos a, sin a) + ε n), a in [3π/2, 9π/2]",
        summary: "a rolled sheet seen from the end (scikit-learn's make_swiss_roll)",
        parameters: &[
            number(
                "noise",
                "ε",
                "standard deviation of the noise, before scaling",
                0.0,
                1.5,
            ),
            number("scale", "k", "factor of the whole shape", 0.1, 0.5),
        ],
    },
    Entry {
        name: "uniform-square",
        formula: "uniform on μ + [-l/2, l/2]²",
        summary: "even density on a square",
        parameters: &[
            other("mean", "μ", "where its center lies", PLACE),
            number("side", "l", "length of its side", 0.5, 10.0),
        ],
    },
    Entry {
        name: "ring",
        formula: "r (cos a, sin a) + ε n",
        summary: "one circle",
        parameters: &[
            number("radius", "r", "its radius", 0.5, 6.0),
            number("noise", "ε", "standard deviation of the noise", 0.0, 0.8),
        ],
    },
    Entry {
        name: "two-clusters",
        formula: "1/2 N((x, g/2), σ² I) + 1/2 N((x, -g/2), σ² I)",
        summary: "two Gaussians above each other; one such pair on each side makes chords cross",
        parameters: &[
            number("x", "x", "where both lie; its sign decides the side", -6.0, 6.0),
            number("gap", "g", "vertical distance between the two", 0.0, 8.0),
            number("std", "σ", "standard deviation of each", 0.05, 1.5),
        ],
    },
    Entry {
        name: "grid-of-gaussians",
        formula: "1/m² Σⱼₖ N(d (j, k), σ² I), about the origin",
        summary: "Gaussians on a square grid",
        parameters: &[
            count("count", "m", "Gaussians a side", 2, 8),
            number("spacing", "d", "distance between neighbors", 0.5, 3.0),
            number("std", "σ", "standard deviation of each", 0.02, 0.8),
        ],
    },
    Entry {
        name: "points",
        formula: "1/n Σᵢ δ(x - xᵢ)",
        summary: "the points of a CSV or NPY file, all equally likely",
        parameters: &[other("file", "xᵢ", "two columns of numbers", Form::File)],
    },
];
