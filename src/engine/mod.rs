//! Headless: a [`session::Session`] trains the runs of a lab step by step, deterministically; the window drives it on one
//! named thread ([`worker::Worker`]), the command line with none.

pub mod anatomy;
mod assigning;
pub mod backends;
#[cfg(test)]
mod begin_tests;
mod budget;
pub mod command;
pub mod coupling;
mod curve;
mod derivatives;
mod floors;
pub mod jobs;
mod learned;
pub mod maps;
pub mod marginals;
pub mod measures;
pub mod memory;
pub mod pacing;
mod pairing;
pub mod probe;
mod run;
mod sampling;
pub mod session;
pub mod snapshot;
mod stage;
pub mod study;
#[cfg(test)]
mod tests;
pub mod truth;
pub mod worker;

pub use sampling::{exact_trajectories, plan, span, start_points};
