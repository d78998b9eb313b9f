//! The key and value cache in 16-bit floats, two per word.

use std::ops::Range;

use super::buffer::Buffer;
use super::recorder::Recorder;
use crate::backend::{Attention, AttentionShape, Rope};
use crate::error::{Error, Result};

/// Minimum growth in positions, so that a long text is not copied at every chunk.
const STEP: usize = 256;

/// Widest head whose key tile fits workgroup memory.
const WIDEST: usize = 1024;

/// Maximum tokens per chunk; a ring has room for them in addition to the sliding window.
pub const LONGEST_CHUNK: usize = 4096;

/// No sliding window: a query sees all positions up to its own.
pub const EVERYTHING: usize = u32::MAX as usize;

/// Angles up to this many bytes (a few tokens) are passed in the parameter buffer.
const FEW_BYTES: usize = 1 << 14;

/// Keys and values of all layers.
pub struct Cache {
    attention: Attention,
    layers: Vec<Layer>,
    rotations: Vec<Rotation>,
    positions: usize,
}

/// Keys and values of one layer, `[ring, kv_heads, head_dim]` each: position `p` is stored at `p`
/// modulo `ring`.
pub struct Layer {
    pub keys: Buffer,
    pub values: Buffer,
    pub ring: usize,
}

/// Rotation angles of a chunk's queries and keys.
struct Rotation {
    rope: Rope,
    /// Positions that the angles are for.
    positions: Range<usize>,
    /// `[positions, rope.dims / 2]` cosines and sines.
    angles: Option<Buffer>,
}

impl Cache {
    /// An empty cache.
    pub fn new(attention: &Attention) -> Self {
        let (layers, rotations) = (Vec::new(), Vec::new());
        Self { attention: attention.clone(), layers, rotations, positions: 0 }
    }

    /// Shape of the attention.
    pub fn shape(&self) -> AttentionShape {
        self.attention.shape
    }

    /// Maximum number of positions that a query sees in a layer.
    pub fn window(&self, layer: usize) -> usize {
        self.attention.layers[layer].window.unwrap_or(EVERYTHING)
    }

    /// Keys and values of a layer; `None` before the first [`Self::reserve`].
    pub fn layer(&self, layer: usize) -> Option<&Layer> {
        self.layers.get(layer)
    }

    /// Bytes of keys and values.
    pub fn bytes(&self) -> usize {
        Self::bytes_for(&self.attention, self.positions) as usize
    }

    /// Bytes of keys and values with room for `positions`.
    pub fn bytes_for(attention: &Attention, positions: usize) -> u64 {
        let rings = attention.layers.iter().map(|layer| ring(layer.window, positions) as u64);
        rings.sum::<u64>().saturating_mul(2 * row(attention.shape))
    }

    /// Angles of a chunk's positions in a layer, and the number of rotated pairs per head. The
    /// layers of a chunk share them.
    pub fn angles(
        &mut self,
        recorder: &Recorder,
        layer: usize,
        positions: Range<usize>,
    ) -> (Buffer, &Rope) {
        let rope = &self.attention.layers[layer].rope;
        let known = self.rotations.iter().position(|rotation| rotation.rope == *rope);
        let at = known.unwrap_or_else(|| {
            let (rope, positions) = (rope.clone(), 0..0);
            self.rotations.push(Rotation { rope, positions, angles: None });
            self.rotations.len() - 1
        });
        let Rotation { rope, positions: there, angles } = &mut self.rotations[at];
        if let Some(angles) = angles.as_ref().filter(|_| *there == positions) {
            return (angles.clone(), rope);
        }
        *there = positions.clone();
        let table = rope.angles(positions).flatten().flat_map(f32::to_le_bytes);
        let table: Vec<u8> = table.collect();
        let buffer = recorder.scratch(table.len() as u64);
        match table.len() <= FEW_BYTES {
            true => recorder.bring(&buffer, &table),
            false => recorder.upload(&buffer, 0, &table),
        }
        *angles = Some(buffer.clone());
        (buffer, rope)
    }

    /// Makes room for positions up to `positions`, and keeps the stored ones.
    ///
    /// # Errors
    /// `prompt-too-long` if a buffer would exceed the largest binding, `out-of-memory`; the cache
    /// is then unchanged. `gpu-unavailable` for heads too wide for the shaders.
    pub fn reserve(&mut self, recorder: &Recorder, positions: usize) -> Result<()> {
        let shape = self.attention.shape;
        if shape.head_dim > WIDEST {
            let reason = format!("heads of {} numbers are too wide", shape.head_dim);
            return Err(Error::GpuUnavailable { reason });
        }
        if positions <= self.positions {
            return Ok(());
        }
        let positions = positions.next_multiple_of(STEP);
        let limit = (recorder.device.max_binding / row(shape)) as usize;
        let rings = self.attention.layers.iter().map(|layer| ring(layer.window, positions));
        if rings.clone().any(|ring| ring > limit) {
            return Err(Error::PromptTooLong { tokens: positions, limit });
        }
        let lasting = |bytes| recorder.memory.lasting(&recorder.device, "keys and values", bytes);
        let layers = rings
            .map(|ring| {
                let bytes = ring as u64 * row(shape);
                Ok(Layer { keys: lasting(bytes)?, values: lasting(bytes)?, ring })
            })
            .collect::<Result<Vec<_>>>()?;
        for (from, to) in self.layers.iter().zip(&layers) {
            let old = from.ring as u64 * row(shape);
            recorder.copy(&from.keys, 0, &to.keys, old);
            recorder.copy(&from.values, 0, &to.values, old);
        }
        (self.layers, self.positions) = (layers, positions);
        Ok(())
    }
}

/// Positions that a layer has room for, out of `positions`: a ring as long as a sliding window and
/// a chunk stops growing.
fn ring(window: Option<usize>, positions: usize) -> usize {
    let positions = positions.next_multiple_of(STEP);
    window.map_or(positions, |window| {
        positions.min(window.saturating_add(LONGEST_CHUNK).next_multiple_of(STEP))
    })
}

/// Bytes of one layer's keys, or values, per position.
fn row(shape: AttentionShape) -> u64 {
    (shape.kv_heads * shape.head_dim * 2) as u64
}
