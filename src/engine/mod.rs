//! Headless: a [`Session`](session) trains the runs of a lab step by step, deterministically; the window drives it on one
//! named thread ([`worker`]), the command line with none.

pub mod command;
pub mod measures;
pub mod snapshot;
