//! The device interface of the decoder: a dozen operations rather than tensor algebra.
//!
//! A model's forward pass is written once over [`Backend`]; each device implements the trait.
//! Tensor operations never wait for the device; only [`Backend::read`] does.

pub mod cpu;
pub mod peak;
pub mod profiled;
mod rope;
pub mod scores;
#[cfg(test)]
mod stored;
pub mod webgpu;

use std::ops::{Range, RangeInclusive};

pub use self::rope::{Rope, RopeLayout, Yarn};
use crate::error::Result;
use crate::quant::QuantType;
use crate::report::{OperationReport, Peaks};

/// Shape and storage of a weight to load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WeightSpec {
    /// Outputs of the matrix.
    pub rows: usize,
    /// Inputs of the matrix.
    pub cols: usize,
    /// Storage format.
    pub quant: QuantType,
}

/// Reads a range of a weight's stored rows, so that a backend can pack a few rows at a time.
pub type RowReader<'a> = dyn FnMut(Range<usize>, &mut Vec<u8>) -> Result<()> + 'a;

/// Attention of a model: one head shape, and one entry per layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// Head counts and size, the same in all layers.
    pub shape: AttentionShape,
    /// Layers, in order.
    pub layers: Vec<AttentionLayer>,
}

impl Attention {
    /// `count` identical layers.
    pub fn uniform(count: usize, shape: AttentionShape, layer: &AttentionLayer) -> Self {
        Self { shape, layers: vec![layer.clone(); count] }
    }

    /// A copy with position scaling set to `scaling`. Layers with a sliding window keep theirs:
    /// they only see distances within the trained context.
    pub fn scaled(&self, scaling: Option<Yarn>) -> Self {
        let layers = self.layers.iter().map(|layer| match layer.window {
            None => {
                AttentionLayer { rope: Rope { scaling, ..layer.rope.clone() }, ..layer.clone() }
            }
            Some(_) => layer.clone(),
        });
        Self { shape: self.shape, layers: layers.collect() }
    }

    /// Multiply-adds of `tokens` queries from position `start`, over all layers.
    pub fn macs(&self, start: usize, tokens: usize) -> f64 {
        let window = |layer: &AttentionLayer| layer.window.unwrap_or(usize::MAX);
        self.layers.iter().map(|layer| self.shape.macs(start, tokens, window(layer))).sum()
    }
}

/// Attention of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct AttentionLayer {
    /// Rotary embedding of its queries and keys.
    pub rope: Rope,
    /// Sliding window: positions that a query sees, including its own; `None`: all up to its own.
    pub window: Option<usize>,
}

/// Shape of the attention of a model, the same in all its layers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AttentionShape {
    /// Query heads.
    pub heads: usize,
    /// Key and value heads; each serves `heads / kv_heads` query heads.
    pub kv_heads: usize,
    /// Elements per head.
    pub head_dim: usize,
}

impl AttentionShape {
    /// Multiply-adds of `tokens` queries from position `start`, each of which sees `window`
    /// positions up to its own: half for scores, half for sums of values. An `f64`, because the
    /// count overflows a 32-bit `usize`.
    pub fn macs(self, start: usize, tokens: usize, window: usize) -> f64 {
        let seen: f64 = (start + 1..=start + tokens).map(|n| n.min(window) as f64).sum();
        (2 * self.heads * self.head_dim) as f64 * seen
    }
}

/// A device that can run a decoder.
///
/// Activations are `f32` matrices with one row per token. The model checks all sizes that come from
/// a model file before it calls a backend.
pub trait Backend {
    /// Activations, `[tokens, width]`.
    type Tensor;
    /// A weight matrix in the device's own packed form.
    type Weight;
    /// A vector of norm gains.
    type Vector;
    /// Keys and values of every layer.
    type Cache;

    /// Preferred tokens per chunk in measurements, within [`Backend::chunk_limits`]: equal on all
    /// devices of a kind, so that results compare.
    const MEASURED_CHUNK: usize = 128;

    /// Target duration of a chunk, in milliseconds. The CPU can stop between two layers, so its
    /// limit is how long progress may stall. A GPU cannot stop within a chunk, and a run must end
    /// within 250 ms of being cancelled.
    const CHUNK_MS: f64;

    /// Positions that a cache keeps before a sliding window: how far a session can rewind.
    const REWIND: usize;

    /// Allowed tokens per chunk for a model whose widest activations have `widest` elements per
    /// token. Fewer leave too much of the device idle, more take too much memory.
    fn chunk_limits(&self, widest: usize) -> RangeInclusive<usize> {
        let _ = widest;
        16..=512
    }

    /// Packs a weight matrix.
    ///
    /// # Errors
    /// `out-of-memory`, `model-unsupported-quant`, or the error of `rows`.
    fn load_weight(&self, spec: WeightSpec, rows: &mut RowReader) -> Result<Self::Weight>;

    /// Loads a vector of gains.
    ///
    /// # Errors
    /// `out-of-memory`.
    fn load_vector(&self, values: Vec<f32>) -> Result<Self::Vector>;

    /// An empty cache.
    fn new_cache(&self, attention: &Attention) -> Self::Cache;

    /// Makes room for positions up to `positions`, and keeps the stored ones.
    ///
    /// # Errors
    /// `out-of-memory`.
    fn reserve(&self, cache: &mut Self::Cache, positions: usize) -> Result<()>;

    /// Maximum number of positions that a query sees in a layer.
    fn window(&self, cache: &Self::Cache, layer: usize) -> usize;

    /// Bytes that the cache takes.
    fn cache_bytes(&self, cache: &Self::Cache) -> usize;

    /// Bytes of a cache with room for `positions`: the value of [`Backend::cache_bytes`] after
    /// [`Backend::reserve`]. May exceed the memory.
    fn cache_bytes_for(&self, attention: &Attention, positions: usize) -> u64;

    /// `[rows, columns]` of a tensor.
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

    /// Root-mean-square norm (Zhang and Sennrich, arXiv:1910.07467) of each row, or of each
    /// `gain`-sized part of a longer row: `x / sqrt(mean(x²) + eps) * gain`.
    fn rms_norm(&self, x: &Self::Tensor, gain: &Self::Vector, eps: f32) -> Self::Tensor;

    /// Rotates queries and keys of positions `start..`, appends keys and values to `layer` of the
    /// cache and attends causally to what that layer sees: `[tokens, heads * head_dim]`. Call
    /// [`Backend::reserve`] first.
    fn attend(
        &self,
        cache: &mut Self::Cache,
        layer: usize,
        start: usize,
        qkv: [Self::Tensor; 3],
    ) -> Self::Tensor;

    /// `silu(gate) * up`, where `silu(x) = x / (1 + exp(-x))` (Shazeer, arXiv:2002.05202).
    fn swiglu(&self, gate: Self::Tensor, up: &Self::Tensor) -> Self::Tensor;

    /// `gelu(gate) * up`, where `gelu(x) = x / 2 * (1 + tanh(sqrt(2 / π) * (x + 0.044715 x³)))`
    /// (Hendrycks and Gimpel, arXiv:1606.08415; the gate is Shazeer's, as above).
    fn geglu(&self, gate: Self::Tensor, up: &Self::Tensor) -> Self::Tensor;

    /// `x` with `bias` added to each row.
    fn add_bias(&self, x: Self::Tensor, bias: &Self::Vector) -> Self::Tensor;

    /// `x * factor`.
    fn scale(&self, x: Self::Tensor, factor: f32) -> Self::Tensor;

    /// `x + y`.
    fn add(&self, x: Self::Tensor, y: &Self::Tensor) -> Self::Tensor;

    /// [`Backend::add`], and the norm of the sum.
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

    /// The last row of `x`, as a one-row matrix.
    fn last_row(&self, x: &Self::Tensor) -> Self::Tensor;

    /// Waits until all submitted work is done; a no-op on backends that compute at once.
    ///
    /// # Errors
    /// `gpu-lost`, `gpu-failed` or `out-of-memory`, if one occurred since the last wait.
    fn finish(&self) -> impl Future<Output = Result<()>> {
        std::future::ready(Ok(()))
    }

    /// Index of the largest number of a one-row matrix; the first on ties. Numbers at `penalized`
    /// indices (no duplicates) are first divided by `penalty` if positive, and multiplied by it if
    /// negative. NaN is never selected.
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
            scores::penalize(&mut scores, penalized, penalty);
            Ok(scores::best(&scores))
        }
    }

    /// Bytes of device memory in use; `None` on backends without their own memory.
    fn device_bytes(&self) -> Option<u64> {
        None
    }

    /// Copy bandwidth of the device's own memory, in 10⁹ bytes read and written per second; `None`
    /// on backends without their own memory, or if the measurement failed.
    ///
    /// # Errors
    /// As [`Backend::finish`].
    fn copy_gbs(&self) -> impl Future<Output = Result<Option<f64>>> {
        std::future::ready(Ok(None))
    }

    /// Peak speeds of the device, from synthetic kernels. Takes a second or two, and memory for
    /// copying.
    ///
    /// # Errors
    /// As [`Backend::finish`].
    fn peaks(&self, now_ms: &dyn Fn() -> Option<f64>) -> impl Future<Output = Result<Peaks>> {
        let _ = now_ms;
        std::future::ready(Ok(Peaks::default()))
    }

    /// Waits for the device and reads a tensor back, row by row.
    ///
    /// # Errors
    /// `gpu-lost`, `gpu-failed` or `out-of-memory`, if one occurred since the last wait.
    fn read(&self, x: &Self::Tensor) -> impl Future<Output = Result<Vec<f32>>>;

    /// Starts or stops timing operations; returns the timings since the last start. Empty on
    /// backends that do not time operations, see [`profiled::Profiled`].
    fn profile(&self, on: bool) -> Vec<OperationReport> {
        let _ = on;
        Vec::new()
    }
}
