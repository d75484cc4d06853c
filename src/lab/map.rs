//! Which scalar quantity a stage shows as a map, at most one at a time.

use serde::{Deserialize, Serialize};

/// A map behind all else on a stage. A closed set; [`MAPS`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Map {
    /// None.
    #[default]
    None,
    /// Energy `-log p_t` of the exact marginal, with its score and velocity.
    Energy,
    /// Divergence of the velocity.
    Divergence,
    /// Curl of the velocity.
    Curl,
    /// E|u - v*|^2 given X_t = x: where the flow averages.
    LocalFloor,
    /// The density that the learned flow gives its particles, by change of variables.
    FlowDensity,
    /// What the learned velocity leaves of the continuity equation of the exact marginals.
    Continuity,
}

/// One row a map: name in files, one line.
pub const MAPS: [(Map, &str, &str); 7] = [
    (Map::None, "none", "no map"),
    (
        Map::Energy,
        "energy",
        "energy -log p_t(x) of the exact marginal, with its score and velocity",
    ),
    (
        Map::Divergence,
        "divergence",
        "divergence of the velocity, by exact derivatives",
    ),
    (Map::Curl, "curl", "curl of the velocity: 0 for optimal transport"),
    (
        Map::LocalFloor,
        "local-floor",
        "E|u - v*|^2 given X_t = x: where the flow has to average",
    ),
    (
        Map::FlowDensity,
        "flow-density",
        "the learned flow's density by change of variables, with the exact divergence",
    ),
    (
        Map::Continuity,
        "continuity",
        "dp/dt + div(p v) with the exact p_t and the learned v: where the flow loses or makes mass",
    ),
];

impl Map {
    /// Name in files.
    pub fn name(self) -> &'static str {
        MAPS[self as usize].1
    }

    /// Whether it can be taken of the exact field as well as of the learned one.
    pub const fn of_either(self) -> bool {
        matches!(self, Self::Divergence | Self::Curl | Self::FlowDensity)
    }

    /// Whether its values have a sign: zero is then the middle of the colors.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Divergence | Self::Curl | Self::Continuity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_the_order_of_the_maps_and_has_their_names() {
        for (i, (map, name, _)) in MAPS.into_iter().enumerate() {
            assert_eq!((map as usize, map.name()), (i, name));
            assert_eq!(serde_json::to_value(map).unwrap(), name);
        }
    }
}
