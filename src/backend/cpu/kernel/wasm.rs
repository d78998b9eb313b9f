//! Code shared by the two WebAssembly kernels: unpacking blocks, and scaling integer products.

use core::arch::wasm32::*;

use crate::backend::cpu::matrix::{FIFTHS, PANEL, QuantizedRows, Scales};
use crate::quant::BLOCK;

/// Quads in a block.
pub const STEPS: usize = BLOCK / 4;

/// Widths as constants.
pub const FOUR: u8 = 4;
pub const FIVE: u8 = 5;
pub const EIGHT: u8 = 8;

/// Four inputs of all eight outputs: two vectors of four outputs.
pub type Quad = [v128; 2];

/// Unpacks a block's integers, quad by quad, as stored: 8-bit ones with 128 added.
pub struct Unpacker<'a, const WIDTH: u8> {
    block: &'a [u8],
    /// Fifth bits; the highest bit of each byte belongs to the next quad.
    fifths: Quad,
}

impl<'a, const WIDTH: u8> Unpacker<'a, WIDTH> {
    /// Starts at a block's first quad.
    #[inline(always)]
    pub fn new(block: &'a [u8]) -> Self {
        assert!(block.len() == PANEL * STEPS / 2 * usize::from(WIDTH));
        let fifths = match WIDTH {
            FIVE => load(&block[FIFTHS..].as_chunks::<32>().0[0]),
            _ => [i8x16_splat(0); 2],
        };
        Self { block, fifths }
    }

    /// Quad `q`; call in order, up to the eighth.
    #[inline(always)]
    pub fn quad(&mut self, q: usize) -> Quad {
        debug_assert!(q < STEPS);
        if WIDTH == EIGHT {
            // SAFETY: `q < STEPS`, and by the assertion in `new` the block holds STEPS quads.
            return load(unsafe { self.block.as_chunks::<32>().0.get_unchecked(q) });
        }
        // SAFETY: as above.
        let packed = unsafe { v128_load(self.block.as_ptr().add(16 * q).cast()) };
        let fours = [v128_and(packed, i8x16_splat(15)), u8x16_shr(packed, 4)];
        if WIDTH == FOUR {
            return fours;
        }
        let fifths = self.fifths;
        self.fifths = fifths.map(|fifths| i8x16_add(fifths, fifths));
        [0, 1].map(|half| {
            let fifth = v128_and(u16x8_shr(fifths[half], 3), i8x16_splat(16));
            v128_or(fours[half], fifth)
        })
    }
}

/// Integer dot products of a tile and a panel, block by block. Computing all products before
/// scaling keeps the sums of both loops in registers.
#[derive(Default)]
pub struct Products(Vec<[v128; 2]>);

impl Products {
    /// Room for `R` rows of each block.
    #[inline(always)]
    pub fn of_blocks<const R: usize>(&mut self, blocks: usize) -> &mut [[[v128; 2]; R]] {
        self.0.resize(blocks * R, [i32x4_splat(0); 2]);
        self.0.as_chunks_mut().0
    }

    /// Sums the blocks, each with its scales, for the tile that begins at row `first`.
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

/// Loads a panel as two vectors.
#[inline(always)]
pub fn load<T, const N: usize>(from: &[T; N]) -> [v128; 2] {
    const { assert!(size_of::<T>() * N == 32) };
    // SAFETY: `from` is 32 readable bytes.
    unsafe { [v128_load(from.as_ptr().cast()), v128_load(from.as_ptr().cast::<v128>().add(1))] }
}

/// Stores a panel's integers.
#[inline(always)]
pub fn of_vectors([low, high]: [v128; 2]) -> [i32; PANEL] {
    let mut out = [0; PANEL];
    // SAFETY: `out` is 32 writable bytes.
    unsafe {
        v128_store(out.as_mut_ptr().cast(), low);
        v128_store(out.as_mut_ptr().add(4).cast(), high);
    }
    out
}

/// `a * b + c`.
#[inline(always)]
fn madd(a: v128, b: v128, c: v128) -> v128 {
    #[cfg(target_feature = "relaxed-simd")]
    return f32x4_relaxed_madd(a, b, c);
    #[cfg(not(target_feature = "relaxed-simd"))]
    f32x4_add(f32x4_mul(a, b), c)
}
