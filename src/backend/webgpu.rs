//! The GPU backend, through wgpu: WebGPU in browsers; Vulkan, Metal or Direct3D 12 natively.
//!
//! Operations are recorded and submitted a few at a time ([`recorder`]); only [`Backend::finish`],
//! [`Backend::read`] and [`Backend::best`] wait for the GPU. Activations are 32-bit floats, keys
//! and values 16-bit floats, weights stay quantized. Errors surface at the next wait.

mod attention;
mod buffer;
mod cache;
mod device;
mod kernel;
mod matmul;
mod peak;
mod recorder;
// Node has no GPU; the relaxed SIMD build is tested in a browser.
#[cfg(all(test, any(not(target_arch = "wasm32"), target_feature = "relaxed-simd")))]
mod tests;
mod weight;

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::rc::Rc;

use self::attention::Seen;
use self::buffer::Buffer;
pub use self::cache::Cache;
use self::device::Device;
pub use self::device::Restrictions;
use self::kernel::Kernel;
pub use self::kernel::Products;
pub use self::peak::peak_in;
use self::recorder::Recorder;
pub use self::weight::Weight;
use crate::backend::profiled::Clock;
use crate::backend::{Attention, AttentionShape, Backend, RopeLayout, RowReader, WeightSpec};
use crate::error::Result;
use crate::quant::BLOCK;
use crate::report::{OperationReport, Peaks};

/// Elements of a shader vector.
const FOUR: usize = 4;

/// Invocations per workgroup in elementwise shaders.
const LANES: usize = 64;

/// Rows, and outputs, of a matmul.wgsl tile.
const TILE: usize = 64;

/// Maximum rows for matvec.wgsl, which reads each weight once per row. Above this, filling a
/// matmul.wgsl tile pays off.
const FEW_ROWS: usize = 4;

/// Workgroups in one dimension; WebGPU guarantees 65,535.
const MOST_GROUPS: usize = 1 << 15;

/// Outputs per workgroup in matvec.wgsl.
const OUTPUTS: usize = 16;

/// Maximum workgroups that share a query's keys in attention.wgsl; each writes its own sums.
const MOST_PARTS: usize = 8;

/// Runs a decoder on a GPU.
#[derive(Clone)]
pub struct WebGpu {
    recorder: Rc<Recorder>,
    multiplies_in: Rc<Cell<Products>>,
}

/// A row-major float matrix in GPU memory.
pub struct Tensor {
    buffer: Buffer,
    rows: usize,
    width: usize,
}

/// Gains or biases in GPU memory.
pub struct Vector {
    buffer: Buffer,
    len: usize,
}

impl WebGpu {
    /// Opens the GPU that the system considers fastest. The clock measures submissions, so that
    /// none occupies the GPU for long.
    ///
    /// # Errors
    /// `gpu-unavailable`.
    pub async fn open(restrictions: Restrictions, now_ms: Clock) -> Result<Self> {
        let device = Device::open(restrictions).await?;
        let recorder = Rc::new(Recorder::new(device, now_ms));
        Ok(Self { recorder, multiplies_in: Rc::new(Cell::new(Products::F32)) })
    }

    /// Name of the GPU and its driver.
    pub fn adapter(&self) -> &str {
        &self.recorder.device.name
    }

    /// Whether it is a software renderer.
    pub fn is_software(&self) -> bool {
        self.recorder.device.is_software
    }

    /// Features and number format of products, for reports.
    pub fn features(&self) -> Vec<String> {
        self.features_in(self.multiplies_in.get())
    }

    /// The same, with products in `products`.
    pub fn features_in(&self, products: Products) -> Vec<String> {
        let f16 = self.recorder.device.has_f16.then_some("shader-f16");
        f16.into_iter().chain([products.name()]).map(String::from).collect()
    }

    /// Destroys the device at once; every later call fails with `gpu-lost`.
    pub fn destroy(&self) {
        self.recorder.device.raw.destroy();
    }

    fn tensor(&self, rows: usize, width: usize) -> Tensor {
        let buffer = self.recorder.scratch((4 * rows * width) as u64);
        Tensor { buffer, rows, width }
    }

    fn uploaded(&self, numbers: &[u32]) -> Buffer {
        let bytes: Vec<u8> = numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
        let buffer = self.recorder.scratch(bytes.len() as u64);
        self.recorder.bring(&buffer, &bytes);
        buffer
    }

    /// Runs `kernel` on every four elements of two tensors of the same shape.
    fn elementwise(&self, kernel: Kernel, x: &Tensor, y: &Tensor) {
        let fours = x.width / FOUR;
        let grid = [fours.div_ceil(LANES), x.rows, 1];
        self.dispatch(kernel, &[fours], &[&x.buffer, &y.buffer], grid, 0.0);
    }

    fn dispatch(
        &self,
        kernel: Kernel,
        parameters: &[usize],
        buffers: &[&Buffer],
        grid: [usize; 3],
        macs: f64,
    ) {
        let parameters: Vec<u32> = parameters.iter().map(|p| *p as u32).collect();
        self.recorder.dispatch(kernel, &parameters, buffers, grid.map(|n| n as u32), macs);
    }

    /// Sets the number format of products; must be one of [`Self::products`].
    pub fn multiply_in(&self, products: Products) {
        self.multiplies_in.set(products);
    }

    /// The number formats of products that this GPU supports.
    pub fn products(&self) -> Vec<Products> {
        match self.recorder.device.has_f16 {
            true => vec![Products::F32, Products::F16, Products::Int8],
            false => vec![Products::F32, Products::Int8],
        }
    }
}

/// Workgroups for this many invocations, in two dimensions if one is too small.
fn grid_for(invocations: usize) -> [usize; 3] {
    let groups = invocations.div_ceil(LANES);
    let across = groups.min(MOST_GROUPS);
    [across, groups.div_ceil(across), 1]
}

impl Backend for WebGpu {
    type Tensor = Tensor;
    type Weight = Weight;
    type Vector = Vector;
    type Cache = Cache;

    const MEASURED_CHUNK: usize = 2048;
    const CHUNK_MS: f64 = 150.0;
    const REWIND: usize = cache::LONGEST_CHUNK;

    // Many rows keep a large GPU busy; the partial results of attention need the largest buffer.
    fn chunk_limits(&self, widest: usize) -> RangeInclusive<usize> {
        let row = 4 * MOST_PARTS as u64 * widest as u64;
        FEW_ROWS
            ..=(self.recorder.device.max_binding / row).clamp(16, cache::LONGEST_CHUNK as u64)
                as usize
    }

    fn load_weight(&self, spec: WeightSpec, rows: &mut RowReader) -> Result<Weight> {
        Weight::load(&self.recorder, spec, rows)
    }

    fn load_vector(&self, values: Vec<f32>) -> Result<Vector> {
        let count = values.len();
        let bytes: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
        let recorder = &self.recorder;
        let len = bytes.len() as u64;
        let buffer = recorder.memory.lasting(&recorder.device, "the model's weights", len)?;
        recorder.upload(&buffer, 0, &bytes);
        Ok(Vector { buffer, len: count })
    }

    fn new_cache(&self, attention: &Attention) -> Cache {
        Cache::new(attention)
    }

    fn reserve(&self, cache: &mut Cache, positions: usize) -> Result<()> {
        cache.reserve(&self.recorder, positions)
    }

    fn window(&self, cache: &Cache, layer: usize) -> usize {
        cache.window(layer)
    }

    fn cache_bytes(&self, cache: &Cache) -> usize {
        cache.bytes()
    }

    fn shape(&self, x: &Tensor) -> [usize; 2] {
        [x.rows, x.width]
    }

    fn weight_bytes(&self, weight: &Weight) -> usize {
        weight.bytes()
    }

    fn embed(&self, table: &Weight, ids: &[u32]) -> Tensor {
        let out = self.tensor(ids.len(), table.cols);
        let ids = self.uploaded(ids);
        for part in &table.parts {
            let parameters = [table.cols / BLOCK, part.rows.start, part.rows.len()];
            let buffers = [&ids, &part.words, &part.scales, &out.buffer];
            let grid = [table.cols.div_ceil(LANES), out.rows, 1];
            self.dispatch(Kernel::Embed(table.format), &parameters, &buffers, grid, 0.0);
        }
        out
    }

    fn matmul<const N: usize>(&self, x: &Tensor, weights: [&Weight; N]) -> [Tensor; N] {
        let factor = self.prepare(x);
        weights.map(|weight| self.multiply(&factor, weight))
    }

    fn rms_norm(&self, x: &Tensor, gain: &Vector, eps: f32) -> Tensor {
        let out = self.tensor(x.rows, x.width);
        let parameters = [gain.len / FOUR, eps.to_bits() as usize];
        let buffers = [&x.buffer, &gain.buffer, &out.buffer];
        let grid = [x.width / gain.len, x.rows, 1];
        self.dispatch(Kernel::RmsNorm, &parameters, &buffers, grid, 0.0);
        out
    }

    fn attend(&self, cache: &mut Cache, layer: usize, start: usize, qkv: [Tensor; 3]) -> Tensor {
        let [q, k, v] = qkv;
        let (shape, window) = (cache.shape(), cache.window(layer));
        let AttentionShape { heads, kv_heads, head_dim } = shape;
        let (angles, rope) = cache.angles(&self.recorder, layer, start..start + q.rows);
        let halves = usize::from(rope.pairs == RopeLayout::Halves);
        let rotated = rope.dims / 2;
        let Some(layer) = cache.layer(layer) else { return q };
        let pairs = head_dim / 2;
        let parameters = [start, heads, kv_heads, pairs, rotated, halves, layer.ring];
        let buffers = [&angles, &q.buffer, &k.buffer, &v.buffer, &layer.keys, &layer.values];
        let grid = [(heads * pairs).div_ceil(LANES), q.rows, 1];
        self.dispatch(Kernel::Rope, &parameters, &buffers, grid, 0.0);
        let seen = Seen { layer, shape, start, window };
        self.attend_to(&seen, &q)
    }

    fn swiglu(&self, gate: Tensor, up: &Tensor) -> Tensor {
        self.elementwise(Kernel::SwiGlu, &gate, up);
        gate
    }

    fn geglu(&self, gate: Tensor, up: &Tensor) -> Tensor {
        self.elementwise(Kernel::GeGlu, &gate, up);
        gate
    }

    fn add_bias(&self, x: Tensor, bias: &Vector) -> Tensor {
        let fours = x.width / FOUR;
        let grid = [fours.div_ceil(LANES), x.rows, 1];
        self.dispatch(Kernel::AddBias, &[fours], &[&x.buffer, &bias.buffer], grid, 0.0);
        x
    }

    fn scale(&self, x: Tensor, factor: f32) -> Tensor {
        let fours = x.width / FOUR;
        let grid = [fours.div_ceil(LANES), x.rows, 1];
        let parameters = [fours, factor.to_bits() as usize];
        self.dispatch(Kernel::Scale, &parameters, &[&x.buffer], grid, 0.0);
        x
    }

    fn add(&self, x: Tensor, y: &Tensor) -> Tensor {
        self.elementwise(Kernel::Add, &x, y);
        x
    }

    fn add_norm(&self, x: Tensor, y: &Tensor, gain: &Vector, eps: f32) -> [Tensor; 2] {
        let out = self.tensor(x.rows, x.width);
        let parameters = [x.width / FOUR, eps.to_bits() as usize];
        let buffers = [&x.buffer, &y.buffer, &gain.buffer, &out.buffer];
        self.dispatch(Kernel::AddNorm, &parameters, &buffers, [x.rows, 1, 1], 0.0);
        [x, out]
    }

    fn last_row(&self, x: &Tensor) -> Tensor {
        let out = self.tensor(1, x.width);
        let bytes = (4 * x.width) as u64;
        self.recorder.copy(&x.buffer, (x.rows - 1) as u64 * bytes, &out.buffer, bytes);
        out
    }

    async fn finish(&self) -> Result<()> {
        self.recorder.wait().await
    }

    async fn read(&self, x: &Tensor) -> Result<Vec<f32>> {
        let bytes = self.recorder.fetch(&x.buffer, (4 * x.rows * x.width) as u64).await?;
        Ok(bytes.as_chunks().0.iter().map(|four| f32::from_le_bytes(*four)).collect())
    }

    async fn best(&self, scores: Tensor, penalized: &[u32], penalty: f32) -> Result<u32> {
        if !penalized.is_empty() {
            let ids = self.uploaded(penalized);
            let parameters = [penalized.len(), penalty.to_bits() as usize];
            let grid = [penalized.len().div_ceil(LANES), 1, 1];
            let buffers = [&ids, &scores.buffer];
            self.dispatch(Kernel::Penalize, &parameters, &buffers, grid, 0.0);
        }
        let best = self.recorder.scratch(4);
        let buffers = [&scores.buffer, &best];
        self.dispatch(Kernel::Best, &[scores.width], &buffers, [1, 1, 1], 0.0);
        let bytes = self.recorder.fetch(&best, 4).await?;
        Ok(bytes.first_chunk().map_or(0, |four| u32::from_le_bytes(*four)))
    }

    fn device_bytes(&self) -> Option<u64> {
        Some(self.recorder.memory.bytes())
    }

    async fn peaks(&self, _: &dyn Fn() -> Option<f64>) -> Result<Peaks> {
        self.measured_peaks().await
    }

    async fn copy_gbs(&self) -> Result<Option<f64>> {
        self.copied_quickly().await
    }

    fn cache_bytes_for(&self, attention: &Attention, positions: usize) -> u64 {
        Cache::bytes_for(attention, positions)
    }

    fn profile(&self, on: bool) -> Vec<OperationReport> {
        self.recorder.profile(on)
    }
}
