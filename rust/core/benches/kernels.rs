//! Every kernel on rows like those of a mission: a day of seconds, and events that are sorted in time.
//!
//! `cargo bench` runs with one thread for each core; `RAYON_NUM_THREADS=1` gives the figures of one core. The same
//! kernels beside their twins, called from Python, are timed by `pytest benches`.
#![allow(missing_docs, clippy::unwrap_used)]

use amsdipole_core::axis_livetime::{AxisLivetime, axes_at};
use amsdipole_core::counts::{Counts, Events, Navigation};
use amsdipole_core::cutoff::{DipoleKnots, cutoff_class, stormer_cutoff};
use amsdipole_core::fold_roll::folded_attitudes;
use amsdipole_core::livetime::livetime_cube;
use amsdipole_core::poisson::poisson_counts;
use amsdipole_core::roll_livetime::RollLivetime;
use amsdipole_core::slopes::maximum_slopes;
use amsdipole_core::states::{StateKnots, interpolated_states};
use amsdipole_core::vector::{Matrix, Vector, cross, unit};
use amsdipole_core::{attitude, earth, healpix, navigation, seconds};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

const N_SECOND: usize = 86_400;
const N_EVENT: usize = 1_000_000;
const START_S: f64 = 1.4e9;
const EDGE_GEV: [f64; 6] = [16.0, 25.0, 40.0, 65.0, 100.0, 500.0];
const NSIDE: i64 = 64;

/// Random numbers in [0, 1) by xorshift: benchmarks need no better ones, and the same each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as f64 / 9_007_199_254_740_992.0
    }

    fn direction(&mut self, least: f64) -> Vector {
        let (z, phi) = (least + (1.0 - least) * self.next(), std::f64::consts::TAU * self.next());
        let rho = (1.0 - z * z).sqrt();
        [rho * phi.cos(), rho * phi.sin(), z]
    }
}

struct Orbit {
    time_s: Vec<f64>,
    position_km: Vec<Vector>,
    velocity_km_s: Vec<Vector>,
}

/// A circular orbit of 51.6 degrees.
fn orbit(n: usize, step_s: f64) -> Orbit {
    let (sin_i, cos_i) = 51.6_f64.to_radians().sin_cos();
    let place = |phase: f64, size: f64| {
        let (sin, cos) = phase.sin_cos();
        [size * cos, size * sin * cos_i, size * sin * sin_i]
    };
    let phase = |i: usize| 1.13e-3 * step_s * i as f64;
    Orbit {
        time_s: (0..n).map(|i| START_S + step_s * i as f64).collect(),
        position_km: (0..n).map(|i| place(phase(i), 6780.0)).collect(),
        velocity_km_s: (0..n).map(|i| place(phase(i) + std::f64::consts::FRAC_PI_2, 7.66)).collect(),
    }
}

const IDENTITY: Matrix = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];

fn navigation_kernels(c: &mut Criterion) {
    let mut group = c.benchmark_group("navigation");
    let _ = group.throughput(Throughput::Elements(N_SECOND as u64)).sample_size(20);
    let row = orbit(N_SECOND, 1.0);
    let angle = vec![[-0.07, -0.035, 0.017]; N_SECOND];
    let knot_s: Vec<f64> = (0..6).map(|i| START_S - 100.0 + 21_600.0 * f64::from(i)).collect();
    let knot_matrix = vec![IDENTITY; 6];
    let start = attitude::detector_attitude(&row.position_km, &row.velocity_km_s, &angle, &IDENTITY).unwrap();
    let dipole = DipoleKnots {
        time_s: &[START_S - 1e7, START_S + 1e7],
        k_gv: &[57.0; 2],
        center_km: &[[-400.0, 350.0, 220.0]; 2],
        pole: &[[0.096, -0.28, 0.955_187_939_6]; 2],
    };
    let axis: Vec<Vector> = start.rotation.iter().map(|m| [m[2], m[5], m[8]]).collect();
    let knot = orbit(N_SECOND / 60 + 2, 60.0);
    let states = StateKnots {
        segment_start_s: &[START_S, START_S + N_SECOND as f64],
        segment_offset: &[0, (N_SECOND / 60 + 2) as i64],
        knot_start_s: &[START_S],
        step_s: 60.0,
        position_km: &knot.position_km,
        velocity_km_s: &knot.velocity_km_s,
    };
    let _ = group.bench_function("interpolated_states", |b| {
        b.iter(|| black_box(interpolated_states(&states, &row.time_s)).unwrap());
    });
    let _ = group.bench_function("teme_to_earth_fixed", |b| {
        b.iter(|| black_box(earth::teme_to_earth_fixed(&row.time_s, &row.position_km)).unwrap());
    });
    let _ = group.bench_function("earth_fixed_to_teme", |b| {
        b.iter(|| black_box(earth::earth_fixed_to_teme(&row.time_s, &row.position_km)).unwrap());
    });
    let _ = group.bench_function("geodetic", |b| b.iter(|| black_box(earth::geodetic(&row.position_km)).unwrap()));
    let place = earth::geodetic(&row.position_km).unwrap();
    let (lon, lat): (Vec<f64>, Vec<f64>) = place.iter().map(|p| (p[0], p[1])).unzip();
    let corner: (Vec<f64>, Vec<f64>) = (0..32)
        .map(|i| (std::f64::consts::TAU * f64::from(i) / 32.0).sin_cos())
        .map(|(sin, cos)| (40.0 * cos - 40.0, 24.0 * sin - 23.0))
        .unzip();
    let _ = group.bench_function("inside_polygon", |b| {
        b.iter(|| black_box(seconds::inside_polygon(&lon, &lat, &corner.0, &corner.1)).unwrap());
    });
    let _ = group.bench_function("detector_attitude", |b| {
        b.iter(|| black_box(attitude::detector_attitude(&row.position_km, &row.velocity_km_s, &angle, &IDENTITY)));
    });
    let rows = navigation::Rows {
        time_s: &row.time_s,
        position_km: &row.position_km,
        velocity_km_s: &row.velocity_km_s,
        angle_rad: &angle,
    };
    let _ = group.bench_function("navigation", |b| {
        b.iter(|| navigation::navigation(&rows, &IDENTITY, &knot_s, &knot_matrix, 0.5, 1, &dipole).unwrap());
    });
    let _ = group.bench_function("attitude_in_frame", |b| {
        b.iter(|| {
            attitude::attitude_in_frame(&row.time_s, &start.rotation, &start.rate, &knot_s, &knot_matrix).unwrap()
        });
    });
    let _ = group.bench_function("vector_in_frame", |b| {
        b.iter(|| attitude::vector_in_frame(&row.time_s, &row.position_km, &knot_s, &knot_matrix).unwrap());
    });
    let _ = group.bench_function("stormer_cutoff", |b| {
        b.iter(|| stormer_cutoff(&row.time_s, &row.position_km, &axis, 0.5, 1, &dipole).unwrap());
    });
    let cutoff = stormer_cutoff(&row.time_s, &row.position_km, &axis, 0.5, 1, &dipole).unwrap();
    let _ = group.bench_function("cutoff_class", |b| b.iter(|| cutoff_class(&cutoff, 1.2, &EDGE_GEV).unwrap()));
    group.finish();
}

fn pixel_kernels(c: &mut Criterion) {
    let mut group = c.benchmark_group("pixels");
    let _ = group.throughput(Throughput::Elements(N_EVENT as u64)).sample_size(20);
    let mut random = Random(1);
    let vector: Vec<Vector> = (0..N_EVENT).map(|_| random.direction(-1.0)).collect();
    let _ = group.bench_function("vector_to_pixel", |b| {
        b.iter(|| black_box(healpix::vector_to_pixel(&vector, NSIDE)).unwrap());
    });
    let pixel = healpix::vector_to_pixel(&vector, NSIDE).unwrap();
    let _ = group.bench_function("pixel_to_vector", |b| {
        b.iter(|| black_box(healpix::pixel_to_vector(&pixel, NSIDE)).unwrap());
    });
    group.finish();
}

fn sums(c: &mut Criterion) {
    let mut group = c.benchmark_group("sums");
    let _ = group.sample_size(20);
    let row = orbit(N_SECOND, 1.0);
    let angle = vec![[0.0; 3]; N_SECOND];
    let start = attitude::detector_attitude(&row.position_km, &row.velocity_km_s, &angle, &IDENTITY).unwrap();
    let live = vec![0.9; N_SECOND];
    let class: Vec<u8> = (0..N_SECOND).map(|i| ((i / 700) % 3) as u8).collect();
    let mut random = Random(2);
    let mut time_s: Vec<f64> = (0..N_EVENT).map(|_| START_S + random.next() * N_SECOND as f64).collect();
    time_s.sort_by(f64::total_cmp);
    let direction: Vec<Vector> = (0..N_EVENT).map(|_| random.direction(0.88)).collect();
    let energy_gev: Vec<f64> = (0..N_EVENT).map(|_| 15.0 * (1.0 - random.next()).powf(-1.0 / 2.2)).collect();
    let weight: Vec<f64> = (0..N_EVENT).map(|_| 0.05 + 0.95 * random.next()).collect();
    let events = Events {
        time_s: &time_s,
        direction: direction[..].into(),
        energy_gev: energy_gev[..].into(),
        weight: Some(weight[..].into()),
        failed: None,
        purity: None,
    };
    let navigation = Navigation {
        time_s: &row.time_s,
        step_s: 1.0,
        rotation: &start.rotation,
        rate: &start.rate,
        livetime_s: &live,
        class: &class,
    };
    let mut counts = Counts::new(NSIDE, &EDGE_GEV, 0.9, 0).unwrap();
    let _ = group.throughput(Throughput::Elements(N_EVENT as u64));
    let _ = group.bench_function("Counts::add", |b| b.iter(|| counts.add(&events, &navigation).unwrap()));
    let _ = group.throughput(Throughput::Elements(N_SECOND as u64));
    let mut axes = AxisLivetime::new(128, 6).unwrap();
    let pointed = axes_at(&start.rotation, &start.rate, 0.5).unwrap();
    let _ = group.bench_function("AxisLivetime::add", |b| {
        b.iter(|| axes.add(&pointed, &live, &class).unwrap());
    });
    let axis: Vec<Vector> = (0..2000).map(|_| random.direction(-1.0)).collect();
    let units = vec![1_i64 << 32; 2000 * 6];
    let edge: Vec<f64> = (0..=20).map(|i| 0.88 + 0.006 * f64::from(i)).collect();
    let _ = group.throughput(Throughput::Elements(2000));
    let _ = group.bench_function("livetime_cube", |b| {
        b.iter(|| black_box(livetime_cube(&axis, &[], &units, 6, 32, &edge, 1)).unwrap());
    });
    let side: Vec<Vector> = axis.iter().map(|a| unit(&cross(a, &random.direction(-1.0)))).collect();
    let (weight, response, pattern) = (vec![1.0; 2000], vec![1.0; 4097], vec![1.0; 257 * 257]);
    let _ = group.bench_function("folded_attitudes", |b| {
        b.iter(|| black_box(folded_attitudes(&axis, &side, &weight, 32, 0.88, &response, &pattern, 257)).unwrap());
    });
    let mut rolls = RollLivetime::new(128, 6, 24).unwrap();
    let (second, class) = (vec![1.0; 2000], vec![0; 2000]);
    let _ = group.bench_function("RollLivetime::add", |b| {
        b.iter(|| rolls.add(&axis, &side, &second, &class).unwrap());
    });
    group.finish();
}

/// A hundred skies of 1.8e5 events at nside 32.
fn skies(c: &mut Criterion) {
    let (n_sky, nside) = (100, 32);
    let npix = 12 * nside * nside;
    let mut random = Random(5);
    let uniform: Vec<f64> = (0..n_sky * npix).map(|_| random.next()).collect();
    let mean = vec![180_000.0 / npix as f64; npix];
    let pixel: Vec<i64> = (0..npix as i64).collect();
    let offset = healpix::pixel_to_vector(&pixel, nside as i64).unwrap().concat();
    let third = 1.0 / 3.0;
    let moment = [third, 0.0, 0.0, 0.0, third, 0.0, 0.0, 0.0, third];
    let counts = poisson_counts(&uniform, &mean).unwrap();
    let mut group = c.benchmark_group("skies");
    let _ = group.throughput(Throughput::Elements(n_sky as u64));
    let _ = group.bench_function("poisson_counts", |b| b.iter(|| black_box(poisson_counts(&uniform, &mean)).unwrap()));
    let _ = group.bench_function("maximum_slopes", |b| {
        b.iter(|| {
            black_box(maximum_slopes(&counts, &counts, &offset, 3, &moment, &vec![1.0; n_sky], &[0.0; 9])).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, navigation_kernels, pixel_kernels, sums, skies);
criterion_main!(benches);
