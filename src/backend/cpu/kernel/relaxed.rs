//! The kernel for WebAssembly's relaxed SIMD: 8-bit products, added in 16 bits or in 32.
//!
//! The relaxed dot products leave to the engine what happens when the second operand leaves
//! 0..=127 or the sum of two products leaves 16 bits. Here the second operand holds weights of 4 or
//! 5 bits, or the halves of weights of 8 bits plus 128, so the result is exact everywhere. In 16
//! bits a lane adds up the 16 products of a block, at most 16 * 15 * 127 = 30,480, or half of them
//! where weights have 5 bits, 8 * 31 * 127 = 31,496.
//! (<https://github.com/WebAssembly/relaxed-simd/blob/main/proposals/relaxed-simd/Overview.md>)
//!
//! Which of the two is faster depends on what the engine makes of them: sums in 32 bits are one
//! instruction on ARM with `sdot` and on x86-64 with AVX-VNNI and three elsewhere, sums in 16 bits
//! are two on x86-64 and four on ARM. Both give the same numbers: [`crate::backend::cpu::tune`] lets
//! them race.

use core::arch::wasm32::*;

use super::simd128::{EIGHT, FIVE, FOUR, Products, STEPS, load, of_vectors, quads};
use super::{Fours, Kernel, Quads, ROWS};
use crate::backend::cpu::matrix::{PANEL, Panel, QuantizedRows, Scales};
use crate::quant::{BLOCK, Bits};

/// A quad of numbers that fit the second operand.
type Quad = [v128; 2];

/// Weights unpacked to 8 bits: the quads of each block; for weights of 8 bits those of the upper
/// halves and then those of the lower. Products are added in 32 bits (`WIDE`) or in 16.
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
                Bits::Eight => self.weights.extend(halves(block)),
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
        let product = Product { scales, x, first, products, out };
        match bits {
            Bits::Four => product.of::<WIDE, FOUR, &[Quad; STEPS]>(weights.as_chunks().0.iter()),
            Bits::Five => product.of::<WIDE, FIVE, &[Quad; STEPS]>(weights.as_chunks().0.iter()),
            Bits::Eight => {
                product.of::<WIDE, EIGHT, &[Quad; 2 * STEPS]>(weights.as_chunks().0.iter());
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
        let (products, out) = (&mut self.products, std::array::from_mut(out));
        let (product, blocks) =
            (Product { scales, x, first: 0, products, out }, panel.blocks(bits));
        match bits {
            Bits::Four => product.of::<WIDE, FOUR, _>(blocks.map(quads::<FOUR>)),
            Bits::Five => product.of::<WIDE, FIVE, _>(blocks.map(quads::<FIVE>)),
            Bits::Eight => product.of::<WIDE, EIGHT, _>(blocks.map(halves)),
        }
    }
}

/// The upper halves of a block's 8-bit integers, and the lower.
#[inline(always)]
fn halves(block: &[u8]) -> [Quad; 2 * STEPS] {
    let quads = quads::<EIGHT>(block);
    std::array::from_fn(|i| {
        quads[i % STEPS].map(|half| match i < STEPS {
            true => u8x16_shr(half, 4),
            false => v128_and(half, i8x16_splat(15)),
        })
    })
}

/// A tile of `R` rows that begins at row `first`, by a panel.
struct Product<'a, const R: usize> {
    scales: &'a Scales,
    x: &'a QuantizedRows,
    first: usize,
    products: &'a mut Products,
    out: &'a mut [[f32; PANEL]; R],
}

impl<const R: usize> Product<'_, R> {
    /// Computes it for the blocks of a panel, each of them its quads.
    #[inline(never)]
    fn of<const WIDE: bool, const WIDTH: u8, B: AsRef<[Quad]>>(
        self,
        panel: impl ExactSizeIterator<Item = B>,
    ) {
        let Self { scales, x, first, products, out } = self;
        let blocks = x.cols / BLOCK;
        assert!(panel.len() >= blocks && (first + R) * x.cols <= x.ints.len());
        // Of 5 bits, as many quads as 16 bits can add up.
        let steps = if WIDTH == FIVE && !WIDE { STEPS / 2 } else { STEPS };
        // Unrolling the inner loop for several rows makes the engine spill: the compiler must not
        // know its length.
        let known = if R == 1 { steps } else { core::hint::black_box(steps) };
        for (b, (products, block)) in products.of_blocks(blocks).iter_mut().zip(panel).enumerate() {
            for (i, quads) in block.as_ref().chunks_exact(steps).enumerate() {
                let quads = &quads[..known];
                let step = if WIDTH == EIGHT { 0 } else { i * steps };
                let at = first * x.cols + (b * STEPS + step) * 4 * R;
                // SAFETY: all blocks times STEPS are within the assertion above.
                let mut ints = unsafe { x.ints.as_ptr().add(at) };
                let mut dots = [[i32x4_splat(0); 2]; R];
                for [low, high] in quads {
                    for (r, dots) in dots.iter_mut().enumerate() {
                        // SAFETY: as above.
                        let four = unsafe { v128_load32_splat(ints.add(4 * r).cast()) };
                        dots[0] = add_dot::<WIDE>(dots[0], four, *low);
                        dots[1] = add_dot::<WIDE>(dots[1], four, *high);
                    }
                    // SAFETY: as above; behind the last quad of all, nothing is read.
                    ints = unsafe { ints.add(4 * R) };
                }
                if !WIDE {
                    dots = dots.map(|halves| halves.map(|dot| i32x4_extadd_pairwise_i16x8(dot)));
                }
                if i == 0 {
                    *products = dots;
                    continue;
                }
                for (r, (sums, dots)) in products.iter_mut().zip(dots).enumerate() {
                    for (sum, dot) in sums.iter_mut().zip(dots) {
                        if WIDTH == EIGHT {
                            // What the 128 add that are stored with each weight.
                            let more = 128 * x.totals[first * blocks + b * R + r];
                            *sum = i32x4_sub(i32x4_shl(*sum, 4), i32x4_splat(more));
                        }
                        *sum = i32x4_add(*sum, dot);
                    }
                }
            }
        }
        products.scale(scales, x, first, out);
    }
}

/// [`super::Dots`]: the rows' numbers, of 7 bits, are the second operand, so the result is exact
/// everywhere here too.
#[inline(never)]
pub fn dots(x: &[Fours], panel: &[Quads], start: &[i32; PANEL]) -> [[i32; PANEL]; ROWS] {
    assert!(x.len() == panel.len());
    let mut sums = [load(start); ROWS];
    let (mut x, mut quads) = (x.as_ptr(), panel.as_ptr());
    // SAFETY: both are as long, by the assertion, and left when the end of one is reached.
    unsafe {
        let end = quads.add(core::hint::black_box(panel.len()));
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
