//! What every kind must say of itself, and the limits that all share.

use super::law::Law;
use crate::flow::Point;
use crate::flow::table::within;

/// Largest coordinate, radius or standard deviation, data units.
pub(super) const FAR: f64 = 1000.0;
/// Smallest standard deviation or size, data units.
pub(super) const NEAR: f64 = 1e-6;

/// What a kind must say of itself.
pub(super) trait Kind {
    /// Its normal form; parameters are valid.
    fn law(&self) -> Law;
    /// Whether its parameters make a distribution; the message begins with the parameter's name.
    fn validate(&self) -> Result<(), String>;
}

pub(super) fn point_within(name: &str, p: Point) -> Result<(), String> {
    within(name, p[0], -FAR, FAR, 0.0).and_then(|()| within(name, p[1], -FAR, FAR, 0.0))
}

pub(super) fn size_within(name: &str, size: f64, example: f64) -> Result<(), String> {
    within(name, size, NEAR, FAR, example)
}

/// Noise may be 0.
pub(super) fn noise_within(name: &str, noise: f64, example: f64) -> Result<(), String> {
    within(name, noise, 0.0, FAR, example)
}
