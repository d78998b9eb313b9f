//! The kernel for WebAssembly's fixed-width SIMD: 16-bit products of pairs, added in 32 bits.

use core::arch::wasm32::*;
#[cfg(any(test, not(target_feature = "relaxed-simd")))]
use std::borrow::Borrow;

#[cfg(any(test, not(target_feature = "relaxed-simd")))]
use super::Kernel;
#[cfg(not(target_feature = "relaxed-simd"))]
use super::{Fours, Quads, ROWS};
#[cfg(any(test, not(target_feature = "relaxed-simd")))]
use crate::backend::cpu::matrix::Panel;
use crate::backend::cpu::matrix::{FIFTHS, PANEL, QuantizedRows, Scales};
use crate::quant::BLOCK;
#[cfg(any(test, not(target_feature = "relaxed-simd")))]
use crate::quant::Bits;

/// Quads in a block.
pub(super) const STEPS: usize = BLOCK / 4;

/// Widths as constants.
pub(super) const FOUR: u8 = 4;
pub(super) const FIVE: u8 = 5;
pub(super) const EIGHT: u8 = 8;

/// A block's integers as they are stored, those of 8 bits with 128 added; a quad is two vectors of
/// four outputs by four inputs.
#[inline(always)]
pub(super) fn quads<const WIDTH: u8>(block: &[u8]) -> [[v128; 2]; STEPS] {
    if WIDTH == EIGHT {
        let quads = block.as_chunks::<32>().0;
        return std::array::from_fn(|q| load(&quads[q]));
    }
    let fours: [[v128; 2]; STEPS] = std::array::from_fn(|q| {
        // SAFETY: a chunk is 16 readable bytes.
        let packed = unsafe { v128_load(block.as_chunks::<16>().0[q].as_ptr().cast()) };
        [v128_and(packed, i8x16_splat(15)), u8x16_shr(packed, 4)]
    });
    if WIDTH == FOUR {
        return fours;
    }
    // The highest bit of each byte is the next quad's.
    let mut fifths = load(&block[FIFTHS..].as_chunks::<32>().0[0]);
    fours.map(|fours| {
        let quad = [0, 1].map(|half| {
            let fifth = v128_and(u16x8_shr(fifths[half], 3), i8x16_splat(16));
            v128_or(fours[half], fifth)
        });
        fifths = fifths.map(|fifths| i8x16_add(fifths, fifths));
        quad
    })
}

/// A block unpacked to 16 bits: two inputs of all eight outputs in turn.
#[cfg(any(test, not(target_feature = "relaxed-simd")))]
type Pairs = [[v128; 2]; 2 * STEPS];

/// Weights unpacked to 16 bits.
#[cfg(any(test, not(target_feature = "relaxed-simd")))]
#[derive(Default)]
pub struct Simd128 {
    weights: Vec<Pairs>,
    products: Products,
}

#[cfg(any(test, not(target_feature = "relaxed-simd")))]
impl Kernel for Simd128 {
    fn unpack(&mut self, bits: Bits, panel: Panel) {
        self.weights.clear();
        let blocks = panel.blocks(bits);
        match bits {
            Bits::Four => self.weights.extend(blocks.map(pairs::<FOUR>)),
            Bits::Five => self.weights.extend(blocks.map(pairs::<FIVE>)),
            Bits::Eight => self.weights.extend(blocks.map(pairs::<EIGHT>)),
        }
    }

    fn tile<const R: usize>(
        &mut self,
        scales: &Scales,
        x: &QuantizedRows,
        first: usize,
        out: &mut [[f32; PANEL]; R],
    ) {
        multiply(self.weights.iter(), scales, x, first, &mut self.products, out);
    }

    fn row(
        &mut self,
        bits: Bits,
        panel: Panel,
        scales: &Scales,
        x: &QuantizedRows,
        out: &mut [f32; PANEL],
    ) {
        let (blocks, out) = (panel.blocks(bits), std::array::from_mut(out));
        let products = &mut self.products;
        match bits {
            Bits::Four => multiply(blocks.map(pairs::<FOUR>), scales, x, 0, products, out),
            Bits::Five => multiply(blocks.map(pairs::<FIVE>), scales, x, 0, products, out),
            Bits::Eight => multiply(blocks.map(pairs::<EIGHT>), scales, x, 0, products, out),
        }
    }
}

#[cfg(any(test, not(target_feature = "relaxed-simd")))]
#[inline(always)]
fn pairs<const WIDTH: u8>(block: &[u8]) -> Pairs {
    let mut pairs = [[i16x8_splat(0); 2]; 2 * STEPS];
    for (quad, pairs) in quads::<WIDTH>(block).into_iter().zip(pairs.as_chunks_mut().0) {
        let signed = quad.map(|half| match WIDTH {
            EIGHT => v128_xor(half, i8x16_splat(-128)),
            _ => half,
        });
        *pairs = by_pairs(signed);
    }
    pairs
}

/// Multiplies the tile that begins at row `first` with the blocks of a panel.
#[cfg(any(test, not(target_feature = "relaxed-simd")))]
#[inline(never)]
fn multiply<B: Borrow<Pairs>, const R: usize>(
    panel: impl ExactSizeIterator<Item = B>,
    scales: &Scales,
    x: &QuantizedRows,
    first: usize,
    products: &mut Products,
    out: &mut [[f32; PANEL]; R],
) {
    let blocks = x.cols / BLOCK;
    assert!(panel.len() >= blocks && (first + R) * x.cols <= x.ints.len());
    // SAFETY: `first < x.rows`, by the assertion above.
    let mut ints = unsafe { x.ints.as_ptr().add(first * x.cols) };
    for (products, pairs) in products.of_blocks(blocks).iter_mut().zip(panel) {
        let mut dots = [[i32x4_splat(0); 2]; R];
        for quad in pairs.borrow().as_chunks::<2>().0 {
            for (pair, [low, high]) in quad.iter().enumerate() {
                for (r, dots) in dots.iter_mut().enumerate() {
                    // SAFETY: all blocks times STEPS are within the assertion above.
                    let pair = unsafe { v128_load16_splat(ints.add(4 * r + 2 * pair).cast()) };
                    let pair = i16x8_extend_low_i8x16(pair);
                    dots[0] = i32x4_add(dots[0], i32x4_dot_i16x8(pair, *low));
                    dots[1] = i32x4_add(dots[1], i32x4_dot_i16x8(pair, *high));
                }
            }
            // SAFETY: as above; behind the last quad of all, nothing is read.
            ints = unsafe { ints.add(4 * R) };
        }
        *products = dots;
    }
    products.scale(scales, x, first, out);
}

/// Integer dot products of a tile and a panel, block by block, and what becomes of them. With all
/// blocks' products done before they are scaled, the sums of either loop fit the registers.
#[derive(Default)]
pub(super) struct Products(Vec<[v128; 2]>);

impl Products {
    /// Room for `R` rows of each block.
    #[inline(always)]
    pub fn of_blocks<const R: usize>(&mut self, blocks: usize) -> &mut [[[v128; 2]; R]] {
        self.0.resize(blocks * R, [i32x4_splat(0); 2]);
        self.0.as_chunks_mut().0
    }

    /// Adds the blocks up, each with its scales, for the tile that begins at row `first`.
    #[inline(always)]
    pub fn scale<const R: usize>(
        &self,
        scales: &Scales,
        x: &QuantizedRows,
        first: usize,
        out: &mut [[f32; PANEL]; R],
    ) {
        let products = self.0.as_chunks::<R>().0;
        assert!(scales.scales.len().min(scales.mins.len()) >= products.len() * PANEL);
        assert!((first + R) * products.len() <= x.scales.len().min(x.sums.len()));
        let panel = scales.scales.as_chunks::<PANEL>().0.iter().zip(scales.mins.as_chunks().0);
        let tile = first * (x.cols / BLOCK)..;
        let rows = x.scales[tile.clone()].as_chunks().0.iter().zip(x.sums[tile].as_chunks().0);
        let mut totals = [[f32x4_splat(0.0); 2]; R];
        for ((products, (scales, mins)), (steps, sums)) in products.iter().zip(panel).zip(rows) {
            let (scales, mins) = (load::<f32, PANEL>(scales), load::<f32, PANEL>(mins));
            let steps: &[f32; R] = steps;
            let sums: &[f32; R] = sums;
            for (r, totals) in totals.iter_mut().enumerate() {
                for half in 0..2 {
                    let step = f32x4_mul(scales[half], f32x4_splat(steps[r]));
                    let product = f32x4_convert_i32x4(products[r][half]);
                    totals[half] = madd(product, step, totals[half]);
                    totals[half] = madd(mins[half], f32x4_splat(sums[r]), totals[half]);
                }
            }
        }
        for (out, [low, high]) in out.iter_mut().zip(totals) {
            // SAFETY: `out` is 32 writable bytes.
            unsafe {
                v128_store(out.as_mut_ptr().cast(), low);
                v128_store(out.as_mut_ptr().add(4).cast(), high);
            }
        }
    }
}

/// [`super::Dots`], by pairs in 16 bits.
#[cfg(not(target_feature = "relaxed-simd"))]
#[inline(never)]
pub fn dots(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
    let mut sums = [load(start); ROWS];
    for (x, quads) in x.iter().zip(panel) {
        let pairs = by_pairs(load(quads));
        for (sums, x) in sums.iter_mut().zip(x.as_chunks::<4>().0) {
            for (x, pairs) in x.as_chunks::<2>().0.iter().zip(pairs) {
                // SAFETY: `x` is 2 readable bytes.
                let x = i16x8_extend_low_u8x16(unsafe { v128_load16_splat(x.as_ptr().cast()) });
                for (sum, pair) in sums.iter_mut().zip(pairs) {
                    *sum = i32x4_add(*sum, i32x4_dot_i16x8(x, pair));
                }
            }
        }
    }
    sums.map(of_vectors)
}

/// The two vectors of a panel's numbers.
#[inline(always)]
pub(super) fn load<T, const N: usize>(from: &[T; N]) -> [v128; 2] {
    const { assert!(size_of::<T>() * N == 32) };
    // SAFETY: `from` is 32 readable bytes.
    unsafe { [v128_load(from.as_ptr().cast()), v128_load(from.as_ptr().cast::<v128>().add(1))] }
}

/// A panel's integers.
#[inline(always)]
pub(super) fn of_vectors([low, high]: [v128; 2]) -> [i32; PANEL] {
    let mut out = [0; PANEL];
    // SAFETY: `out` is 32 writable bytes.
    unsafe {
        v128_store(out.as_mut_ptr().cast(), low);
        v128_store(out.as_mut_ptr().add(4).cast(), high);
    }
    out
}

/// From four inputs of each output, with a sign, to the first two inputs of every output and then the
/// next two, in 16 bits.
#[cfg(any(test, not(target_feature = "relaxed-simd")))]
#[inline(always)]
fn by_pairs(quad: [v128; 2]) -> [[v128; 2]; 2] {
    let [low, high] = quad.map(|half| {
        i8x16_shuffle::<0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15>(half, half)
    });
    [
        [i16x8_extend_low_i8x16(low), i16x8_extend_low_i8x16(high)],
        [i16x8_extend_high_i8x16(low), i16x8_extend_high_i8x16(high)],
    ]
}

/// `a * b + c`.
#[inline(always)]
fn madd(a: v128, b: v128, c: v128) -> v128 {
    #[cfg(target_feature = "relaxed-simd")]
    return f32x4_relaxed_madd(a, b, c);
    #[cfg(not(target_feature = "relaxed-simd"))]
    f32x4_add(f32x4_mul(a, b), c)
}
