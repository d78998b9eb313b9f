//! Keys and values of what was read, in 16-bit floats: two numbers a word.

use super::buffer::Buffer;
use super::recorder::Recorder;
use crate::backend::{AttentionShape, Rope};
use crate::error::{Error, Result};

/// Room grows by so many positions at least, so that a long text is not moved at every chunk.
const STEP: usize = 256;

/// The widest head whose keys' tile fits the memory of a workgroup.
const WIDEST: usize = 1024;

/// Keys and values of every layer.
pub struct Cache {
    pub shape: AttentionShape,
    pub rope: Rope,
    pub layers: Vec<Layer>,
    /// `[positions, rope.dims / 2]` cosines and sines.
    pub angles: Option<Buffer>,
    positions: usize,
    count: usize,
}

/// Keys and values of one layer, `[positions, kv_heads, head_dim]` each.
pub struct Layer {
    pub keys: Buffer,
    pub values: Buffer,
}

impl Cache {
    /// An empty cache.
    pub fn new(count: usize, shape: AttentionShape, rope: Rope) -> Self {
        Self { shape, rope, layers: Vec::new(), angles: None, positions: 0, count }
    }

    /// Bytes of keys and values.
    pub fn bytes(&self) -> usize {
        Self::bytes_for(self.count, self.shape, self.positions) as usize
    }

    /// Bytes of keys and values once there is room for `positions`.
    pub fn bytes_for(layers: usize, shape: AttentionShape, positions: usize) -> u64 {
        2 * layers as u64 * positions.next_multiple_of(STEP) as u64 * row(shape)
    }

    /// Makes room for positions up to `positions`, keeping what is there.
    ///
    /// # Errors
    /// `prompt-too-long` past what shaders may see of one buffer, `out-of-memory`; the cache is then
    /// as it was. `gpu-unavailable` for heads wider than shaders
    /// have room for.
    pub fn reserve(&mut self, recorder: &Recorder, positions: usize) -> Result<()> {
        if self.shape.head_dim > WIDEST {
            let reason = format!("heads of {} numbers are too wide", self.shape.head_dim);
            return Err(Error::GpuUnavailable { reason });
        }
        if positions <= self.positions {
            return Ok(());
        }
        let positions = positions.next_multiple_of(STEP);
        let limit = (recorder.device.max_binding / row(self.shape)) as usize;
        if positions > limit {
            return Err(Error::PromptTooLong { tokens: positions, limit });
        }
        let lasting = |bytes| recorder.memory.lasting(&recorder.device, "keys and values", bytes);
        let bytes = positions as u64 * row(self.shape);
        let layers = (0..self.count)
            .map(|_| Ok(Layer { keys: lasting(bytes)?, values: lasting(bytes)? }))
            .collect::<Result<Vec<_>>>()?;
        let pairs = self.rope.dims / 2;
        let angles = lasting((positions * pairs * 8) as u64)?;
        let table: Vec<u8> =
            self.rope.angles(0..positions).flatten().flat_map(f32::to_le_bytes).collect();
        recorder.upload(&angles, 0, &table);
        let old = self.positions as u64 * row(self.shape);
        for (from, to) in self.layers.iter().zip(&layers) {
            recorder.copy(&from.keys, 0, &to.keys, old);
            recorder.copy(&from.values, 0, &to.values, old);
        }
        (self.layers, self.angles, self.positions) = (layers, Some(angles), positions);
        Ok(())
    }
}

/// Bytes that the keys of one layer take at one position, and its values.
fn row(shape: AttentionShape) -> u64 {
    (shape.kv_heads * shape.head_dim * 2) as u64
}
