//! Field, trajectories and cutoffs in IGRF-14 of 2025.
//!
//! Throughput counts points, trajectories and places. `RAYON_NUM_THREADS=1` gives the figures of one core.
#![allow(missing_docs, clippy::unwrap_used)]

use amsdipole_core::cutoff_scan::{cone_cutoff, cutoff_scan};
use amsdipole_core::igrf::magnetic_field;
use amsdipole_core::trace::{Limits, trace, trajectory};
use amsdipole_core::vector::Vector;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const N: usize = 20_000;
const R: f64 = 6_371.2;
const LIMITS: Limits = Limits {
    escape_radius_km: 25.0 * R,
    floor_altitude_km: 20.0,
    error_bound: 1e-6,
    loss_nt: 0.5,
    path_max_km: 500.0 * R,
    n_step_max: 100_000,
};

/// Coefficients of the last epoch of the file that ships with the package.
fn igrf() -> Vec<f64> {
    let text = include_str!("../../../python/amsdipole/geomagnetism/data/IGRF14.shc");
    let rows = text.lines().filter(|line| !line.starts_with('#')).skip(2);
    rows.map(|line| line.split_whitespace().last().unwrap().parse().unwrap()).collect()
}

/// Directions spread evenly over the sphere (a spiral of the golden angle).
fn directions(n: usize) -> Vec<Vector> {
    (0..n)
        .map(|i| {
            let z = 1.0 - (2.0 * i as f64 + 1.0) / n as f64;
            let (rho, phi) = ((1.0 - z * z).sqrt(), 2.399_963_229_728_653 * i as f64);
            [rho * phi.cos(), rho * phi.sin(), z]
        })
        .collect()
}

fn geomagnetism(c: &mut Criterion) {
    let field = igrf();
    let up = directions(N);
    let position: Vec<Vector> = up.iter().map(|d| d.map(|v| 6_780.0 * v)).collect();
    let mut group = c.benchmark_group("geomagnetism");
    let _ = group.sample_size(10).throughput(Throughput::Elements(N as u64));
    let _ = group.bench_function("magnetic_field", |b| {
        b.iter(|| black_box(magnetic_field(&position, &field, 0.0)).unwrap());
    });
    for (name, gv) in [("trace, 5 GV", 5.0), ("trace, 16 GV", 16.0), ("trace, 100 GV", 100.0)] {
        let rigidity = vec![gv; N];
        let _ = group.bench_function(name, |b| {
            b.iter(|| black_box(trace(&position, &up, &rigidity, &field, &LIMITS)).unwrap());
        });
    }
    let _ = group.throughput(Throughput::Elements(1)).bench_function("trajectory, 16 GV", |b| {
        b.iter(|| black_box(trajectory(&position[0], &up[0], 16.0, &field, &LIMITS)).unwrap());
    });
    let places: Vec<Vector> = position.iter().step_by(N / 20).copied().collect();
    let vertical: Vec<Vector> = up.iter().step_by(N / 20).copied().collect();
    let (n, low, high) = (places.len(), vec![0.5; places.len()], vec![20.0; places.len()]);
    let _ = group.throughput(Throughput::Elements(n as u64)).bench_function("cutoff_scan, 0.05 GV", |b| {
        b.iter(|| black_box(cutoff_scan(&places, &vertical, 1, &low, &high, 0.05, 0.0, &field, &LIMITS)).unwrap());
    });
    let _ = group.bench_function("cone_cutoff, vertical, 1 %", |b| {
        b.iter(|| black_box(cone_cutoff(&places, &vertical, &[0], 1, 1, &low, &high, 0.01, &field, &LIMITS)).unwrap());
    });
    group.finish();
}

criterion_group!(benches, geomagnetism);
criterion_main!(benches);
