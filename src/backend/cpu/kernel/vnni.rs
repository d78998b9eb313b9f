//! The kernel for x86-64 with AVX-512 VNNI: sums of four 8-bit products in 32 bits.
//!
//! `vpdpbusd` takes the weights as its unsigned operand, eight outputs by four inputs in one vector
//! of 256 bits, and adds four products to each output at once.

use std::arch::x86_64::*;

use super::avx2::{Totals, load, split, store, unpack};
use super::{Dots, Fours, Kernel, Quads, ROWS};
use crate::backend::cpu::matrix::{PANEL, Panel, QuantizedRows, Scales};
use crate::quant::{BLOCK, Bits};

/// Groups of four inputs in a block.
const STEPS: usize = BLOCK / 4;

/// Weights unpacked to 8 bits: a vector is eight outputs by four inputs.
pub struct Vnni {
    weights: Vec<__m256i>,
}

impl Vnni {
    /// The kernel, where the processor has the instructions.
    pub fn detect() -> Option<Self> {
        let usable = is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("fma");
        usable.then(|| Self { weights: Vec::new() })
    }
}

/// Multiplies the tile that begins at row `first` with a panel that is unpacked or not (`PACKED`).
#[target_feature(enable = "avx2,fma,avx512vl,avx512vnni")]
fn multiply<const PACKED: bool, const R: usize>(
    weights: &[__m256i],
    packed: &[[u8; 16]],
    scales: &Scales,
    x: &QuantizedRows,
    first: usize,
    out: &mut [[f32; PANEL]; R],
) {
    let blocks = x.cols / BLOCK;
    let have = if PACKED { packed.len() } else { weights.len() };
    assert!(have >= blocks * STEPS && (first + R) * x.cols <= x.ints.len());
    let mut totals = Totals::new(scales, x, first);
    for b in 0..blocks {
        // Each addition waits for the one before it: four sums a row keep the units busy.
        let mut parts = [[_mm256_setzero_si256(); 4]; R];
        for step in 0..STEPS {
            let at = b * STEPS + step;
            // SAFETY: the assertion above bounds every index: `b < blocks`, `step < STEPS`.
            unsafe {
                let w = match PACKED {
                    true => split(Bits::Four, packed.get_unchecked(at)),
                    false => *weights.get_unchecked(at),
                };
                for (r, parts) in parts.iter_mut().enumerate() {
                    let at = x.ints.as_ptr().add(first * x.cols + (at * R + r) * 4);
                    let four = _mm256_set1_epi32(at.cast::<i32>().read_unaligned());
                    parts[step % 4] = _mm256_dpbusd_epi32(parts[step % 4], w, four);
                }
            }
        }
        let mut dots = [_mm256_setzero_si256(); R];
        for (dot, [s, t, u, v]) in dots.iter_mut().zip(parts) {
            *dot = _mm256_add_epi32(_mm256_add_epi32(s, t), _mm256_add_epi32(u, v));
        }
        totals.add(b, dots);
    }
    totals.store(out);
}

impl Kernel for Vnni {
    fn unpack(&mut self, _: Bits, panel: Panel) {
        // SAFETY: the only way to a `Vnni` is `detect`, which found the instructions.
        unsafe { unpack(&mut self.weights, Bits::Four, panel) }
    }

    fn tile<const R: usize>(
        &mut self,
        scales: &Scales,
        x: &QuantizedRows,
        first: usize,
        out: &mut [[f32; PANEL]; R],
    ) {
        // SAFETY: as above.
        unsafe { multiply::<false, R>(&self.weights, &[], scales, x, first, out) }
    }

    fn row(
        &mut self,
        _: Bits,
        panel: Panel,
        scales: &Scales,
        x: &QuantizedRows,
        out: &mut [f32; PANEL],
    ) {
        let (packed, out) = (panel.ints.as_chunks().0, std::array::from_mut(out));
        // SAFETY: as above.
        unsafe { multiply::<true, 1>(&[], packed, scales, x, 0, out) }
    }

    fn supports(bits: Bits) -> bool {
        bits == Bits::Four
    }
}

/// [`Dots`] by `vpdpbusd`, where the processor has it.
pub fn dots() -> Option<Dots> {
    fn safe(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
        // SAFETY: this function is given away only where the instructions were found.
        unsafe { add_up(x, panel, start) }
    }
    Vnni::detect().is_some().then_some(safe as Dots)
}

#[target_feature(enable = "avx2,avx512vl,avx512vnni")]
fn add_up(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
    // Each addition waits for the one before it: two sums a row keep the units busy.
    let mut even = [load(start); ROWS];
    let mut odd = [_mm256_setzero_si256(); ROWS];
    let add = |sums: &mut [__m256i; ROWS], x: &Fours, quads: &Quads| {
        let quads = load(quads);
        for (sum, x) in sums.iter_mut().zip(x.as_chunks::<4>().0) {
            let four = _mm256_set1_epi32(i32::from_le_bytes(*x));
            *sum = _mm256_dpbusd_epi32(*sum, four, quads);
        }
    };
    let (pairs, rest) = x.as_chunks::<2>();
    let (panels, last) = panel.as_chunks::<2>();
    for (x, panel) in pairs.iter().zip(panels) {
        add(&mut even, &x[0], &panel[0]);
        add(&mut odd, &x[1], &panel[1]);
    }
    for (x, quads) in rest.iter().zip(last) {
        add(&mut even, x, quads);
    }
    std::array::from_fn(|r| store(_mm256_add_epi32(even[r], odd[r])))
}
