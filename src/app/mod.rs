//! The window.

pub mod paint;
