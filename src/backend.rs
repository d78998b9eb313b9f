//! What a decoder needs of a device: a dozen operations, not tensor algebra.
//!
//! A model's forward pass is written once over [`Backend`]; a device is one implementation of it.
//! Operations on tensors never wait for the device: only [`Backend::read`] does.

pub mod cpu;
pub mod profiled;
mod rope;
#[cfg(test)]
mod stored;
pub mod webgpu;

use std::ops::{Range, RangeInclusive};

pub use self::rope::{Rope, Yarn};
use crate::error::Result;
use crate::quant::QuantType;
use crate::report::{OperationReport, Peaks};
use crate::sampler;

/// Shape and storage of a weight that is about to be loaded.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightSpec {
    /// Outputs of the matrix.
    pub rows: usize,
    /// Inputs of the matrix.
    pub cols: usize,
    /// Storage format of the bytes.
    pub quant: QuantType,
}

/// Hands out a weight's stored rows, so that a backend can pack them a few at a time.
pub type RowReader<'a> = dyn FnMut(Range<usize>, &mut Vec<u8>) -> Result<()> + 'a;

/// Shape of the attention of a model, the same in all its layers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttentionShape {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; each serves `heads / kv_heads` query heads.
    pub kv_heads: usize,
    /// Numbers in one head.
    pub head_dim: usize,
}

impl AttentionShape {
    /// Multiply-adds of `tokens` queries from position `start` on, each of which sees `window`
    /// positions up to its own: as many for scores as for sums of values.
    pub fn macs(self, start: usize, tokens: usize, window: usize) -> usize {
        let seen: usize = (start + 1..=start + tokens).map(|n| n.min(window)).sum();
        2 * self.heads * self.head_dim * seen
    }
}

/// A device that can run a decoder.
///
/// Activations are matrices of `f32`, one row a token. All sizes that depend on a model file are
/// checked by the model before they come here.
pub trait Backend {
    /// Activations, `[tokens, width]`.
    type Tensor;
    /// A weight matrix in the device's own packed form.
    type Weight;
    /// A vector of norm gains.
    type Vector;
    /// Keys and values of every layer.
    type Cache;

    /// Tokens of a chunk in measurements, where [`Backend::chunk_limits`] allow it: the same on all
    /// devices of a kind, so that they compare.
    const MEASURED_CHUNK: usize = 128;

    /// Tokens of a chunk, on a device however slow or fast, of a model whose widest activations have
    /// `widest` numbers a token. Fewer leave too much of the device idle, more take too much memory.
    fn chunk_limits(&self, widest: usize) -> RangeInclusive<usize> {
        let _ = widest;
        16..=512
    }

    /// Packs a weight matrix.
    ///
    /// # Errors
    /// `out-of-memory`, `model-unsupported-quant` or what `rows` returned.
    fn load_weight(&self, spec: WeightSpec, rows: &mut RowReader) -> Result<Self::Weight>;

    /// Takes a vector of gains.
    ///
    /// # Errors
    /// `out-of-memory`.
    fn load_vector(&self, values: Vec<f32>) -> Result<Self::Vector>;

    /// An empty cache for `layers` layers.
    fn new_cache(&self, layers: usize, shape: AttentionShape, rope: Rope) -> Self::Cache;

    /// Makes room for positions up to `positions`, keeping what is there.
    ///
    /// # Errors
    /// `out-of-memory`.
    fn reserve(&self, cache: &mut Self::Cache, positions: usize) -> Result<()>;

    /// Bytes that the cache takes.
    fn cache_bytes(&self, cache: &Self::Cache) -> usize;

    /// Bytes that a cache of `layers` layers takes once there is room for `positions`: what
    /// [`Backend::cache_bytes`] says then. It may be more than there could be memory.
    fn cache_bytes_for(&self, layers: usize, shape: AttentionShape, positions: usize) -> u64;

    /// Rows of a tensor, and numbers in each.
    fn shape(&self, x: &Self::Tensor) -> [usize; 2];

    /// Bytes that a weight takes.
    fn weight_bytes(&self, weight: &Self::Weight) -> usize;

    /// Rows `ids` of the embedding `table`: `[ids, width]`. Every id is below the table's rows.
    fn embed(&self, table: &Self::Weight, ids: &[u32]) -> Self::Tensor;

    /// `x · wᵀ` for each weight of `weights`, which share one preparation of `x`.
    fn matmul<const N: usize>(
        &self,
        x: &Self::Tensor,
        weights: [&Self::Weight; N],
    ) -> [Self::Tensor; N];

    /// Root-mean-square norm of each row (Zhang and Sennrich, arXiv:1910.07467):
    /// `x / sqrt(mean(x²) + eps) * gain`.
    fn rms_norm(&self, x: &Self::Tensor, gain: &Self::Vector, eps: f32) -> Self::Tensor;

    /// Rotates queries and keys of positions `start..`, appends keys and values to `layer` of the
    /// cache and attends causally to everything there: `[tokens, heads * head_dim]`.
    /// The cache has been given room by [`Backend::reserve`].
    fn attend(
        &self,
        cache: &mut Self::Cache,
        layer: usize,
        start: usize,
        qkv: [Self::Tensor; 3],
    ) -> Self::Tensor;

    /// `silu(gate) * up`, where `silu(x) = x / (1 + exp(-x))` (Shazeer, arXiv:2002.05202).
    fn swiglu(&self, gate: Self::Tensor, up: &Self::Tensor) -> Self::Tensor;

    /// `x + y`.
    fn add(&self, x: Self::Tensor, y: &Self::Tensor) -> Self::Tensor;

    /// [`Backend::add`], and the norm of its result.
    fn add_norm(
        &self,
        x: Self::Tensor,
        y: &Self::Tensor,
        gain: &Self::Vector,
        eps: f32,
    ) -> [Self::Tensor; 2] {
        let sum = self.add(x, y);
        let normed = self.rms_norm(&sum, gain, eps);
        [sum, normed]
    }

    /// The last row of `x` as a matrix of one row.
    fn last_row(&self, x: &Self::Tensor) -> Self::Tensor;

    /// Waits until everything before has been computed; nothing on backends that compute at once.
    ///
    /// # Errors
    /// `gpu-lost`, `gpu-failed` or `out-of-memory`, when that has happened since the last wait.
    fn finish(&self) -> impl Future<Output = Result<()>> {
        std::future::ready(Ok(()))
    }

    /// The index of the largest number of a matrix of one row, the first of equals, once the numbers
    /// of the indices `penalized`, each there once, have been divided by `penalty` when positive and
    /// multiplied when negative. What is no number is never the largest.
    ///
    /// # Errors
    /// As [`Backend::read`].
    fn best(
        &self,
        scores: Self::Tensor,
        penalized: &[u32],
        penalty: f32,
    ) -> impl Future<Output = Result<u32>> {
        async move {
            let mut scores = self.read(&scores).await?;
            sampler::penalize(&mut scores, penalized, penalty);
            Ok(sampler::best(&scores))
        }
    }

    /// Bytes of the device's own memory in use; `None` on backends without one.
    fn device_bytes(&self) -> Option<u64> {
        None
    }

    /// Copying in the device's own memory, in 10⁹ bytes read and written a second; `None` on
    /// backends without one, and where it could not be measured.
    ///
    /// # Errors
    /// As [`Backend::finish`].
    fn copy_gbs(&self) -> impl Future<Output = Result<Option<f64>>> {
        std::future::ready(Ok(None))
    }

    /// What the device does at best, by plain kernels that compute nothing. Takes a second or two,
    /// and memory for copying.
    ///
    /// # Errors
    /// As [`Backend::finish`].
    fn peaks(&self, now_ms: &dyn Fn() -> Option<f64>) -> impl Future<Output = Result<Peaks>> {
        let _ = now_ms;
        std::future::ready(Ok(Peaks::default()))
    }

    /// Waits for the device and brings a tensor's numbers back, row after row.
    ///
    /// # Errors
    /// `gpu-lost`, `gpu-failed` or `out-of-memory`, when that has happened since the last wait.
    fn read(&self, x: &Self::Tensor) -> impl Future<Output = Result<Vec<f32>>>;

    /// Begins to time operations, or ends it; returns what was timed since the last beginning.
    /// Nothing on backends that don't, see [`profiled::Profiled`].
    fn profile(&self, on: bool) -> Vec<OperationReport> {
        let _ = on;
        Vec::new()
    }
}
