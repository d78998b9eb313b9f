//! Attention to the cache, by many queries in a prompt or by few in decoding.

use std::f32::consts::LOG2_E;

use super::kernel::Kernel;
use super::{FEW_ROWS, FOUR, LANES, MOST_PARTS, Tensor, WebGpu, cache};
use crate::backend::AttentionShape;

/// Queries per workgroup in attention.wgsl.
const QUERIES: usize = 64;

/// Keys per part in attention_split.wgsl.
const PART: usize = 256;

/// Workgroups that keep a large GPU busy: several for each of two hundred compute units.
const BUSY: usize = 1024;

/// The keys and values that a chunk's queries see.
pub(super) struct Seen<'a> {
    pub layer: &'a cache::Layer,
    pub shape: AttentionShape,
    /// Position of the first query.
    pub start: usize,
    /// Positions that each query sees, up to and including its own.
    pub window: usize,
}

impl WebGpu {
    /// Attends to the cache. With too few queries to keep the GPU busy, several workgroups share a
    /// query's keys.
    pub(super) fn attend_to(&self, seen: &Seen, q: &Tensor) -> Tensor {
        let Seen { layer, shape, start, window } = *seen;
        let AttentionShape { heads, kv_heads, head_dim } = shape;
        let fours = head_dim / FOUR;
        let positions = start + q.rows;
        let (kernel, grid, parts) = if q.rows <= FEW_ROWS {
            let first = (start + 1).saturating_sub(window);
            let parts = positions.div_ceil(PART) - first / PART;
            (Kernel::AttentionSplit { fours }, [parts, heads, q.rows], parts)
        } else {
            let groups = (q.rows * heads / kv_heads).div_ceil(QUERIES);
            let wanted = BUSY.div_ceil(groups * kv_heads).min(MOST_PARTS);
            let parts = wanted.min(positions.min(window).div_ceil(PART));
            (Kernel::Attention { fours }, [groups, kv_heads, parts], parts)
        };
        let queries = q.rows * heads;
        let sums = self.recorder.scratch((4 * queries * parts * head_dim) as u64);
        let totals = self.recorder.scratch((8 * queries * parts) as u64);
        let buffers = [&q.buffer, &layer.keys, &layer.values, &sums, &totals];
        let parameters =
            [q.rows, start, heads, kv_heads, scale(head_dim), window, parts, layer.ring];
        let macs = shape.macs(start, q.rows, window);
        self.dispatch(kernel, &parameters, &buffers, grid, macs);
        let out = self.tensor(q.rows, q.width);
        let buffers = [&sums, &totals, &out.buffer];
        let grid = [(heads * fours).div_ceil(LANES), q.rows, 1];
        self.dispatch(Kernel::AttentionMerge { fours }, &[heads, parts], &buffers, grid, 0.0);
        out
    }
}

/// Bits of the float that multiplies scores, so that they are base-2 logarithms.
fn scale(head_dim: usize) -> usize {
    (LOG2_E / (head_dim as f32).sqrt()).to_bits() as usize
}
