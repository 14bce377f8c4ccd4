//! Benchmarks of the kernels (none yet).
fn main() {}
