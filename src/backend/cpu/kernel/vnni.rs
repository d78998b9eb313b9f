//! The kernel for x86-64 with AVX-512 VNNI: sums of four 8-bit products in 32 bits.
//!
//! `vpdpbusd` takes the weights as its unsigned operand, eight outputs by four inputs in one vector
//! of 256 bits, and adds four products to each output at once.

use std::arch::x86_64::*;

use super::Kernel;
use crate::backend::cpu::matrix::{Bits, PANEL, Panel, QuantizedRows, Scales};
use crate::quant::BLOCK;

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

/// Four inputs of all eight outputs.
#[inline]
#[target_feature(enable = "avx2")]
fn split(bytes: &[u8; 16]) -> __m256i {
    // SAFETY: `bytes` is 16 readable bytes.
    let packed = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    let both = _mm256_set_m128i(_mm_srli_epi16(packed, 4), packed);
    _mm256_and_si256(both, _mm256_set1_epi8(15))
}

#[target_feature(enable = "avx2")]
fn unpack(weights: &mut Vec<__m256i>, panel: Panel) {
    weights.clear();
    weights.extend(panel.ints.as_chunks().0.iter().map(|bytes| split(bytes)));
}

/// Multiplies rows `first..first + R` with a panel that is unpacked or not (`PACKED`).
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
    assert!(have >= blocks * STEPS && scales.scales.len() >= blocks * PANEL);
    assert!(scales.mins.len() >= blocks * PANEL && (first + R) * x.cols <= x.ints.len());
    assert!((first + R) * blocks <= x.scales.len().min(x.sums.len()));
    let mut totals = [_mm256_setzero_ps(); R];
    // SAFETY: the assertions above bound every index below: `b < blocks`, `step < STEPS`,
    // `row < first + R`.
    unsafe {
        for b in 0..blocks {
            // Each addition waits for the one before it: four sums a row keep the units busy.
            let mut parts = [[_mm256_setzero_si256(); 4]; R];
            for step in 0..STEPS {
                let at = b * STEPS + step;
                let w = match PACKED {
                    true => split(packed.get_unchecked(at)),
                    false => *weights.get_unchecked(at),
                };
                for (r, parts) in parts.iter_mut().enumerate() {
                    let at = x.ints.as_ptr().add((first + r) * x.cols + b * BLOCK + step * 4);
                    let four = _mm256_set1_epi32(at.cast::<i32>().read_unaligned());
                    parts[step % 4] = _mm256_dpbusd_epi32(parts[step % 4], w, four);
                }
            }
            let scale = _mm256_loadu_ps(scales.scales.as_ptr().add(b * PANEL));
            let min = _mm256_loadu_ps(scales.mins.as_ptr().add(b * PANEL));
            for (r, [s, t, u, v]) in parts.into_iter().enumerate() {
                let dot = _mm256_add_epi32(_mm256_add_epi32(s, t), _mm256_add_epi32(u, v));
                let row = (first + r) * blocks + b;
                let step = _mm256_mul_ps(scale, _mm256_set1_ps(x.scales[row]));
                totals[r] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), step, totals[r]);
                totals[r] = _mm256_fmadd_ps(min, _mm256_set1_ps(x.sums[row]), totals[r]);
            }
        }
        for (out, total) in out.iter_mut().zip(totals) {
            _mm256_storeu_ps(out.as_mut_ptr(), total);
        }
    }
}

impl Kernel for Vnni {
    fn unpack(&mut self, _: Bits, panel: Panel) {
        // SAFETY: the only way to a `Vnni` is `detect`, which found the instructions.
        unsafe { unpack(&mut self.weights, panel) }
    }

    fn tile<const R: usize>(
        &self,
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
