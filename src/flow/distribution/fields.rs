//! Kinds of even density, and clouds of points.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::kinds::{FAR, Kind, point_within, size_within};
use super::law::{Form, Law};
use crate::flow::Point;
use crate::flow::table::count_within;

/// Most points of a cloud.
const MOST_POINTS: usize = 4_000_000;

/// Uniform on a square.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct UniformSquare {
    /// Its center, data units.
    pub mean: Point,
    /// Length of its side, data units.
    pub side: f64,
}

impl Default for UniformSquare {
    fn default() -> Self {
        Self {
            mean: [0.0; 2],
            side: 4.0,
        }
    }
}

impl Kind for UniformSquare {
    fn law(&self) -> Law {
        Law(Form::Squares {
            corners: vec![self.mean.map(|m| m - 0.5 * self.side)],
            side: self.side,
        })
    }

    fn validate(&self) -> Result<(), String> {
        point_within("mean", self.mean)?;
        size_within("side", self.side, 4.0)
    }
}

/// Uniform on every other field of a board about the origin.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Checkerboard {
    /// Fields a side.
    pub cells: u32,
    /// Length of the board's side, data units.
    pub side: f64,
}

impl Default for Checkerboard {
    fn default() -> Self {
        Self { cells: 4, side: 8.0 }
    }
}

impl Kind for Checkerboard {
    fn law(&self) -> Law {
        let (n, side) = (self.cells, self.side / f64::from(self.cells));
        let edge = |k: u32| side * f64::from(k) - 0.5 * self.side;
        let fields = (0..n * n).filter(|k| (k % n + k / n) % 2 == 0);
        Law(Form::Squares {
            corners: fields.map(|k| [edge(k % n), edge(k / n)]).collect(),
            side,
        })
    }

    fn validate(&self) -> Result<(), String> {
        count_within("cells", self.cells, 2, 16, 4)?;
        size_within("side", self.side, 8.0)
    }
}

/// The points of a file, all equally likely. Reading it is not this room's business: [`super::Distribution::with_points`].
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Points {
    /// The file's name, CSV or NPY.
    pub file: String,
    /// What it held; empty until it is read.
    #[serde(skip)]
    pub points: Arc<Vec<Point>>,
}

impl PartialEq for Points {
    /// The same buffer is equal without a look at its contents: undo compares labs every frame.
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file && (Arc::ptr_eq(&self.points, &other.points) || self.points == other.points)
    }
}

impl Kind for Points {
    fn law(&self) -> Law {
        Law(Form::Points(self.points.clone()))
    }

    fn validate(&self) -> Result<(), String> {
        let n = self.points.len();
        if n == 0 {
            return Err(if self.file.is_empty() {
                "file is empty; name a CSV or NPY file of points".into()
            } else {
                format!(
                    "file {} gave no points; name a CSV or NPY file with at least one",
                    self.file
                )
            });
        }
        if n > MOST_POINTS {
            return Err(format!(
                "file {} holds {n} points; use at most {MOST_POINTS}",
                self.file
            ));
        }
        let far = |p: &Point| !p.iter().all(|x| x.abs() <= FAR);
        match self.points.iter().position(far) {
            None => Ok(()),
            Some(k) => Err(format!(
                "file {}: point {} is ({}, {}); use finite coordinates from -{FAR} to {FAR}",
                self.file,
                k + 1,
                self.points[k][0],
                self.points[k][1]
            )),
        }
    }
}
