//! Weights in the layout of shaders/weight.wgsl.

use std::ops::Range;

use super::buffer::Buffer;
use super::kernel::Format;
use super::recorder::Recorder;
use crate::backend::{RowReader, WeightSpec};
use crate::error::Result;
use crate::quant::{self, BLOCK, Bits, QuantType};

/// Outputs per tile.
const TILE: usize = 64;

/// Outputs with interleaved integers.
const FOUR: usize = 4;

/// A matrix in GPU memory.
pub struct Weight {
    /// How its numbers are packed.
    pub format: Format,
    /// Outputs.
    pub rows: usize,
    /// Inputs.
    pub cols: usize,
    /// In order; several if one would exceed the largest binding.
    pub parts: Vec<Part>,
}

/// A range of a matrix's rows.
pub struct Part {
    pub rows: Range<usize>,
    pub words: Buffer,
    pub scales: Buffer,
}

impl Weight {
    /// Packs a weight tile by tile.
    ///
    /// # Errors
    /// `model-invalid` for rows that are not whole blocks and for weights that are infinite or no
    /// numbers, `out-of-memory`, or the error of `read`.
    pub fn load(recorder: &Recorder, spec: WeightSpec, read: &mut RowReader) -> Result<Self> {
        let WeightSpec { rows, cols, quant } = spec;
        quant.check_columns(cols)?;
        let bits = quant.bits();
        let format = match bits {
            Bits::Four => Format::Q4,
            Bits::Five => Format::Q5,
            Bits::Eight => Format::Q8,
        };
        let blocks = cols / BLOCK;
        let tile_words = (TILE * blocks * bits.block_bytes()) as u64;
        let tile_scales = (TILE * blocks * 4) as u64;
        let limit = recorder.device.max_binding;
        let tiles_a_part = ((limit / tile_words) as usize).max(1);
        let tiles = rows.div_ceil(TILE);
        let mut bytes = Vec::new();
        let parts = (0..tiles)
            .step_by(tiles_a_part)
            .map(|first| {
                let last = tiles.min(first + tiles_a_part);
                let count = (last - first) as u64;
                let lasting =
                    |bytes| recorder.memory.lasting(&recorder.device, "the model's weights", bytes);
                let (words, scales) = (lasting(count * tile_words)?, lasting(count * tile_scales)?);
                for tile in first..last {
                    let range = tile * TILE..rows.min((tile + 1) * TILE);
                    read(range, &mut bytes)?;
                    let packed = pack(quant, blocks, &bytes)?;
                    let at = (tile - first) as u64;
                    recorder.upload(&words, at * tile_words, &packed.words);
                    recorder.upload(&scales, at * tile_scales, &packed.scales);
                }
                // Uploads stay in memory until a submission.
                recorder.device.queue.submit([]);
                Ok(Part { rows: first * TILE..rows.min(last * TILE), words, scales })
            })
            .collect::<Result<Vec<_>>>()?;
        recorder.device.check()?;
        Ok(Self { format, rows, cols, parts })
    }

    /// Bytes of the matrix.
    pub fn bytes(&self) -> usize {
        let parts = self.parts.iter();
        parts.map(|part| (part.words.raw().size() + part.scales.raw().size()) as usize).sum()
    }
}

struct Packed {
    words: Vec<u8>,
    scales: Vec<u8>,
}

/// Packs a tile from the rows of a file; missing rows are zero.
fn pack(quant: QuantType, blocks: usize, rows: &[u8]) -> Result<Packed> {
    let bits = quant.bits();
    let block_bytes = bits.block_bytes();
    let mut words = vec![0; TILE * blocks * block_bytes];
    let mut scales = vec![0; TILE * blocks * 4];
    let mut finite = true;
    quant.split(rows, |i, stored| {
        finite &= stored.is_finite();
        let (row, block) = (i / blocks, i % blocks);
        // [block, group of four rows]
        let group = block * (TILE / FOUR) + row / FOUR;
        let to = &mut words[group * FOUR * block_bytes..][..FOUR * block_bytes];
        // [word, row of the group, byte], as decoded by shaders/q4.wgsl, q5.wgsl and q8.wgsl.
        let mut put = |word: usize, byte: usize, part: u8| {
            to[(word * FOUR + row % FOUR) * 4 + byte] |= part;
        };
        for (k, int) in stored.ints.iter().enumerate() {
            let int = int.cast_unsigned();
            match bits {
                Bits::Four | Bits::Five => {
                    put(k / 8, k % 4, (int & 15) << (k % 8 / 4 * 4));
                    if bits == Bits::Five {
                        put(4, k / 8, int >> 4 << (k % 8));
                    }
                }
                Bits::Eight => put(k / 4, k % 4, int),
            }
        }
        let pair = [stored.scale.to_le_bytes(), stored.min.to_le_bytes()].concat();
        scales[(group * FOUR + row % FOUR) * 4..][..4].copy_from_slice(&pair);
    });
    if finite { Ok(Packed { words, scales }) } else { Err(quant::infinite()) }
}
