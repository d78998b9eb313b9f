//! The kernel for x86-64 with AVX-512 VNNI: sums of four 8-bit products in 32 bits.
//!
//! `vpdpbusd` takes the weights as its unsigned operand, eight outputs by four inputs in one
//! 256-bit vector, and adds four products to each output at once. 8-bit weights are stored with 128
//! added; the kernel subtracts what this adds to a block's product.

use std::arch::x86_64::*;

use super::avx2::{Block, EIGHT, FIVE, FOUR, STEPS, Totals, load, quads, store, unpack};
use super::{Dots, Fours, Kernel, Quads, ROWS};
use crate::backend::cpu::matrix::{PANEL, Panel, QuantizedRows, Scales};
use crate::quant::{BLOCK, Bits};

/// Weights unpacked to 8 bits.
pub struct Vnni {
    weights: Vec<Block>,
    bits: Bits,
}

impl Vnni {
    /// The kernel, if the processor has the instructions.
    pub fn detect() -> Option<Self> {
        let usable = is_x86_feature_detected!("avx512vnni")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("fma");
        usable.then(|| Self { weights: Vec::new(), bits: Bits::Four })
    }
}

/// Multiplies the tile that begins at row `first` with an unpacked panel, or with a packed one
/// (`PACKED`).
#[target_feature(enable = "avx2,fma,avx512vl,avx512vnni")]
fn multiply<const WIDTH: u8, const PACKED: bool, const R: usize>(
    weights: &[Block],
    packed: &[u8],
    scales: &Scales,
    x: &QuantizedRows,
    first: usize,
    out: &mut [[f32; PANEL]; R],
) {
    let blocks = x.cols / BLOCK;
    let block_bytes = PANEL * BLOCK / 8 * usize::from(WIDTH);
    let have = if PACKED { packed.len() / block_bytes } else { weights.len() };
    assert!(have >= blocks && (first + R) * x.cols <= x.ints.len());
    assert!((first + R) * blocks <= x.totals.len());
    let mut totals = Totals::new(scales, x, first);
    for b in 0..blocks {
        let quads = match PACKED {
            true => quads::<WIDTH>(&packed[b * block_bytes..(b + 1) * block_bytes]),
            false => weights[b],
        };
        // Each addition depends on the one before: four sums per row keep the units busy.
        let mut parts = [[_mm256_setzero_si256(); 4]; R];
        if WIDTH == EIGHT {
            for (r, parts) in parts.iter_mut().enumerate() {
                parts[0] = _mm256_set1_epi32(-128 * x.totals[first * blocks + b * R + r]);
            }
        }
        for (q, quad) in quads.into_iter().enumerate() {
            for (r, parts) in parts.iter_mut().enumerate() {
                let at = first * x.cols + ((b * STEPS + q) * R + r) * 4;
                // SAFETY: the assertion above bounds the index: `b < blocks`, `q < STEPS`.
                let four = unsafe { x.ints.as_ptr().add(at).cast::<i32>().read_unaligned() };
                parts[q % 4] = _mm256_dpbusd_epi32(parts[q % 4], quad, _mm256_set1_epi32(four));
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
    fn unpack(&mut self, bits: Bits, panel: Panel) {
        self.bits = bits;
        // SAFETY: only `detect` makes a `Vnni`, after finding the instructions.
        unsafe {
            match bits {
                Bits::Four => unpack::<FOUR>(&mut self.weights, bits, panel),
                Bits::Five => unpack::<FIVE>(&mut self.weights, bits, panel),
                Bits::Eight => unpack::<EIGHT>(&mut self.weights, bits, panel),
            }
        }
    }

    fn tile<const R: usize>(
        &mut self,
        scales: &Scales,
        x: &QuantizedRows,
        first: usize,
        out: &mut [[f32; PANEL]; R],
    ) {
        // SAFETY: as above.
        unsafe {
            match self.bits {
                Bits::Four => multiply::<FOUR, false, R>(&self.weights, &[], scales, x, first, out),
                Bits::Five => multiply::<FIVE, false, R>(&self.weights, &[], scales, x, first, out),
                Bits::Eight => {
                    multiply::<EIGHT, false, R>(&self.weights, &[], scales, x, first, out)
                }
            }
        }
    }

    fn row(
        &mut self,
        bits: Bits,
        panel: Panel,
        scales: &Scales,
        x: &QuantizedRows,
        out: &mut [f32; PANEL],
    ) {
        let out = std::array::from_mut(out);
        // SAFETY: as above.
        unsafe {
            match bits {
                Bits::Four => multiply::<FOUR, true, 1>(&[], panel.ints, scales, x, 0, out),
                Bits::Five => multiply::<FIVE, true, 1>(&[], panel.ints, scales, x, 0, out),
                Bits::Eight => multiply::<EIGHT, true, 1>(&[], panel.ints, scales, x, 0, out),
            }
        }
    }
}

/// [`Dots`] by `vpdpbusd`, if the processor has it.
pub fn dots() -> Option<Dots> {
    fn safe(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
        // SAFETY: this function is returned only if the instructions were found.
        unsafe { add_up(x, panel, start) }
    }
    Vnni::detect().is_some().then_some(safe as Dots)
}

#[target_feature(enable = "avx2,avx512vl,avx512vnni")]
fn add_up(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
    // Each addition depends on the one before: two sums per row keep the units busy.
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
