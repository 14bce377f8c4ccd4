//! Give the kernels rows of doubles that are plausible, special or random bits: each must be taken or refused whole.
//!
//!     cargo run --release --locked -p amsdipole-core --example fuzz -- 1e8 [pixels cutoffs livetime events]
//!
//! Prints how many executions of each target were taken and refused. A panic, a count that is lost, or a thousand
//! executions that take longer than a second, tried again and again (a busy machine may stop it for that long), stop it
//! with an error. The rows are the same everywhere. Names of targets behind the number choose.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "a campaign prints its counts, and a fault must end it; nobody calls it"
)]

use std::time::Instant;

use amsdipole_core::Result;
use amsdipole_core::axis_livetime::AxisLivetime;
use amsdipole_core::column::Directions;
use amsdipole_core::counts::{Counts, Events, Navigation};
use amsdipole_core::cutoff::{DipoleKnots, cutoff_class, stormer_cutoff};
use amsdipole_core::healpix::{pixel_to_vector, vector_to_pixel};
use amsdipole_core::vector::Vector;

const SPECIAL: [f64; 16] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::MAX,
    f64::MIN_POSITIVE,
    5e-324,
    1e300,
    -1e300,
    2_147_483_648.0,
    9_223_372_036_854_775_808.0,
    0.999_999_999_999_999_9,
    1e-16,
];

const TARGETS: [&str; 4] = ["pixels", "cutoffs", "livetime", "events"];
const TRIES: usize = 20;

/// `SplitMix64`: Steele, Lea and Flood 2014, <https://doi.org/10.1145/2660193.2660195>.
#[derive(Clone, Copy)]
struct Rng(u64);

impl Rng {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: u64) -> u64 {
        self.bits() % n
    }

    fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A value as it should be, or now and then one as it should not.
    fn value(&mut self, low: f64, high: f64) -> f64 {
        match self.below(40) {
            0 => SPECIAL[self.below(16) as usize],
            1 => f64::from_bits(self.bits()),
            2 => f64::from_bits(self.uniform(low, high).to_bits() ^ (1 << self.below(64))),
            _ => self.uniform(low, high),
        }
    }

    fn direction(&mut self) -> Vector {
        let (z, turn) = (self.uniform(-1.0, 1.0), self.uniform(0.0, std::f64::consts::TAU));
        let rho = (1.0 - z * z).sqrt();
        let mut v = [rho * turn.cos(), rho * turn.sin(), z];
        if self.below(20) == 0 {
            v[self.below(3) as usize] = self.value(-1.0, 1.0);
        }
        v
    }
}

/// What came of the executions of a target.
#[derive(Clone, Copy, Default)]
struct Tally {
    taken: u64,
    refused: u64,
}

impl Tally {
    fn note<T>(&mut self, found: &Result<T>) {
        if found.is_ok() {
            self.taken += 1;
        } else {
            self.refused += 1;
        }
    }
}

fn seconds(many: u64, execute: &mut impl FnMut(&mut Rng, &mut Tally), rng: &mut Rng, tally: &mut Tally) -> f64 {
    let start = Instant::now();
    for _ in 0..many {
        execute(rng, tally);
    }
    start.elapsed().as_secs_f64()
}

fn campaign(name: &str, n: u64, mut execute: impl FnMut(&mut Rng, &mut Tally)) {
    let (mut rng, mut tally, start) = (Rng(20_261_126), Tally::default(), Instant::now());
    let mut left = n;
    while left > 0 {
        let many = left.min(1000);
        left -= many;
        let before = (rng, tally);
        let mut took = seconds(many, &mut execute, &mut rng, &mut tally);
        for _ in 1..TRIES {
            if took < 1.0 {
                break;
            }
            let (mut rng, mut tally) = before;
            took = seconds(many, &mut execute, &mut rng, &mut tally);
        }
        assert!(took < 1.0, "{name}: {took:.1} s for {many} executions");
    }
    assert!(tally.taken > 0 && tally.refused > 0, "{name}: nothing was taken, or nothing refused");
    println!(
        "ok   {name}: {n} executions, {} taken, {} refused, {:.0} s",
        tally.taken,
        tally.refused,
        start.elapsed().as_secs_f64()
    );
}

fn pixels(rng: &mut Rng, tally: &mut Tally) {
    let nside = if rng.below(50) == 0 { rng.bits() as i64 } else { 1 << rng.below(14) };
    let found = vector_to_pixel(&[rng.direction()], nside);
    if let Ok(pixel) = &found {
        assert!((0..12 * nside * nside).contains(&pixel[0]), "a pixel that is none");
        assert!(pixel_to_vector(pixel, nside).is_ok(), "a pixel without a centre");
    }
    tally.note(&found);
}

fn cutoffs(rng: &mut Rng, tally: &mut Tally) {
    let knots = DipoleKnots {
        time_s: &[0.0, 10.0],
        k_gv: &[58.0, 58.1],
        center_km: &[[0.0; 3]; 2],
        pole: &[[0.0, 0.0, 1.0]; 2],
    };
    let radius = rng.value(6400.0, 8000.0);
    let position = rng.direction().map(|x| x * radius);
    let charge = if rng.below(30) == 0 { rng.bits() as i64 } else { 1 };
    let found =
        stormer_cutoff(&[rng.value(0.0, 10.0)], &[position], &[rng.direction()], rng.value(0.0, 1.0), charge, &knots);
    if let Ok(cutoff) = &found {
        assert!(cutoff[0] >= 0.0, "a cutoff of {}", cutoff[0]);
        let class = cutoff_class(cutoff, 1.2, &[16.0, 25.0, 500.0]);
        assert!(class.is_ok_and(|class| class[0] <= 2), "a class that is none");
    }
    tally.note(&found);
}

fn livetime(n: u64) {
    let mut sums = AxisLivetime::new(4, 3).unwrap();
    campaign("livetime", n, |rng, tally| {
        let class = if rng.below(30) == 0 { rng.bits() as u8 } else { rng.below(3) as u8 };
        tally.note(&sums.add(&[rng.direction()], &[rng.value(0.0, 1.0)], &[class]));
    });
}

fn events(n: u64) {
    let mut counts = Counts::new(4, &[16.0, 25.0, 500.0], 0.9, 0).unwrap();
    let time_s = [0.0, 1.0, 2.0, 3.0];
    let (rotation, rate) = ([[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]; 4], [[0.0; 3]; 4]);
    let (livetime_s, class) = ([1.0, 0.5, 0.0, 1.0], [0, 1, 2, 0]);
    let mut held = 0;
    campaign("events", n, |rng, tally| {
        let many = 1 + rng.below(3) as usize;
        let at: Vec<f64> = (0..many).map(|i| rng.value(i as f64, i as f64 + 1.0)).collect();
        let direction: Vec<Vector> = (0..many).map(|_| rng.direction()).collect();
        let energy: Vec<f64> = (0..many).map(|_| rng.value(10.0, 600.0)).collect();
        let weight: Vec<f64> = (0..many).map(|_| rng.value(-1.0, 1.0)).collect();
        let found = counts.add(
            &Events {
                time_s: &at,
                direction: Directions::Rows(&direction),
                energy_gev: energy.as_slice().into(),
                weight: Some(weight.as_slice().into()),
                failed: None,
                purity: None,
            },
            &Navigation {
                time_s: &time_s,
                step_s: 1.0,
                rotation: &rotation,
                rate: &rate,
                livetime_s: &livetime_s,
                class: &class,
            },
        );
        if found.is_ok() {
            held += many as i64;
        }
        tally.note(&found);
        if tally.taken.is_multiple_of(4096) {
            assert_eq!(counts.cut_flow().iter().sum::<i64>(), held, "events were lost, or refused ones counted");
        }
    });
}

fn main() {
    let mut words = std::env::args().skip(1);
    let whole = words.next().map_or(1e6, |text| text.parse::<f64>().unwrap()) as u64;
    let mut names: Vec<String> = words.collect();
    if names.is_empty() {
        names = TARGETS.map(String::from).to_vec();
    }
    let n = whole / names.len() as u64;
    // Rows are few: what is asked is what kernels do, not how they are shared out. All of it is done within the one
    // thread of the pool, for to hand over a few rows takes longer than they do.
    rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap().install(|| {
        for name in &names {
            match name.as_str() {
                "pixels" => campaign(name, n, pixels),
                "cutoffs" => campaign(name, n, cutoffs),
                "livetime" => livetime(n),
                "events" => events(n),
                _ => panic!("{name} is none of {TARGETS:?}"),
            }
        }
    });
    println!("{} executions", n * names.len() as u64);
}
