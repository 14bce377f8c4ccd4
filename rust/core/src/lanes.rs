//! Several numbers in step: one vector register of the machine that the program finds itself on.
//!
//! Only products, sums, quotients, roots, comparisons, choices and the fused product and sum, each rounded once as
//! IEEE 754 says, so that a lane holds the same bits whatever the width of the register is and whatever stands beside
//! it. What is fused is written so: a machine without the instruction takes the slower way to the same bits.
// The instructions of the machine reach a function only by being inlined into the one that was dispatched.
#![allow(clippy::inline_always)]

use pulp::Simd;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Most lanes of any machine.
pub const LANES_MAX: usize = 8;

/// As many numbers as the machine has lanes.
#[derive(Clone, Copy, Debug)]
pub struct Lanes<S: Simd> {
    simd: S,
    value: S::f64s,
}

/// A yes or no for each lane.
#[derive(Clone, Copy, Debug)]
pub struct Choice<S: Simd> {
    simd: S,
    value: S::m64s,
}

impl<S: Simd> Lanes<S> {
    #[inline(always)]
    pub fn all(simd: S, value: f64) -> Self {
        Self { simd, value: simd.splat_f64s(value) }
    }

    /// The first lanes of an array.
    #[inline(always)]
    pub fn load(simd: S, values: &[f64; LANES_MAX]) -> Self {
        let (whole, _) = S::as_simd_f64s(values);
        Self { simd, value: whole[0] }
    }

    /// Write the lanes to the front of an array.
    #[inline(always)]
    pub fn store(self, values: &mut [f64; LANES_MAX]) {
        let (whole, _) = S::as_mut_simd_f64s(values);
        whole[0] = self.value;
    }

    #[inline(always)]
    pub fn array(self) -> [f64; LANES_MAX] {
        let mut out = [0.0; LANES_MAX];
        self.store(&mut out);
        out
    }

    #[inline(always)]
    pub fn like(self, value: f64) -> Self {
        Self::all(self.simd, value)
    }

    #[inline(always)]
    pub fn sqrt(self) -> Self {
        Self { simd: self.simd, value: self.simd.sqrt_f64s(self.value) }
    }

    /// `self * factor + sum`, rounded once.
    #[inline(always)]
    pub fn mul_add(self, factor: Self, sum: Self) -> Self {
        Self { simd: self.simd, value: self.simd.mul_add_f64s(self.value, factor.value, sum.value) }
    }

    #[inline(always)]
    pub fn below(self, other: Self) -> Choice<S> {
        Choice { simd: self.simd, value: self.simd.less_than_f64s(self.value, other.value) }
    }

    #[inline(always)]
    pub fn at_most(self, other: Self) -> Choice<S> {
        Choice { simd: self.simd, value: self.simd.less_than_or_equal_f64s(self.value, other.value) }
    }

    /// The smaller of two numbers; neither may be NaN.
    #[inline(always)]
    pub fn min(self, other: Self) -> Self {
        self.below(other).choose(self, other)
    }

    #[inline(always)]
    pub fn least(self) -> f64 {
        self.simd.reduce_min_f64s(self.value)
    }

    #[inline(always)]
    pub fn greatest(self) -> f64 {
        self.simd.reduce_max_f64s(self.value)
    }
}

impl<S: Simd> Choice<S> {
    #[inline(always)]
    pub fn choose(self, yes: Lanes<S>, no: Lanes<S>) -> Lanes<S> {
        Lanes { simd: self.simd, value: self.simd.select_f64s(self.value, yes.value, no.value) }
    }

    #[inline(always)]
    pub fn and(self, other: Self) -> Self {
        Self { simd: self.simd, value: self.simd.and_m64s(self.value, other.value) }
    }

    #[inline(always)]
    pub fn or(self, other: Self) -> Self {
        Self { simd: self.simd, value: self.simd.or_m64s(self.value, other.value) }
    }

    #[inline(always)]
    pub fn any(self) -> bool {
        self.simd.first_true_m64s(self.value) < S::F64_LANES
    }
}

impl<S: Simd> Add for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { simd: self.simd, value: self.simd.add_f64s(self.value, other.value) }
    }
}

impl<S: Simd> Sub for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { simd: self.simd, value: self.simd.sub_f64s(self.value, other.value) }
    }
}

impl<S: Simd> Mul for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, other: Self) -> Self {
        Self { simd: self.simd, value: self.simd.mul_f64s(self.value, other.value) }
    }
}

impl<S: Simd> Mul<f64> for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn mul(self, factor: f64) -> Self {
        self * self.like(factor)
    }
}

impl<S: Simd> Div for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn div(self, other: Self) -> Self {
        Self { simd: self.simd, value: self.simd.div_f64s(self.value, other.value) }
    }
}

impl<S: Simd> Neg for Lanes<S> {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        Self { simd: self.simd, value: self.simd.neg_f64s(self.value) }
    }
}

/// Scalar product in each lane.
#[inline(always)]
pub fn dot<S: Simd>(a: &[Lanes<S>; 3], b: &[Lanes<S>; 3]) -> Lanes<S> {
    a[2].mul_add(b[2], a[1].mul_add(b[1], a[0] * b[0]))
}

/// Vector product in each lane.
#[inline(always)]
pub fn cross<S: Simd>(a: &[Lanes<S>; 3], b: &[Lanes<S>; 3]) -> [Lanes<S>; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}
