//! Lenses: three dynamics with one family of marginals (MATHS.md, "Three dynamics"). What each needs to be true is here;
//! how each is integrated is the samplers' business.

use serde::{Deserialize, Serialize};

use super::coupling::Coupling;
use super::distribution::Distribution;

/// Through which dynamics a run is sampled. A closed set; [`LENSES`] is its table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lens {
    /// dx/dt = v(x, t).
    #[default]
    FlowMatching,
    /// The same marginals, written from the score: dx/ds = f x - g^2 score / 2, s = 1 - t.
    PfOde,
    /// dx = (v + w^2 score / 2) dt + w dW.
    Sde,
}

/// One row of the table of lenses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LensRow {
    /// Which.
    pub lens: Lens,
    /// Name in files and on the command line.
    pub name: &'static str,
    /// Its equation in one line.
    pub formula: &'static str,
    /// One line of explanation.
    pub summary: &'static str,
}

/// Every lens, in the order of the menus.
pub const LENSES: [LensRow; 3] = [
    LensRow {
        lens: Lens::FlowMatching,
        name: "flow-matching",
        formula: "dx/dt = v(x, t)",
        summary: "the flow's ODE, dx/dt = v(x, t)",
    },
    LensRow {
        lens: Lens::PfOde,
        name: "pf-ode",
        formula: "dx/ds = f x - g² ∇log p / 2",
        summary: "the probability-flow ODE: drift and half a score, the same marginals",
    },
    LensRow {
        lens: Lens::Sde,
        name: "sde",
        formula: "dx = (v + w² ∇log p / 2) dt + w dW",
        summary: "the reverse SDE: noise on the way, the same marginals",
    },
];

/// Why the score form does not hold for an experiment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unfit {
    /// The source is not the standard normal law.
    Source,
    /// The coupling is not independent.
    Coupling,
}

impl Unfit {
    /// Last part of the key of its text on screen.
    pub const fn key(self) -> &'static str {
        match self {
            Self::Source => "source",
            Self::Coupling => "coupling",
        }
    }
}

impl std::fmt::Display for Unfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Source => {
                "it needs a standard normal source; set source to {\"kind\": \"gaussian\", \"mean\": [0, 0], \"std\": 1}"
            }
            Self::Coupling => "it needs the independent coupling; set coupling to \"independent\"",
        })
    }
}

/// Whether the score of `X_t` is -E[x0 | X_t] / sigma: the source is N(0, I) and independent of the target.
///
/// # Errors
/// What is missing.
pub fn score_form(source: &Distribution, coupling: &Coupling) -> Result<(), Unfit> {
    if !is_standard_normal(source) {
        Err(Unfit::Source)
    } else if *coupling != Coupling::Independent {
        Err(Unfit::Coupling)
    } else {
        Ok(())
    }
}

/// Whether a distribution is N(0, I), whatever kind says so.
pub fn is_standard_normal(source: &Distribution) -> bool {
    // only few kinds can be, and taking components of the others costs time
    if !matches!(
        source,
        Distribution::Gaussian(_) | Distribution::Mixture(_) | Distribution::GridOfGaussians(_)
    ) {
        return false;
    }
    let components = source.components();
    components.exact
        && components
            .list
            .iter()
            .all(|c| c.mean == [0.0; 2] && c.cov == [1.0, 0.0, 1.0])
}

impl Lens {
    /// This lens's row of [`LENSES`].
    pub const fn row(self) -> LensRow {
        LENSES[self as usize]
    }

    /// Name in files and on the command line.
    pub const fn name(self) -> &'static str {
        self.row().name
    }

    /// Whether it shows an experiment of this source and coupling truly. Flow matching always does; the other two are
    /// written from the score.
    ///
    /// # Errors
    /// What is missing, and (by its `Display`) what would mend it.
    pub fn applies(self, source: &Distribution, coupling: &Coupling) -> Result<(), Unfit> {
        match self {
            Self::FlowMatching => Ok(()),
            Self::PfOde | Self::Sde => score_form(source, coupling),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_lens_finds_its_own_row_and_its_name_in_files() {
        for row in LENSES {
            assert_eq!(row.lens.row(), row);
            assert_eq!(serde_json::to_value(row.lens).unwrap(), row.name);
        }
    }

    #[test]
    fn the_score_form_needs_a_standard_normal_source_and_an_independent_coupling() {
        let normal = Distribution::default();
        let ot = Coupling::default_of("minibatch-ot").unwrap();
        for lens in [Lens::PfOde, Lens::Sde] {
            assert_eq!(lens.applies(&normal, &Coupling::Independent), Ok(()));
            assert_eq!(lens.applies(&normal, &ot), Err(Unfit::Coupling));
            for source in [
                Distribution::gaussian([0.0; 2], 1.1),
                Distribution::gaussian([0.1, 0.0], 1.0),
                Distribution::default_of("eight-gaussians").unwrap(),
                Distribution::default_of("two-moons").unwrap(),
            ] {
                assert_eq!(lens.applies(&source, &Coupling::Independent), Err(Unfit::Source));
                assert_eq!(Lens::FlowMatching.applies(&source, &ot), Ok(()));
            }
        }
    }
}
