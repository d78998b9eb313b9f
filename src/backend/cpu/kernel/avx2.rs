//! The kernel for x86-64 with AVX2 and FMA: 8-bit products of pairs, added in 16 bits.
//!
//! Same arithmetic as the relaxed SIMD kernel, with eight outputs per vector: `vpmaddubsw` takes
//! the weights as its unsigned operand. Sums of 16 products of a 4-bit and a 7-bit magnitude fit 16
//! bits, as do 8 products of 5-bit weights. For 8-bit weights it takes the magnitudes, and the
//! activations with the weights' signs: two such products fit.

use std::arch::x86_64::*;

use super::{Dots, Fours, Kernel, Quads, ROWS};
use crate::backend::cpu::matrix::{FIFTHS, PANEL, Panel, QuantizedRows, Scales};
use crate::quant::{BLOCK, Bits};

/// Quads in a block.
pub(super) const STEPS: usize = BLOCK / 4;

/// The quads of a block; a vector is eight outputs by four inputs.
pub(super) type Block = [__m256i; STEPS];

/// Widths as constants.
pub(super) const FOUR: u8 = 4;
pub(super) const FIVE: u8 = 5;
pub(super) const EIGHT: u8 = 8;

/// Weights unpacked to 8 bits.
pub struct Avx2 {
    weights: Vec<Block>,
    bits: Bits,
}

impl Avx2 {
    /// The kernel, if the processor has the instructions.
    pub fn detect() -> Option<Self> {
        let usable = is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma");
        usable.then(|| Self { weights: Vec::new(), bits: Bits::Four })
    }
}

/// A block's integers as stored: 8-bit ones with 128 added.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn quads<const WIDTH: u8>(block: &[u8]) -> Block {
    if WIDTH == EIGHT {
        let quads = block.as_chunks::<32>().0;
        return std::array::from_fn(|q| load(&quads[q]));
    }
    let fours: [__m256i; STEPS] = std::array::from_fn(|q| {
        // SAFETY: a chunk is 16 readable bytes.
        let packed = unsafe { _mm_loadu_si128(block.as_chunks::<16>().0[q].as_ptr().cast()) };
        let both = _mm256_set_m128i(_mm_srli_epi16(packed, 4), packed);
        _mm256_and_si256(both, _mm256_set1_epi8(15))
    });
    if WIDTH == FOUR {
        return fours;
    }
    // The highest bit of each byte belongs to the next quad.
    let mut fifths = load(&block[FIFTHS..].as_chunks::<32>().0[0]);
    fours.map(|four| {
        let fifth = _mm256_and_si256(_mm256_srli_epi16(fifths, 3), _mm256_set1_epi8(16));
        fifths = _mm256_add_epi8(fifths, fifths);
        _mm256_or_si256(four, fifth)
    })
}

/// Unpacks all blocks of a panel.
#[target_feature(enable = "avx2")]
pub(super) fn unpack<const WIDTH: u8>(weights: &mut Vec<Block>, bits: Bits, panel: Panel) {
    weights.clear();
    weights.extend(panel.blocks(bits).map(|block| quads::<WIDTH>(block)));
}

/// Multiplies the tile that begins at row `first` with an unpacked panel, or with a packed one
/// (`PACKED`).
#[target_feature(enable = "avx2,fma")]
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
    let ones = _mm256_set1_epi16(1);
    let mut totals = Totals::new(scales, x, first);
    for b in 0..blocks {
        let quads = match PACKED {
            true => quads::<WIDTH>(&packed[b * block_bytes..(b + 1) * block_bytes]),
            false => weights[b],
        };
        let mut dots = [_mm256_setzero_si256(); R];
        // Sums of pairs, before widening.
        let mut pairs = [_mm256_setzero_si256(); R];
        for (q, quad) in quads.into_iter().enumerate() {
            let (quad, signs) = match WIDTH {
                EIGHT => {
                    let signed = _mm256_xor_si256(quad, _mm256_set1_epi8(-128));
                    (_mm256_abs_epi8(signed), signed)
                }
                _ => (quad, quad),
            };
            for r in 0..R {
                let at = first * x.cols + ((b * STEPS + q) * R + r) * 4;
                // SAFETY: the assertion above bounds the index: `b < blocks`, `q < STEPS`.
                let four = unsafe { x.ints.as_ptr().add(at).cast::<i32>().read_unaligned() };
                let four = _mm256_set1_epi32(four);
                let four = if WIDTH == EIGHT { _mm256_sign_epi8(four, signs) } else { four };
                pairs[r] = _mm256_add_epi16(pairs[r], _mm256_maddubs_epi16(quad, four));
                let full = match WIDTH {
                    FOUR => q + 1 == STEPS,
                    FIVE => (q + 1) % (STEPS / 2) == 0,
                    _ => true,
                };
                if full {
                    dots[r] = _mm256_add_epi32(dots[r], _mm256_madd_epi16(pairs[r], ones));
                    pairs[r] = _mm256_setzero_si256();
                }
            }
        }
        totals.add(b, dots);
    }
    totals.store(out);
}

/// A tile's running sums over blocks.
pub(super) struct Totals<'a, const R: usize> {
    sums: [__m256; R],
    scales: &'a Scales,
    x: &'a QuantizedRows,
    first: usize,
}

impl<'a, const R: usize> Totals<'a, R> {
    /// Zero sums, for the tile that begins at row `first`.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    pub fn new(scales: &'a Scales, x: &'a QuantizedRows, first: usize) -> Self {
        let blocks = x.cols / BLOCK;
        assert!(scales.scales.len().min(scales.mins.len()) >= blocks * PANEL);
        assert!((first + R) * blocks <= x.scales.len().min(x.sums.len()));
        Self { sums: [_mm256_setzero_ps(); R], scales, x, first }
    }

    /// Adds block `b` with its 32-bit integer dot products.
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

    /// Stores the sums.
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
        // SAFETY: only `detect` makes an `Avx2`, after finding the instructions.
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

/// [`Dots`] by `vpmaddubsw`, eight outputs at a time, if the processor has AVX2: two products of a
/// 7-bit number and a signed 8-bit one fit 16 bits.
pub fn dots() -> Option<Dots> {
    fn safe(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
        // SAFETY: this function is returned only if the instructions were found.
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

/// Loads a vector of a panel.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn load<T, const N: usize>(from: &[T; N]) -> __m256i {
    const { assert!(size_of::<T>() * N == 32) };
    // SAFETY: `from` is 32 readable bytes.
    unsafe { _mm256_loadu_si256(from.as_ptr().cast()) }
}

/// Stores a panel's integers.
#[inline]
#[target_feature(enable = "avx2")]
pub(super) fn store(sum: __m256i) -> [i32; PANEL] {
    let mut out = [0; PANEL];
    // SAFETY: `out` is 32 writable bytes.
    unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), sum) };
    out
}
