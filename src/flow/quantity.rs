//! What can be known of a field at a point: the quantities by name, and the derivatives of a velocity.

use super::Point;

/// A quantity of a field at (x, t). A closed set; [`QUANTITIES`] is its table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// v(x, t), data units per unit t.
    Velocity,
    /// `grad log p_t(x)`, per data unit.
    Score,
    /// E[x0 | x], data units.
    Noise,
    /// E[x1 | x], data units.
    Data,
    /// The divergence `dv_x/dx + dv_y/dy`, per unit t.
    Divergence,
    /// The curl `dv_y/dx - dv_x/dy`, per unit t.
    Curl,
    /// `-log p_t(x)`, of the exact field alone.
    Energy,
}

impl Quantity {
    /// All, in the order of [`QUANTITIES`].
    pub const ALL: [Self; 7] = [
        Self::Velocity,
        Self::Score,
        Self::Noise,
        Self::Data,
        Self::Divergence,
        Self::Curl,
        Self::Energy,
    ];

    /// Name on the command line.
    pub const fn name(self) -> &'static str {
        QUANTITIES[self as usize].0
    }

    /// The quantity of this name.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|q| q.name() == name)
    }
}

/// One row a quantity: name on the command line, one line with unit and shape.
pub const QUANTITIES: [(&str, &str); 7] = [
    ("velocity", "v(x, t), data units per unit t, shape (n, 2)"),
    (
        "score",
        "grad log p_t(x); learned: for a standard normal source and the independent coupling, shape (n, 2)",
    ),
    ("noise", "E[x0 | x], data units, shape (n, 2)"),
    ("data", "E[x1 | x], data units, shape (n, 2)"),
    (
        "divergence",
        "div v = dv_x/dx + dv_y/dy, exact derivatives, per unit t, shape (n,)",
    ),
    (
        "curl",
        "curl v = dv_y/dx - dv_x/dy, exact derivatives, per unit t, shape (n,)",
    ),
    ("energy", "-log p_t(x), with --exact only, shape (n,)"),
];

/// What a quantity is at each of several points.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Vectors of the plane.
    Points(Vec<Point>),
    /// Numbers.
    Scalars(Vec<f64>),
}

/// The derivatives of a velocity by place.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Jacobian {
    /// d v / dx, per unit t.
    pub by_x: Point,
    /// d v / dy.
    pub by_y: Point,
}

impl Jacobian {
    /// `dv_x/dx + dv_y/dy`.
    pub fn divergence(&self) -> f64 {
        self.by_x[0] + self.by_y[1]
    }

    /// `dv_y/dx - dv_x/dy`.
    pub fn curl(&self) -> f64 {
        self.by_x[1] - self.by_y[0]
    }

    /// The change of v along a displacement: J d.
    pub fn along(&self, d: Point) -> Point {
        [0, 1].map(|c| self.by_x[c] * d[0] + self.by_y[c] * d[1])
    }
}

/// A velocity with its first derivatives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Derivatives {
    /// v(x, t), data units per unit t.
    pub velocity: Point,
    /// By place.
    pub jacobian: Jacobian,
    /// d v / dt, data units per unit t squared.
    pub by_t: Point,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_find_their_quantity() {
        for (quantity, row) in Quantity::ALL.into_iter().zip(QUANTITIES) {
            assert_eq!(quantity.name(), row.0);
            assert_eq!(Quantity::of_name(row.0), Some(quantity));
        }
        assert_eq!(Quantity::of_name("curls"), None);
    }

    #[test]
    fn a_turning_field_has_curl_and_a_spreading_one_divergence() {
        // v = (a x - w y, w x + b y)
        let (a, b, w) = (0.5, 2.0, 3.0);
        let jacobian = Jacobian {
            by_x: [a, w],
            by_y: [-w, b],
        };
        assert_eq!((jacobian.divergence(), jacobian.curl()), (a + b, 2.0 * w));
        assert_eq!(jacobian.along([1.0, 2.0]), [a - 2.0 * w, w + 2.0 * b]);
    }
}
