//! The kernel for WebAssembly's relaxed SIMD: 8-bit products, added in 16 bits or in 32.
//!
//! The result of a relaxed dot product is engine-defined if the second operand leaves 0..=127 or
//! the sum of two products overflows 16 bits. Here the second operand holds weights of 4 or 5 bits,
//! or the halves of 8-bit weights plus 128, so the result is exact everywhere. In 16 bits a lane
//! adds the 16 products of a block, at most 16 * 15 * 127 = 30,480, or half of them for 5-bit
//! weights, 8 * 31 * 127 = 31,496.
//! (<https://github.com/WebAssembly/relaxed-simd/blob/main/proposals/relaxed-simd/Overview.md>)
//!
//! Which variant is faster depends on the engine: sums in 32 bits are one instruction on ARM with
//! `sdot` and on x86-64 with AVX-VNNI and three elsewhere; sums in 16 bits are two on x86-64 and
//! four on ARM. Both give the same numbers, and [`crate::backend::cpu::tune`] picks the faster.

use core::arch::wasm32::*;
use core::hint::black_box;

use super::wasm::{EIGHT, FIVE, FOUR, Products, Quad, STEPS, Unpacker, load, of_vectors};
use super::{Fours, Kernel, Quads, ROWS};
use crate::backend::cpu::matrix::{PANEL, Panel, QuantizedRows, Scales};
use crate::quant::{BLOCK, Bits};

/// Weights unpacked to 8 bits: the quads of each block; for 8-bit weights the upper halves, then
/// the lower halves. Products are added in 32 bits (`WIDE`) or in 16.
pub struct Relaxed<const WIDE: bool> {
    weights: Vec<Quad>,
    bits: Bits,
    products: Products,
}

impl<const WIDE: bool> Default for Relaxed<WIDE> {
    fn default() -> Self {
        Self { weights: Vec::new(), bits: Bits::Four, products: Products::default() }
    }
}

impl<const WIDE: bool> Kernel for Relaxed<WIDE> {
    fn unpack(&mut self, bits: Bits, panel: Panel) {
        self.bits = bits;
        self.weights.clear();
        for block in panel.blocks(bits) {
            match bits {
                Bits::Four => self.weights.extend(quads::<FOUR>(block)),
                Bits::Five => self.weights.extend(quads::<FIVE>(block)),
                Bits::Eight => {
                    let quads = quads::<EIGHT>(block).map(halves);
                    self.weights.extend(quads.map(|[upper, _]| upper));
                    self.weights.extend(quads.map(|[_, lower]| lower));
                }
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
        let Self { weights, bits, products } = self;
        match bits {
            Bits::Four => tile::<WIDE, FOUR, R>(weights, x, first, products),
            Bits::Five => tile::<WIDE, FIVE, R>(weights, x, first, products),
            Bits::Eight => tile::<WIDE, EIGHT, R>(weights, x, first, products),
        }
        products.scale(scales, x, first, out);
    }

    fn row(
        &mut self,
        bits: Bits,
        panel: Panel,
        scales: &Scales,
        x: &QuantizedRows,
        out: &mut [f32; PANEL],
    ) {
        let products = &mut self.products;
        match bits {
            Bits::Four => row::<WIDE, FOUR>(bits, panel, x, products),
            Bits::Five => row::<WIDE, FIVE>(bits, panel, x, products),
            Bits::Eight => row::<WIDE, EIGHT>(bits, panel, x, products),
        }
        products.scale(scales, x, 0, std::array::from_mut(out));
    }
}

fn quads<const WIDTH: u8>(block: &[u8]) -> [Quad; STEPS] {
    let mut unpacker = Unpacker::<WIDTH>::new(block);
    std::array::from_fn(|q| unpacker.quad(q))
}

/// The upper and the lower halves of 8-bit integers.
#[inline(always)]
fn halves(quad: Quad) -> [Quad; 2] {
    [quad.map(|half| u8x16_shr(half, 4)), quad.map(|half| v128_and(half, i8x16_splat(15)))]
}

/// Quads added up at once; for 5-bit weights, as many as fit 16 bits.
const fn steps<const WIDE: bool, const WIDTH: u8>() -> usize {
    if WIDTH == FIVE && !WIDE { STEPS / 2 } else { STEPS }
}

/// Integer products of `R` rows from `first` and an unpacked panel.
#[inline(never)]
fn tile<const WIDE: bool, const WIDTH: u8, const R: usize>(
    weights: &[Quad],
    x: &QuantizedRows,
    first: usize,
    products: &mut Products,
) {
    let blocks = x.cols / BLOCK;
    let steps = const { steps::<WIDE, WIDTH>() };
    let spans = if WIDTH == EIGHT { 2 } else { STEPS / steps };
    assert!(weights.len() >= blocks * spans * steps && (first + R) * x.cols <= x.ints.len());
    // Unrolling the inner loop makes the engine spill: the compiler must not know its length.
    let steps = black_box(steps);
    let mut weights = weights.as_ptr();
    for (b, products) in products.of_blocks(blocks).iter_mut().enumerate() {
        let mut dots = [[i32x4_splat(0); 2]; R];
        // SAFETY: `b < blocks`, and the assertion above; nothing is read past a block.
        let mut ints = unsafe { x.ints.as_ptr().add(first * x.cols + b * R * BLOCK) };
        for span in 0..spans {
            if WIDTH == EIGHT && span > 0 {
                // The same inputs again. Sums in 32 bits continue, others are put aside.
                // SAFETY: as above.
                ints = unsafe { ints.sub(4 * R * STEPS) };
                let so_far = if WIDE { &mut dots } else { &mut *products };
                for (r, so_far) in so_far.iter_mut().enumerate() {
                    let total = x.totals[first * blocks + b * R + r];
                    *so_far = so_far.map(|upper| upper_counts(upper, total));
                }
            }
            if !WIDE {
                dots = [[i32x4_splat(0); 2]; R];
            }
            // SAFETY: `spans` times `steps` quads are within the assertion above.
            unsafe {
                let end = weights.add(steps);
                while weights != end {
                    let [low, high] = *weights;
                    for (r, dots) in dots.iter_mut().enumerate() {
                        let four = v128_load32_splat(ints.add(4 * r).cast());
                        dots[0] = add_dot::<WIDE>(dots[0], four, low);
                        dots[1] = add_dot::<WIDE>(dots[1], four, high);
                    }
                    weights = weights.add(1);
                    ints = ints.add(4 * R);
                }
            }
            if !WIDE {
                for (sum, dot) in products.as_flattened_mut().iter_mut().zip(dots.as_flattened()) {
                    let dot = i32x4_extadd_pairwise_i16x8(*dot);
                    *sum = if span == 0 { dot } else { i32x4_add(*sum, dot) };
                }
            }
        }
        if WIDE {
            *products = dots;
        }
    }
}

/// Integer products of one row and a panel, unpacked on the fly.
#[inline(never)]
fn row<const WIDE: bool, const WIDTH: u8>(
    bits: Bits,
    panel: Panel,
    x: &QuantizedRows,
    products: &mut Products,
) {
    let sum_up = |sums: [v128; 2]| match WIDE {
        true => sums,
        false => sums.map(|sum| i32x4_extadd_pairwise_i16x8(sum)),
    };
    let steps = black_box(const { steps::<WIDE, WIDTH>() });
    let blocks = products.of_blocks::<1>(x.cols / BLOCK).iter_mut().zip(panel.blocks(bits));
    let x = x.ints.as_chunks::<BLOCK>().0.iter().zip(&x.totals);
    for (([products], block), (x, total)) in blocks.zip(x) {
        let mut unpacker = Unpacker::<WIDTH>::new(block);
        let zero = [i32x4_splat(0); 2];
        let (mut uppers, mut sums, mut q) = (zero, zero, 0);
        for span in x.as_chunks::<4>().0.chunks_exact(steps) {
            let mut dots = zero;
            for four in span {
                // SAFETY: `four` is four readable integers.
                let four = unsafe { v128_load32_splat(four.as_ptr().cast()) };
                let mut quad = unpacker.quad(q);
                if WIDTH == EIGHT {
                    let [upper, lower] = halves(quad);
                    uppers = [0, 1].map(|i| add_dot::<WIDE>(uppers[i], four, upper[i]));
                    quad = lower;
                }
                dots = [0, 1].map(|i| add_dot::<WIDE>(dots[i], four, quad[i]));
                q += 1;
            }
            let dots = sum_up(dots);
            sums = [0, 1].map(|i| i32x4_add(sums[i], dots[i]));
        }
        if WIDTH == EIGHT {
            let uppers = sum_up(uppers).map(|upper| upper_counts(upper, *total));
            sums = [0, 1].map(|i| i32x4_add(sums[i], uppers[i]));
        }
        *products = sums;
    }
}

/// Contribution of products of upper halves: 16 times the product, minus the 128 stored with each
/// weight. `total` is the sum of the inputs.
#[inline(always)]
fn upper_counts(upper: v128, total: i32) -> v128 {
    i32x4_sub(i32x4_shl(upper, 4), i32x4_splat(128 * total))
}

/// [`super::Dots`]: the rows' 7-bit numbers are the second operand, so the result is exact
/// everywhere here too.
#[inline(never)]
pub fn dots(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
    assert!(x.len() == panel.len());
    let mut sums = [load(start); ROWS];
    let (mut x, mut quads) = (x.as_ptr(), panel.as_ptr());
    // SAFETY: both are equally long, by the assertion, and the loop stops at the end of one.
    unsafe {
        let end = quads.add(black_box(panel.len()));
        while quads != end {
            let [low, high] = load(&*quads);
            for (r, sums) in sums.iter_mut().enumerate() {
                let four = v128_load32_splat(x.cast::<u32>().add(r));
                sums[0] = add_dot::<true>(sums[0], low, four);
                sums[1] = add_dot::<true>(sums[1], high, four);
            }
            (x, quads) = (x.add(1), quads.add(1));
        }
    }
    sums.map(of_vectors)
}

#[inline(always)]
fn add_dot<const WIDE: bool>(sum: v128, x: v128, weights: v128) -> v128 {
    match WIDE {
        true => i32x4_relaxed_dot_i8x16_i7x16_add(x, weights, sum),
        false => i16x8_add(sum, i16x8_relaxed_dot_i8x16_i7x16(x, weights)),
    }
}
