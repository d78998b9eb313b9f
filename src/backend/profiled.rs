//! A backend wrapper that times operations.

use std::cell::RefCell;
use std::ops::RangeInclusive;

use super::{Attention, AttentionShape, Backend, RowReader, WeightSpec};
use crate::error::Result;
use crate::host::elapsed;
use crate::report::{OperationReport, Peaks};

/// A clock in milliseconds; `None` where the clock does not advance during computation.
pub type Clock = Box<dyn Fn() -> Option<f64>>;

/// Forwards every operation to a backend, and times it between the start and stop of
/// [`Backend::profile`]. On a device with a command queue it times only the submission.
pub struct Profiled<B> {
    backend: B,
    now_ms: Clock,
    operations: RefCell<Option<Vec<OperationReport>>>,
}

impl<B: Backend> Profiled<B> {
    /// Wraps a backend; timing is off.
    pub fn new(backend: B, now_ms: Clock) -> Self {
        Self { backend, now_ms, operations: RefCell::new(None) }
    }

    fn timed<T>(&self, name: &str, work: impl FnOnce(&B) -> T) -> T {
        self.counted(name, |_| 0.0, work)
    }

    /// Like the above, with `macs` to count the multiply-adds of a result.
    fn counted<T>(
        &self,
        name: &str,
        macs: impl FnOnce(&T) -> f64,
        work: impl FnOnce(&B) -> T,
    ) -> T {
        if self.operations.borrow().is_none() {
            return work(&self.backend);
        }
        let started = (self.now_ms)();
        let result = work(&self.backend);
        let ms = elapsed(started, (self.now_ms)()).unwrap_or(0.0);
        if let Some(operations) = self.operations.borrow_mut().as_mut() {
            OperationReport::add(operations, name, ms, macs(&result));
        }
        result
    }
}

impl<B: Backend> Backend for Profiled<B> {
    type Tensor = B::Tensor;
    type Weight = B::Weight;
    type Vector = B::Vector;
    type Cache = B::Cache;

    const MEASURED_CHUNK: usize = B::MEASURED_CHUNK;
    const CHUNK_MS: f64 = B::CHUNK_MS;
    const REWIND: usize = B::REWIND;

    fn chunk_limits(&self, widest: usize) -> RangeInclusive<usize> {
        self.backend.chunk_limits(widest)
    }

    fn load_weight(&self, spec: WeightSpec, rows: &mut RowReader) -> Result<B::Weight> {
        self.backend.load_weight(spec, rows)
    }

    fn load_vector(&self, values: Vec<f32>) -> Result<B::Vector> {
        self.backend.load_vector(values)
    }

    fn new_cache(&self, attention: &Attention) -> B::Cache {
        self.backend.new_cache(attention)
    }

    fn reserve(&self, cache: &mut B::Cache, positions: usize) -> Result<()> {
        self.backend.reserve(cache, positions)
    }

    fn cache_bytes_for(&self, attention: &Attention, positions: usize) -> u64 {
        self.backend.cache_bytes_for(attention, positions)
    }

    fn window(&self, cache: &B::Cache, layer: usize) -> usize {
        self.backend.window(cache, layer)
    }

    fn cache_bytes(&self, cache: &B::Cache) -> usize {
        self.backend.cache_bytes(cache)
    }

    fn shape(&self, x: &B::Tensor) -> [usize; 2] {
        self.backend.shape(x)
    }

    fn weight_bytes(&self, weight: &B::Weight) -> usize {
        self.backend.weight_bytes(weight)
    }

    fn embed(&self, table: &B::Weight, ids: &[u32]) -> B::Tensor {
        self.timed("embedding", |b| b.embed(table, ids))
    }

    fn matmul<const N: usize>(&self, x: &B::Tensor, weights: [&B::Weight; N]) -> [B::Tensor; N] {
        let [rows, inputs] = self.shape(x);
        let outputs = |products: &[B::Tensor; N]| -> usize {
            products.iter().map(|product| self.shape(product)[1]).sum()
        };
        let macs = |products: &_| (rows * inputs) as f64 * outputs(products) as f64;
        self.counted("matrix products", macs, |b| b.matmul(x, weights))
    }

    fn rms_norm(&self, x: &B::Tensor, gain: &B::Vector, eps: f32) -> B::Tensor {
        self.timed("norm", |b| b.rms_norm(x, gain, eps))
    }

    fn attend(
        &self,
        cache: &mut B::Cache,
        layer: usize,
        start: usize,
        qkv: [B::Tensor; 3],
    ) -> B::Tensor {
        let window = self.backend.window(cache, layer);
        // All multiplications of attention are as wide as its result, whatever the heads.
        let macs = |out: &_| {
            let [tokens, width] = self.shape(out);
            let whole = AttentionShape { heads: 1, kv_heads: 1, head_dim: width };
            whole.macs(start, tokens, window)
        };
        self.counted("attention", macs, |b| b.attend(cache, layer, start, qkv))
    }

    fn swiglu(&self, gate: B::Tensor, up: &B::Tensor) -> B::Tensor {
        self.timed("gated activation", |b| b.swiglu(gate, up))
    }

    fn geglu(&self, gate: B::Tensor, up: &B::Tensor) -> B::Tensor {
        self.timed("gated activation", |b| b.geglu(gate, up))
    }

    fn add_bias(&self, x: B::Tensor, bias: &B::Vector) -> B::Tensor {
        self.timed("bias", |b| b.add_bias(x, bias))
    }

    fn scale(&self, x: B::Tensor, factor: f32) -> B::Tensor {
        self.timed("embedding", |b| b.scale(x, factor))
    }

    fn add(&self, x: B::Tensor, y: &B::Tensor) -> B::Tensor {
        self.timed("residual", |b| b.add(x, y))
    }

    fn add_norm(&self, x: B::Tensor, y: &B::Tensor, gain: &B::Vector, eps: f32) -> [B::Tensor; 2] {
        self.timed("residual and norm", |b| b.add_norm(x, y, gain, eps))
    }

    fn last_row(&self, x: &B::Tensor) -> B::Tensor {
        self.backend.last_row(x)
    }

    async fn finish(&self) -> Result<()> {
        self.backend.finish().await
    }

    async fn best(&self, scores: B::Tensor, penalized: &[u32], penalty: f32) -> Result<u32> {
        self.backend.best(scores, penalized, penalty).await
    }

    fn device_bytes(&self) -> Option<u64> {
        self.backend.device_bytes()
    }

    async fn peaks(&self, now_ms: &dyn Fn() -> Option<f64>) -> Result<Peaks> {
        self.backend.peaks(now_ms).await
    }

    async fn copy_gbs(&self) -> Result<Option<f64>> {
        self.backend.copy_gbs().await
    }

    async fn read(&self, x: &B::Tensor) -> Result<Vec<f32>> {
        self.backend.read(x).await
    }

    fn profile(&self, on: bool) -> Vec<OperationReport> {
        self.operations.replace(on.then(Vec::new)).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use wasm_bindgen_test::wasm_bindgen_test;

    /// An operation left to the trait's default would bypass the wrapped backend's own version.
    #[wasm_bindgen_test(unsupported = test)]
    fn every_operation_is_passed_on() {
        let methods = |source: &str| -> Vec<String> {
            let names = source.split("    fn ").skip(1).chain(source.split("async fn ").skip(1));
            names.filter_map(|rest| Some(rest.split(['(', '<']).next()?.to_string())).collect()
        };
        let trait_of = include_str!("../backend.rs").split("pub trait Backend").nth(1).unwrap();
        let passed_on = methods(include_str!("profiled.rs"));
        let missing = methods(trait_of).into_iter().filter(|name| !passed_on.contains(name));
        assert_eq!(missing.collect::<Vec<_>>(), [""; 0]);
    }
}
