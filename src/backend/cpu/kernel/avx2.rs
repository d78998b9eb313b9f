//! The kernel for x86-64 with AVX2 and FMA: 8-bit products of pairs, added in 16 bits.
//!
//! The same arithmetic as the relaxed SIMD kernel, eight outputs to a vector: `vpmaddubsw` takes
//! the weights as its unsigned operand, and sums of 16 products of a 4-bit and a 7-bit magnitude
//! stay within 16 bits. 8-bit weights are widened and take `vpmaddwd`.

use std::arch::x86_64::*;

use super::{Dots, Fours, Kernel, Quads, ROWS};
use crate::backend::cpu::matrix::{PANEL, Panel, QuantizedRows, Scales};
use crate::quant::{BLOCK, Bits};

/// Unpacked weights: a vector is eight outputs by four inputs of 8 bits, or by two of 16.
pub struct Avx2 {
    weights: Vec<__m256i>,
    bits: Bits,
}

impl Avx2 {
    /// The kernel, where the processor has the instructions.
    pub fn detect() -> Option<Self> {
        let usable = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        usable.then(|| Self { weights: Vec::new(), bits: Bits::Four })
    }
}

/// One step of a panel: four inputs of all eight outputs, or two of them widened.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn split(bits: Bits, bytes: &[u8; 16]) -> __m256i {
    // SAFETY: `bytes` is 16 readable bytes.
    let packed = unsafe { _mm_loadu_si128(bytes.as_ptr().cast()) };
    match bits {
        Bits::Four => {
            let both = _mm256_set_m128i(_mm_srli_epi16(packed, 4), packed);
            _mm256_and_si256(both, _mm256_set1_epi8(15))
        }
        Bits::Eight => _mm256_cvtepi8_epi16(packed),
    }
}

/// All steps of a panel.
#[target_feature(enable = "avx2")]
pub(super) fn unpack(weights: &mut Vec<__m256i>, bits: Bits, panel: Panel) {
    weights.clear();
    weights.extend(panel.ints.as_chunks().0.iter().map(|bytes| split(bits, bytes)));
}

/// Multiplies the tile that begins at row `first` with a panel that is unpacked or not (`PACKED`).
#[target_feature(enable = "avx2,fma")]
fn multiply<const PACKED: bool, const R: usize>(
    bits: Bits,
    weights: &[__m256i],
    packed: &[[u8; 16]],
    scales: &Scales,
    x: &QuantizedRows,
    first: usize,
    out: &mut [[f32; PANEL]; R],
) {
    let blocks = x.cols / BLOCK;
    let inputs = if bits == Bits::Four { 4 } else { 2 };
    let steps = BLOCK / inputs;
    let have = if PACKED { packed.len() } else { weights.len() };
    assert!(have >= blocks * steps && (first + R) * x.cols <= x.ints.len());
    let mut totals = Totals::new(scales, x, first);
    for b in 0..blocks {
        let mut dots = [_mm256_setzero_si256(); R];
        for step in 0..steps {
            let at = b * steps + step;
            // SAFETY: the assertion above bounds every index: `b < blocks`, `step < steps`.
            unsafe {
                let w = match PACKED {
                    true => split(bits, packed.get_unchecked(at)),
                    false => *weights.get_unchecked(at),
                };
                for (r, dot) in dots.iter_mut().enumerate() {
                    let k = b * BLOCK + step * inputs;
                    let at = x.ints.as_ptr().add(first * x.cols + k / 4 * 4 * R + r * 4 + k % 4);
                    *dot = match bits {
                        Bits::Four => {
                            let x = _mm256_set1_epi32(at.cast::<i32>().read_unaligned());
                            _mm256_add_epi16(*dot, _mm256_maddubs_epi16(w, x))
                        }
                        Bits::Eight => {
                            let x = _mm_cvtepi8_epi16(_mm_cvtsi32_si128(
                                at.cast::<i16>().read_unaligned().into(),
                            ));
                            _mm256_add_epi32(*dot, _mm256_madd_epi16(w, _mm256_broadcastd_epi32(x)))
                        }
                    };
                }
            }
        }
        if bits == Bits::Four {
            for dot in &mut dots {
                *dot = _mm256_madd_epi16(*dot, _mm256_set1_epi16(1));
            }
        }
        totals.add(b, dots);
    }
    totals.store(out);
}

/// Sums of a tile over the blocks so far.
pub(super) struct Totals<'a, const R: usize> {
    sums: [__m256; R],
    scales: &'a Scales,
    x: &'a QuantizedRows,
    first: usize,
}

impl<'a, const R: usize> Totals<'a, R> {
    /// Zeros, for the tile that begins at row `first`.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    pub fn new(scales: &'a Scales, x: &'a QuantizedRows, first: usize) -> Self {
        let blocks = x.cols / BLOCK;
        assert!(scales.scales.len().min(scales.mins.len()) >= blocks * PANEL);
        assert!((first + R) * blocks <= x.scales.len().min(x.sums.len()));
        Self { sums: [_mm256_setzero_ps(); R], scales, x, first }
    }

    /// Adds block `b` with its integer dot products, 32 bits wide.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    pub fn add(&mut self, b: usize, dots: [__m256i; R]) {
        let blocks = self.x.cols / BLOCK;
        assert!(b < blocks);
        // SAFETY: the assertion above and those of `new`.
        unsafe {
            let scale = _mm256_loadu_ps(self.scales.scales.as_ptr().add(b * PANEL));
            let min = _mm256_loadu_ps(self.scales.mins.as_ptr().add(b * PANEL));
            for (r, (sum, dot)) in self.sums.iter_mut().zip(dots).enumerate() {
                let at = self.first * blocks + b * R + r;
                let step = _mm256_set1_ps(*self.x.scales.get_unchecked(at));
                *sum = _mm256_fmadd_ps(_mm256_cvtepi32_ps(dot), _mm256_mul_ps(scale, step), *sum);
                *sum = _mm256_fmadd_ps(min, _mm256_set1_ps(*self.x.sums.get_unchecked(at)), *sum);
            }
        }
    }

    /// The sums as arrays.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    pub fn store(self, out: &mut [[f32; PANEL]; R]) {
        for (out, sum) in out.iter_mut().zip(self.sums) {
            // SAFETY: `out` is 32 writable bytes.
            unsafe { _mm256_storeu_ps(out.as_mut_ptr(), sum) };
        }
    }
}

impl Kernel for Avx2 {
    fn unpack(&mut self, bits: Bits, panel: Panel) {
        self.bits = bits;
        // SAFETY: the only way to an `Avx2` is `detect`, which found the instructions.
        unsafe { unpack(&mut self.weights, bits, panel) }
    }

    fn tile<const R: usize>(
        &mut self,
        scales: &Scales,
        x: &QuantizedRows,
        first: usize,
        out: &mut [[f32; PANEL]; R],
    ) {
        // SAFETY: as above.
        unsafe { multiply::<false, R>(self.bits, &self.weights, &[], scales, x, first, out) }
    }

    fn row(
        &mut self,
        bits: Bits,
        panel: Panel,
        scales: &Scales,
        x: &QuantizedRows,
        out: &mut [f32; PANEL],
    ) {
        let (packed, out) = (panel.ints.as_chunks().0, std::array::from_mut(out));
        // SAFETY: as above.
        unsafe { multiply::<true, 1>(bits, &[], packed, scales, x, 0, out) }
    }

    fn supports(_: Bits) -> bool {
        true
    }
}

/// [`Dots`] by `vpmaddubsw`, where the processor has it for eight outputs at a time: two products of
/// a number of 7 bits and one of 8 with its sign fit 16.
pub fn dots() -> Option<Dots> {
    fn safe(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
        // SAFETY: this function is given away only where the instructions were found.
        unsafe { add_up(x, panel, start) }
    }
    is_x86_feature_detected!("avx2").then_some(safe as Dots)
}

#[target_feature(enable = "avx2")]
fn add_up(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
    let mut sums = [load(start); ROWS];
    for (x, quads) in x.iter().zip(panel) {
        let quads = load(quads);
        for (sum, x) in sums.iter_mut().zip(x.as_chunks::<4>().0) {
            let pairs = _mm256_maddubs_epi16(_mm256_set1_epi32(i32::from_le_bytes(*x)), quads);
            *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
        }
    }
    sums.map(|sum| store(sum))
}

/// A vector of a panel's numbers.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load<T, const N: usize>(from: &[T; N]) -> __m256i {
    const { assert!(size_of::<T>() * N == 32) };
    // SAFETY: `from` is 32 readable bytes.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

/// A panel's integers.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store(sum: __m256i) -> [i32; PANEL] {
    let mut out = [0; PANEL];
    // SAFETY: `out` is 32 writable bytes.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), sum) };
    out
}
