//! The kernel for WebAssembly's fixed-width SIMD: 16-bit products of pairs, added in 32 bits.

use core::arch::wasm32::*;

use super::Kernel;
#[cfg(not(target_feature = "relaxed-simd"))]
use super::{Fours, Quads, ROWS};
use crate::backend::cpu::matrix::{PANEL, Panel, QuantizedRows, Scales};
use crate::quant::{BLOCK, Bits};

/// Pairs of inputs in a block.
const STEPS: usize = BLOCK / 2;

/// Weights unpacked to 16 bits; a step is two vectors of four outputs by two inputs.
#[derive(Default)]
pub struct Simd128 {
    weights: Vec<[v128; 2]>,
    products: Products,
}

impl Kernel for Simd128 {
    fn unpack(&mut self, bits: Bits, panel: Panel) {
        self.weights.clear();
        for bytes in panel.ints.as_chunks::<16>().0 {
            // SAFETY: `bytes` is 16 readable bytes.
            let packed = unsafe { v128_load(bytes.as_ptr().cast()) };
            match bits {
                Bits::Four => {
                    let low = by_pairs(v128_and(packed, i8x16_splat(15)));
                    let high = by_pairs(u8x16_shr(packed, 4));
                    let first = [i16x8_extend_low_i8x16(low), i16x8_extend_low_i8x16(high)];
                    let second = [i16x8_extend_high_i8x16(low), i16x8_extend_high_i8x16(high)];
                    self.weights.extend([first, second]);
                }
                Bits::Eight => self.weights.push(widen(packed)),
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
        multiply(&self.weights, |step| *step, scales, x, first, &mut self.products, out);
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
        match bits {
            Bits::Four => {
                self.unpack(bits, panel);
                self.tile(scales, x, 0, out);
            }
            Bits::Eight => {
                // SAFETY: `bytes` is 16 readable bytes.
                let load = |bytes: &[u8; 16]| widen(unsafe { v128_load(bytes.as_ptr().cast()) });
                let panel = panel.ints.as_chunks().0;
                multiply(panel, load, scales, x, 0, &mut self.products, out);
            }
        }
    }

    fn supports(_: Bits) -> bool {
        true
    }
}

/// Multiplies the tile that begins at row `first` with a panel, of which `unpack` gives a step.
#[inline(never)]
fn multiply<T, const R: usize>(
    panel: &[T],
    unpack: impl Fn(&T) -> [v128; 2],
    scales: &Scales,
    x: &QuantizedRows,
    first: usize,
    products: &mut Products,
    out: &mut [[f32; PANEL]; R],
) {
    let blocks = x.cols / BLOCK;
    assert!(panel.len() >= blocks * STEPS && (first + R) * x.cols <= x.ints.len());
    let mut weights = panel.as_ptr();
    for (b, products) in products.of_blocks(blocks).iter_mut().enumerate() {
        let mut dots = [[i32x4_splat(0); 2]; R];
        // SAFETY: `b < blocks`, and the assertion above.
        unsafe {
            let end = weights.add(STEPS);
            let mut ints = x.ints.as_ptr().add(first * x.cols + b * R * BLOCK);
            while weights != end {
                for pair in 0..2 {
                    let [low, high] = unpack(&*weights.add(pair));
                    for (r, dots) in dots.iter_mut().enumerate() {
                        let pair = v128_load16_splat(ints.add(4 * r + 2 * pair).cast());
                        let pair = i16x8_extend_low_i8x16(pair);
                        dots[0] = i32x4_add(dots[0], i32x4_dot_i16x8(pair, low));
                        dots[1] = i32x4_add(dots[1], i32x4_dot_i16x8(pair, high));
                    }
                }
                weights = weights.add(2);
                ints = ints.add(4 * R);
            }
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
        let [low, high] = load(quads).map(by_pairs);
        let pairs = [
            [i16x8_extend_low_i8x16(low), i16x8_extend_low_i8x16(high)],
            [i16x8_extend_high_i8x16(low), i16x8_extend_high_i8x16(high)],
        ];
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

/// Two inputs of all eight outputs.
#[inline(always)]
fn widen(packed: v128) -> [v128; 2] {
    [i16x8_extend_low_i8x16(packed), i16x8_extend_high_i8x16(packed)]
}

/// From four inputs of each output in turn to the first two inputs of every output and then the
/// next two.
fn by_pairs(v: v128) -> v128 {
    i8x16_shuffle::<0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15>(v, v)
}

/// `a * b + c`.
#[inline(always)]
fn madd(a: v128, b: v128, c: v128) -> v128 {
    #[cfg(target_feature = "relaxed-simd")]
    return f32x4_relaxed_madd(a, b, c);
    #[cfg(not(target_feature = "relaxed-simd"))]
    f32x4_add(f32x4_mul(a, b), c)
}
