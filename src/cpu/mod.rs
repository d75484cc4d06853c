//! The reference and the fallback: the arithmetic of training in plain Rust, vectorized, on rayon's threads over fixed chunks.
