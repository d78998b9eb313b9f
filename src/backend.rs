//! What a decoder needs of a device: a dozen operations, not tensor algebra.
//!
//! A model's forward pass is written once over [`Backend`]; a device is one implementation of it.
//! Operations on tensors never wait for the device: only [`Backend::read`] does.

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

/// Attention of a model: heads of one shape, and what each layer sees.
#[derive(Debug, Clone, PartialEq)]
pub struct Attention {
    /// Heads, the same in all layers.
    pub shape: AttentionShape,
    /// Layers, in order.
    pub layers: Vec<AttentionLayer>,
}

impl Attention {
    /// Layers that are all alike.
    pub fn uniform(count: usize, shape: AttentionShape, layer: &AttentionLayer) -> Self {
        Self { shape, layers: vec![layer.clone(); count] }
    }

    /// The same with positions past the trained context, or without. Layers with a window stay as
    /// they are: the distances that they see are those of the trained context.
    pub fn scaled(&self, scaling: Option<Yarn>) -> Self {
        let layers = self.layers.iter().map(|layer| match layer.window {
            None => {
                AttentionLayer { rope: Rope { scaling, ..layer.rope.clone() }, ..layer.clone() }
            }
            Some(_) => layer.clone(),
        });
        Self { shape: self.shape, layers: layers.collect() }
    }

    /// Multiply-adds of `tokens` queries from position `start` on, in all layers.
    pub fn macs(&self, start: usize, tokens: usize) -> f64 {
        let window = |layer: &AttentionLayer| layer.window.unwrap_or(usize::MAX);
        self.layers.iter().map(|layer| self.shape.macs(start, tokens, window(layer))).sum()
    }
}

/// Attention of one layer.
#[derive(Debug, Clone, PartialEq)]
pub struct AttentionLayer {
    /// Where positions turn its queries and keys to.
    pub rope: Rope,
    /// Positions that a query sees, its own among them; without it, all up to its own.
    pub window: Option<usize>,
}

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
    /// positions up to its own: as many for scores as for sums of values. A `usize` of 32 bits
    /// would be too short for them.
    pub fn macs(self, start: usize, tokens: usize, window: usize) -> f64 {
        let seen: f64 = (start + 1..=start + tokens).map(|n| n.min(window) as f64).sum();
        (2 * self.heads * self.head_dim) as f64 * seen
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

    /// How long a chunk should take, in milliseconds. On the processor, whose work can stop between
    /// two layers, it is as long as progress may stand still. A device of its own doesn't stop: a run
    /// must have ended within 250 ms of being cancelled.
    const CHUNK_MS: f64;

    /// Positions before a layer's window that its cache still holds: how far a session can go back.
    const REWIND: usize;

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

    /// An empty cache.
    fn new_cache(&self, attention: &Attention) -> Self::Cache;

    /// Makes room for positions up to `positions`, keeping what is there.
    ///
    /// # Errors
    /// `out-of-memory`.
    fn reserve(&self, cache: &mut Self::Cache, positions: usize) -> Result<()>;

    /// Positions that a query sees in a layer of the cache, at most.
    fn window(&self, cache: &Self::Cache, layer: usize) -> usize;

    /// Bytes that the cache takes.
    fn cache_bytes(&self, cache: &Self::Cache) -> usize;

    /// Bytes that a cache takes once there is room for `positions`: what
    /// [`Backend::cache_bytes`] says then. It may be more than there could be memory.
    fn cache_bytes_for(&self, attention: &Attention, positions: usize) -> u64;

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

    /// Root-mean-square norm (Zhang and Sennrich, arXiv:1910.07467) of each row, or of each part of
    /// a row where a row is several times as long as `gain`: `x / sqrt(mean(x²) + eps) * gain`.
    fn rms_norm(&self, x: &Self::Tensor, gain: &Self::Vector, eps: f32) -> Self::Tensor;

    /// Rotates queries and keys of positions `start..`, appends keys and values to `layer` of the
    /// cache and attends causally to what that layer sees: `[tokens, heads * head_dim]`.
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

    /// `gelu(gate) * up`, where `gelu(x) = x / 2 * (1 + tanh(sqrt(2 / π) * (x + 0.044715 x³)))`
    /// (Hendrycks and Gimpel, arXiv:1606.08415; the gate is Shazeer's, as above).
    fn geglu(&self, gate: Self::Tensor, up: &Self::Tensor) -> Self::Tensor;

    /// `x` with `bias` added to each row.
    fn add_bias(&self, x: Self::Tensor, bias: &Self::Vector) -> Self::Tensor;

    /// `x * factor`.
    fn scale(&self, x: Self::Tensor, factor: f32) -> Self::Tensor;

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
    /// multiplied when negative. NaN is never selected.
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
