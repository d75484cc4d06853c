//! Files out: NPY, CSV, safetensors weights, each written beside and renamed ([`atomic`]). Reading NPY and CSV points is `lab`'s,
//! because experiments name such files.

pub mod atomic;

pub mod npy;
pub mod png;
pub mod tables;
pub mod weights;
