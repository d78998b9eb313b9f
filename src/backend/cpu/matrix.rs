//! Weight matrices in the packed form that kernels read, and rows of 8-bit activations.
//!
//! A matrix is cut into **panels** of [`PANEL`] outputs. Inside a panel the integers are stored in
//! the order in which a kernel's inner loop reads them: blocks of 32 inputs, each made of **quads**
//! of four inputs. Byte `4 * c + k` of a quad belongs to output `c` in 0..8 and input `k`:
//! - 4-bit: 16 bytes per quad, with bytes 0 to 15 in the low halves and 16 to 31 in the high
//!   halves.
//! - 5-bit: the lower four bits of a block's eight quads as above, then 32 bytes of fifth bits: bit
//!   `7 - q` of a byte belongs to that byte of quad `q`.
//! - 8-bit: 32 bytes per quad, which hold the integers plus 128.
//!
//! Scales and minima are in half precision, [`PANEL`] of each per block of 32 inputs. Packing only
//! permutes the numbers of [`QuantType::split`] and adds no rounding.

use std::ops::Range;

use half::f16;

use super::parallel::{Threads, for_each};
use super::simd::{F32x4, inverse, largest_magnitude, round_to_i8, widen_f16};
use crate::backend::{RowReader, WeightSpec};
use crate::error::{Error, Result};
use crate::quant::{self, BLOCK, Bits, QuantType};

/// Outputs per panel.
pub const PANEL: usize = 8;

/// Offset of the fifth bits in a panel's block.
pub const FIFTHS: usize = PANEL * Bits::Four.block_bytes();

/// Rows multiplied together.
pub const ROWS: usize = 4;

/// Maximum rows read from the file at a time while packing.
const ROWS_AT_ONCE: usize = 1024;

/// Maximum bytes of rows read at a time.
const BYTES_AT_ONCE: usize = 2 << 20;

/// A packed weight matrix `[rows, cols]`: `w[r][c] = scale * int + min` per block of 32 columns.
pub struct Matrix {
    /// Outputs.
    pub rows: usize,
    /// Inputs, a multiple of 32.
    pub cols: usize,
    /// Width of the stored integers.
    pub bits: Bits,
    ints: Vec<u8>,
    scales: Vec<u16>,
    mins: Vec<u16>,
}

/// One panel of a [`Matrix`]: [`PANEL`] outputs, all inputs.
#[derive(Clone, Copy)]
pub struct Panel<'a> {
    /// Packed integers in the order described at the top of this file.
    pub ints: &'a [u8],
    /// `[cols / 32, PANEL]` half-precision scales.
    pub scales: &'a [u16],
    /// `[cols / 32, PANEL]` half-precision minima; empty in formats without minima.
    pub mins: &'a [u16],
}

impl<'a> Panel<'a> {
    /// Packed integers, block by block.
    pub fn blocks(self, bits: Bits) -> std::slice::ChunksExact<'a, u8> {
        self.ints.chunks_exact(PANEL * bits.block_bytes())
    }
}

/// The integer at an output of the panel and an input of the block.
pub fn integer(bits: Bits, block: &[u8], output: usize, input: usize) -> i16 {
    let (quad, byte) = (input / 4, output * 4 + input % 4);
    let four = |block: &[u8]| block[quad * 16 + byte % 16] >> (byte / 16 * 4) & 15;
    match bits {
        Bits::Four => four(block).into(),
        Bits::Five => (four(block) | (block[FIFTHS + byte] >> (7 - quad) & 1) << 4).into(),
        Bits::Eight => i16::from(block[quad * 32 + byte]) - 128,
    }
}

/// Writes an integer where [`integer`] reads it; the place must be zero.
fn put_integer(bits: Bits, block: &mut [u8], output: usize, input: usize, int: i8) {
    let (quad, byte) = (input / 4, output * 4 + input % 4);
    let int = int.cast_unsigned();
    match bits {
        Bits::Four | Bits::Five => {
            block[quad * 16 + byte % 16] |= (int & 15) << (byte / 16 * 4);
            if bits == Bits::Five {
                block[FIFTHS + byte] |= (int >> 4) << (7 - quad);
            }
        }
        Bits::Eight => block[quad * 32 + byte] = int ^ 0x80,
    }
}

impl Matrix {
    /// Reads and packs a matrix, and pads the last panel with zeros.
    ///
    /// # Errors
    /// `out-of-memory`, `model-invalid` for rows that are not whole blocks and for weights that are
    /// infinite or no numbers, or the error of `read`.
    pub fn pack(spec: WeightSpec, read: &mut RowReader) -> Result<Self> {
        let WeightSpec { rows, cols, quant } = spec;
        quant.check_columns(cols)?;
        let bits = quant.bits();
        let panels = rows.div_ceil(PANEL);
        let weights = panels * PANEL * cols;
        let blocks = weights / BLOCK;
        let mut matrix = Self {
            rows,
            cols,
            bits,
            ints: zeros(blocks * bits.block_bytes())?,
            scales: zeros(blocks)?,
            mins: zeros(if quant.has_min() { blocks } else { 0 })?,
        };
        let row_bytes = cols / quant.block_weights() * quant.block_bytes();
        let at_once = (BYTES_AT_ONCE / row_bytes.max(1)).clamp(PANEL, ROWS_AT_ONCE);
        let mut bytes = Vec::new();
        for first in (0..rows).step_by(at_once) {
            let range = first..rows.min(first + at_once);
            read(range.clone(), &mut bytes)?;
            for (row, bytes) in range.zip(bytes.chunks_exact(row_bytes)) {
                if !matrix.pack_row(row, quant, bytes) {
                    return Err(quant::infinite());
                }
            }
        }
        Ok(matrix)
    }

    /// Packs a row, and tells whether its weights are finite.
    fn pack_row(&mut self, row: usize, quant: QuantType, bytes: &[u8]) -> bool {
        let (panel, c) = (row / PANEL, row % PANEL);
        let blocks = self.cols / BLOCK;
        let stride = self.ints.len() / self.rows.div_ceil(PANEL);
        let ints = &mut self.ints[panel * stride..(panel + 1) * stride];
        let Self { bits, scales, mins, .. } = self;
        let block_bytes = PANEL * bits.block_bytes();
        let mut finite = true;
        quant.split(bytes, |b, block| {
            finite &= block.is_finite();
            let at = (panel * blocks + b) * PANEL + c;
            scales[at] = block.scale.to_bits();
            if let Some(min) = mins.get_mut(at) {
                *min = block.min.to_bits();
            }
            let ints = &mut ints[b * block_bytes..(b + 1) * block_bytes];
            for (k, int) in block.ints.into_iter().enumerate() {
                put_integer(*bits, ints, c, k, int);
            }
        });
        finite
    }

    /// The panels of a range, in order.
    pub fn panels(&self, range: Range<usize>) -> impl Iterator<Item = Panel<'_>> {
        let blocks = self.cols / BLOCK * PANEL;
        let ints = self.ints.len() / self.rows.div_ceil(PANEL);
        range.map(move |p| Panel {
            ints: &self.ints[p * ints..(p + 1) * ints],
            scales: &self.scales[p * blocks..(p + 1) * blocks],
            mins: self.mins.get(p * blocks..(p + 1) * blocks).unwrap_or(&[]),
        })
    }

    /// Decodes one row into `out`, which holds `cols` elements.
    pub fn decode_row(&self, row: usize, out: &mut [f32]) {
        let (panel, c) = (row / PANEL, row % PANEL);
        let blocks = self.cols / BLOCK;
        let block_bytes = PANEL * self.bits.block_bytes();
        for (b, out) in out.chunks_exact_mut(BLOCK).enumerate() {
            let block = &self.ints[(panel * blocks + b) * block_bytes..][..block_bytes];
            let at = (panel * blocks + b) * PANEL + c;
            let scale = f16::from_bits(self.scales[at]).to_f32();
            let min = self.mins.get(at).map_or(0.0, |m| f16::from_bits(*m).to_f32());
            for (k, value) in out.iter_mut().enumerate() {
                *value = scale * f32::from(integer(self.bits, block, c, k)) + min;
            }
        }
    }

    /// Bytes of the packed matrix.
    pub fn bytes(&self) -> usize {
        self.ints.len() + 2 * (self.scales.len() + self.mins.len())
    }
}

/// Activations rounded to 8 bits, with one scale per block of 32 elements of a row.
///
/// Rows are stored in the order in which kernels read them: the rows of a tile are interleaved by
/// four integers, and by one scale. Tiles are [`ROWS`] rows; each left-over row is its own tile.
/// The first integer of a tile is at its first row times `cols`.
pub struct QuantizedRows {
    /// Rows.
    pub rows: usize,
    /// Elements per row, a multiple of 32.
    pub cols: usize,
    /// `[tiles, cols / 4, rows of the tile, 4]` integers in -127..=127.
    pub ints: Vec<i8>,
    /// `[tiles, cols / 32, rows of the tile]`: weight of one integer step.
    pub scales: Vec<f32>,
    /// Like `scales`: scale times the sum of the block's integers, the factor of a weight block's
    /// minimum.
    pub sums: Vec<f32>,
    /// Like `scales`: the sum of the block's integers.
    pub totals: Vec<i32>,
}

impl QuantizedRows {
    /// Rounds the rows of `x`, `cols` elements each: `scale = max|x| / 127` per block, as in ggml's
    /// Q8_1.
    pub fn new(x: &[f32], cols: usize, threads: Threads) -> Self {
        /// Rows per task, whole tiles.
        const TASK: usize = 4 * ROWS;
        let (rows, blocks) = (x.len() / cols, cols / BLOCK);
        let (scales, sums) = (vec![0.0; rows * blocks], vec![0.0; rows * blocks]);
        let (ints, totals) = (vec![0; x.len()], vec![0; rows * blocks]);
        let mut quantized = Self { rows, cols, ints, scales, sums, totals };
        // A task's rows have the same layout as on their own.
        let ints = quantized.ints.chunks_mut(TASK * cols);
        let scales = quantized.scales.chunks_mut(TASK * blocks);
        let sums = quantized.sums.chunks_mut(TASK * blocks);
        let totals = quantized.totals.chunks_mut(TASK * blocks);
        let tasks = x.chunks(TASK * cols).zip(ints).zip(scales.zip(sums).zip(totals));
        for_each(threads, tasks, |((x, ints), ((scales, sums), totals))| {
            let place = Place { rows: x.len() / cols, cols };
            for (row, x) in x.chunks_exact(cols).enumerate() {
                for (b, x) in x.as_chunks::<BLOCK>().0.iter().enumerate() {
                    let at = place.of_block(row, b);
                    let (rounded, scale) = round_block(x);
                    scales[at] = scale;
                    totals[at] = rounded.iter().map(|int| i32::from(*int)).sum();
                    sums[at] = scale * totals[at] as f32;
                    let step = 4 * place.tile(row).1;
                    let fours = ints[place.of_int(row, b * BLOCK)..].chunks_mut(step);
                    for (to, from) in fours.zip(rounded.as_chunks::<4>().0) {
                        to[..4].copy_from_slice(from);
                    }
                }
            }
        });
        quantized
    }

    /// Index computation for elements of a row.
    #[cfg(any(test, not(target_arch = "wasm32")))]
    pub fn place(&self) -> Place {
        Place { rows: self.rows, cols: self.cols }
    }
}

/// Integers of a block, and the weight of one step.
fn round_block(x: &[f32; BLOCK]) -> ([i8; BLOCK], f32) {
    let largest = largest_magnitude(x);
    let inverse = F32x4::splat(inverse(127.0, largest));
    let mut ints = [0; BLOCK];
    let halves = x.as_chunks::<4>().0.as_chunks::<4>().0;
    for (x, ints) in halves.iter().zip(ints.as_chunks_mut::<16>().0) {
        *ints = round_to_i8(x.map(|x| F32x4::load(&x).mul(inverse)));
    }
    (ints, largest / 127.0)
}

/// Element order of [`QuantizedRows`].
#[derive(Clone, Copy)]
pub struct Place {
    rows: usize,
    cols: usize,
}

impl Place {
    /// The tile of a row: its first row and its row count.
    fn tile(self, row: usize) -> (usize, usize) {
        let whole = self.rows - self.rows % ROWS;
        if row < whole { (row - row % ROWS, ROWS) } else { (row, 1) }
    }

    /// Index of integer `k` of a row.
    pub fn of_int(self, row: usize, k: usize) -> usize {
        let (first, rows) = self.tile(row);
        first * self.cols + (k / 4 * rows + row - first) * 4 + k % 4
    }

    /// Index of the scale, and of the sum, of a row's block `b`.
    pub fn of_block(self, row: usize, b: usize) -> usize {
        let (first, rows) = self.tile(row);
        first * (self.cols / BLOCK) + b * rows + row - first
    }
}

/// Scales and minima of one panel as floats, `[cols / 32, PANEL]` each, refilled for every panel.
#[derive(Default)]
pub struct Scales {
    /// Weight of one integer step.
    pub scales: Vec<f32>,
    /// Added to every weight of the block; zeros in formats without minima.
    pub mins: Vec<f32>,
}

impl Scales {
    /// Widens the half-precision numbers of `panel`.
    pub fn fill(&mut self, panel: Panel) {
        self.scales.resize(panel.scales.len(), 0.0);
        widen_f16(panel.scales, &mut self.scales);
        self.mins.resize(panel.scales.len(), 0.0);
        widen_f16(panel.mins, &mut self.mins);
    }
}

/// A vector of zeros, or an error instead of an abort if memory runs out.
pub fn zeros<T: Copy + Default>(len: usize) -> Result<Vec<T>> {
    let mut v = Vec::new();
    let bytes = len.saturating_mul(size_of::<T>());
    v.try_reserve_exact(len)
        .map_err(|_| Error::OutOfMemory { what: "the model's weights and caches", bytes })?;
    v.resize(len, T::default());
    Ok(v)
}
