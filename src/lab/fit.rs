//! Which lens and which sampler go with which experiment, why not, and what is shown in their stead.

use super::{Experiment, Grid, Lens, Sampler, Sampling};
use crate::flow::coupling::Coupling;
use crate::flow::exact::available;
use crate::flow::lens::Unfit;
use crate::flow::path::Path;
use crate::flow::sampler::{Family, Process, SAMPLERS};

/// Why an experiment is not sampled as asked. Its `Display` says what would mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// The lens is written from a score that the experiment has not.
    Lens(Lens, Unfit),
    /// The sampler is made for other lenses.
    Sampler(Lens, Sampler),
}

impl std::fmt::Display for Misfit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            Self::Lens(lens, unfit) => write!(
                f,
                "\"sampling.lens\" is {}, which does not apply here: {unfit}, or take flow-matching",
                lens.name()
            ),
            Self::Sampler(lens, sampler) => {
                let does = if sampler.row().family == Family::Stochastic {
                    "adds noise, for lens sde"
                } else {
                    "solves an ODE, for lenses flow-matching and pf-ode"
                };
                let names: Vec<&str> = samplers_of(lens).map(Sampler::name).collect();
                write!(
                    f,
                    "\"sampling.sampler\" is {}, which {does}; the lens is {}: take {}",
                    sampler.name(),
                    lens.name(),
                    names.join(", ")
                )
            }
        }
    }
}

/// The samplers of a lens, in the order of the menus.
pub fn samplers_of(lens: Lens) -> impl Iterator<Item = Sampler> {
    SAMPLERS.iter().map(|row| row.sampler).filter(move |s| suits(lens, *s))
}

/// Whether a sampler solves a lens's equation.
pub fn suits(lens: Lens, sampler: Sampler) -> bool {
    (sampler.row().family == Family::Stochastic) == (lens == Lens::Sde)
}

/// The grid on which a few steps end well: even in t, except on the OU path, which moves fastest at its very end (two moons, exact
/// field, 32 steps of Heun: W2 squared 0.60 even in t, 0.023 quadratic, 0.024 log-snr; every other path is at its floor, 0.022,
/// even in t).
pub const fn usual_grid(path: Path) -> Grid {
    match path {
        Path::Ou { .. } => Grid::Quadratic,
        _ => Grid::Uniform,
    }
}

/// How many paths a lens begins with: ways driven by noise cover everything when they are many.
pub const fn usual_paths(lens: Lens) -> u32 {
    match lens {
        Lens::FlowMatching | Lens::PfOde => 400,
        Lens::Sde => 12,
    }
}

/// The sampler that a lens begins with.
pub const fn usual_sampler(lens: Lens) -> Sampler {
    match lens {
        Lens::FlowMatching | Lens::PfOde => Sampler::Heun,
        // exact where the score is linear: no step is too long for it
        Lens::Sde => Sampler::Ddpm,
    }
}

/// Why an experiment has no exact field, with what would give it one; None where it has.
pub fn exact_lack(experiment: &Experiment) -> Option<String> {
    if experiment.coupling != Coupling::Independent {
        let name = experiment.coupling.name();
        return Some(format!(
            "the exact field is known for the independent coupling only, not for {name}: take coupling independent"
        ));
    }
    let (source, target) = (experiment.source.components(), experiment.target.components());
    available(&source, &target).err()
}

impl Sampling {
    /// Whether this experiment can be sampled so.
    ///
    /// # Errors
    /// What does not fit.
    pub fn fits(&self, experiment: &Experiment) -> Result<(), Misfit> {
        let lens = self.lens.applies(&experiment.source, &experiment.coupling);
        lens.map_err(|unfit| Misfit::Lens(self.lens, unfit))?;
        if suits(self.lens, self.sampler) {
            Ok(())
        } else {
            Err(Misfit::Sampler(self.lens, self.sampler))
        }
    }

    /// Whether particles can follow the exact field of this experiment, where they are to.
    ///
    /// # Errors
    /// In words, with what would mend it.
    pub fn exact_fits(&self, experiment: &Experiment) -> Result<(), String> {
        if !self.exact {
            return Ok(());
        }
        exact_lack(experiment).map_or(Ok(()), |why| {
            Err(format!(
                "\"sampling.exact\" is true, but {why}; leave it out to follow the learned field"
            ))
        })
    }

    /// What is shown of an experiment under these settings: themselves where they fit, else flow matching (a lens that does
    /// not apply) and the lens's usual sampler (one that does not suit it). Never a wrong picture.
    pub fn shown_for(&self, experiment: &Experiment) -> Self {
        let mut shown = *self;
        if matches!(shown.fits(experiment), Err(Misfit::Lens(..))) {
            shown.lens = Lens::FlowMatching;
        }
        shown.through(shown.lens)
    }

    /// The same particles through another lens, with its usual sampler where this one does not suit it.
    pub fn through(&self, lens: Lens) -> Self {
        let sampler = if suits(lens, self.sampler) {
            self.sampler
        } else {
            usual_sampler(lens)
        };
        let process = if lens == Lens::Sde {
            self.process
        } else {
            Process::Generate
        };
        Self {
            lens,
            sampler,
            process,
            ..*self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exact_field_that_is_not_there_is_said_with_what_would_mend_it() {
        let mut experiment = Experiment::default();
        let exact = Sampling {
            exact: true,
            ..Sampling::default()
        };
        assert_eq!(exact.exact_fits(&experiment), Ok(()));
        experiment.coupling = Coupling::default_of("minibatch-ot").unwrap();
        let text = exact.exact_fits(&experiment).unwrap_err();
        assert!(
            text.contains("sampling.exact") && text.contains("take coupling independent"),
            "{text}"
        );
        assert_eq!(Sampling::default().exact_fits(&experiment), Ok(()), "nobody asked");
    }

    #[test]
    fn what_does_not_fit_is_said_and_flow_matching_is_shown() {
        let mut experiment = Experiment::default();
        let sde = Sampling {
            lens: Lens::Sde,
            sampler: Sampler::EulerMaruyama,
            ..Sampling::default()
        };
        assert_eq!(sde.fits(&experiment), Ok(()));
        assert_eq!(sde.shown_for(&experiment), sde);
        let heun = Sampling {
            sampler: Sampler::Heun,
            ..sde
        };
        let text = heun.fits(&experiment).unwrap_err().to_string();
        assert!(text.contains("heun") && text.contains("euler-maruyama"), "{text}");
        assert_eq!(heun.shown_for(&experiment).sampler, Sampler::Ddpm);
        let quiet = Sampling {
            lens: Lens::PfOde,
            ..sde
        };
        let text = quiet.fits(&experiment).unwrap_err().to_string();
        assert!(text.contains("lens sde") && text.contains("heun"), "{text}");
        experiment.coupling = Coupling::default_of("minibatch-ot").unwrap();
        let text = sde.fits(&experiment).unwrap_err().to_string();
        assert!(text.contains("independent") && text.contains("flow-matching"), "{text}");
        let shown = sde.shown_for(&experiment);
        assert_eq!((shown.lens, shown.sampler), (Lens::FlowMatching, Sampler::Heun));
        assert_eq!((shown.seed, shown.count, shown.steps), (sde.seed, sde.count, sde.steps));
    }
}
