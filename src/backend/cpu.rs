//! The CPU backend: packed integer weights, 8-bit activations, 8-bit keys and values.
//!
//! Activations are plain float vectors, not candle tensors: every operation here is our own kernel,
//! and a tensor library would only add allocation and dispatch.

mod attention;
mod cache;
mod exp;
mod hadamard;
mod kernel;
mod matmul;
mod matrix;
mod parallel;
mod peak;
#[cfg(any(not(target_arch = "wasm32"), feature = "threads"))]
mod pool;
mod simd;
#[cfg(test)]
mod tests;
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
mod tune;

use std::f32::consts::{FRAC_1_SQRT_2, FRAC_2_SQRT_PI};

use self::cache::Cache;
use self::exp::exp;
use self::matrix::Matrix;
pub use self::parallel::Threads;
#[cfg(all(target_arch = "wasm32", feature = "threads"))]
pub use self::parallel::become_thread;
use self::parallel::for_each;
#[cfg(not(target_arch = "wasm32"))]
pub use self::parallel::start_threads;
use self::simd::F32x4;
#[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
pub use self::tune::tune;
use crate::backend::{Attention, Backend, RowReader, WeightSpec};
use crate::error::Result;
use crate::report::Peaks;

/// Runs a decoder on the CPU.
#[derive(Debug, Clone, Copy, Default)]
pub struct Cpu {
    /// Threads that share each operation.
    pub threads: Threads,
}

/// The instruction sets used for matrix products on this machine.
pub fn features() -> Vec<String> {
    #[cfg(all(target_arch = "wasm32", target_feature = "relaxed-simd"))]
    let names: &[&str] = match matmul::WIDE_SUMS.load(std::sync::atomic::Ordering::Relaxed) {
        true => &["simd128", "relaxed-simd", "sums of 32 bits"],
        false => &["simd128", "relaxed-simd", "sums of 16 bits"],
    };
    #[cfg(all(target_arch = "wasm32", not(target_feature = "relaxed-simd")))]
    let names: &[&str] = &["simd128"];
    #[cfg(target_arch = "x86_64")]
    let names: &[&str] = if kernel::vnni::Vnni::detect().is_some() {
        &["avx2", "fma", "avx512vnni"]
    } else if kernel::avx2::Avx2::detect().is_some() {
        &["avx2", "fma"]
    } else {
        &[]
    };
    #[cfg(not(any(target_arch = "wasm32", target_arch = "x86_64")))]
    let names: &[&str] = &[];
    names.iter().map(|name| (*name).to_string()).collect()
}

/// A row-major matrix of floats.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Elements per row.
    pub width: usize,
    /// `[rows, width]`.
    pub data: Vec<f32>,
}

/// Rows per task of an elementwise operation.
const TASK: usize = 16;

/// Splits a result and its input, both `width` wide, into tasks of [`TASK`] rows.
fn tasks<'a>(
    to: &'a mut [f32],
    from: &'a [f32],
    width: usize,
) -> impl ExactSizeIterator<Item = (&'a mut [f32], &'a [f32])> {
    let len = TASK * width.max(1);
    to.chunks_mut(len).zip(from.chunks(len))
}

impl Cpu {
    /// `activation(gate) * up`.
    fn gated(
        &self,
        mut gate: Tensor,
        up: &Tensor,
        activation: impl Fn(F32x4) -> F32x4 + Sync,
    ) -> Tensor {
        for_each(self.threads, tasks(&mut gate.data, &up.data, up.width), |(gate, up)| {
            for (gate, up) in gate.as_chunks_mut::<4>().0.iter_mut().zip(up.as_chunks().0) {
                activation(F32x4::load(gate)).mul(F32x4::load(up)).store(gate);
            }
        });
        gate
    }
}

impl Backend for Cpu {
    type Tensor = Tensor;
    type Weight = Matrix;
    type Vector = Vec<f32>;
    type Cache = Cache;

    // An isolate on the edge has little memory for activations.
    const CHUNK_MS: f64 = if cfg!(feature = "edge") { 150.0 } else { 500.0 };
    const REWIND: usize = cache::AT_ONCE;

    fn load_weight(&self, spec: WeightSpec, rows: &mut RowReader) -> Result<Matrix> {
        Matrix::pack(spec, rows)
    }

    fn load_vector(&self, values: Vec<f32>) -> Result<Vec<f32>> {
        Ok(values)
    }

    fn new_cache(&self, attention: &Attention) -> Cache {
        Cache::new(attention)
    }

    fn reserve(&self, cache: &mut Cache, positions: usize) -> Result<()> {
        cache.reserve(positions)
    }

    fn window(&self, cache: &Cache, layer: usize) -> usize {
        cache.window(layer)
    }

    fn cache_bytes(&self, cache: &Cache) -> usize {
        cache.bytes()
    }

    fn cache_bytes_for(&self, attention: &Attention, positions: usize) -> u64 {
        Cache::bytes_for(attention, positions)
    }

    fn shape(&self, x: &Tensor) -> [usize; 2] {
        [x.data.len() / x.width.max(1), x.width]
    }

    fn weight_bytes(&self, weight: &Matrix) -> usize {
        weight.bytes()
    }

    fn embed(&self, table: &Matrix, ids: &[u32]) -> Tensor {
        let mut data = vec![0.0; ids.len() * table.cols];
        for (row, id) in data.chunks_exact_mut(table.cols).zip(ids) {
            table.decode_row(*id as usize, row);
        }
        Tensor { width: table.cols, data }
    }

    fn matmul<const N: usize>(&self, x: &Tensor, weights: [&Matrix; N]) -> [Tensor; N] {
        let mut products = matmul::matmul(&x.data, weights, self.threads);
        std::array::from_fn(|i| Tensor {
            width: weights[i].rows,
            data: std::mem::take(&mut products[i]),
        })
    }

    fn rms_norm(&self, x: &Tensor, gain: &Vec<f32>, eps: f32) -> Tensor {
        let mut data = vec![0.0; x.data.len()];
        for_each(self.threads, tasks(&mut data, &x.data, x.width), |(to, from)| {
            for (to, x) in to.chunks_exact_mut(gain.len()).zip(from.chunks_exact(gain.len())) {
                let squares = x.as_chunks::<4>().0.iter().fold(F32x4::splat(0.0), |sum, x| {
                    let x = F32x4::load(x);
                    x.mul_add(x, sum)
                });
                let scale = F32x4::splat(1.0 / (squares.sum() / x.len() as f32 + eps).sqrt());
                let gain = gain.as_chunks().0;
                let to = to.as_chunks_mut().0.iter_mut();
                for ((to, x), gain) in to.zip(x.as_chunks().0).zip(gain) {
                    F32x4::load(x).mul(scale).mul(F32x4::load(gain)).store(to);
                }
            }
        });
        Tensor { width: x.width, data }
    }

    fn attend(&self, cache: &mut Cache, layer: usize, start: usize, qkv: [Tensor; 3]) -> Tensor {
        let width = qkv[0].width;
        Tensor {
            width,
            data: attention::attend(cache, layer, start, qkv.map(|t| t.data), self.threads),
        }
    }

    fn swiglu(&self, gate: Tensor, up: &Tensor) -> Tensor {
        let one = F32x4::splat(1.0);
        self.gated(gate, up, |x| x.div(one.add(exp(F32x4::splat(0.0).sub(x)))))
    }

    fn geglu(&self, gate: Tensor, up: &Tensor) -> Tensor {
        // (1 + tanh(y)) / 2 is 1 / (1 + exp(-2 y)).
        let (one, cubic) = (F32x4::splat(1.0), F32x4::splat(0.044_715));
        let twice = F32x4::splat(-2.0 * FRAC_2_SQRT_PI * FRAC_1_SQRT_2);
        self.gated(gate, up, |x| {
            let y = x.mul(x).mul(cubic).mul_add(x, x);
            x.div(one.add(exp(y.mul(twice))))
        })
    }

    fn add_bias(&self, mut x: Tensor, bias: &Vec<f32>) -> Tensor {
        for row in x.data.chunks_exact_mut(bias.len()) {
            row.iter_mut().zip(bias).for_each(|(x, bias)| *x += bias);
        }
        x
    }

    fn scale(&self, mut x: Tensor, factor: f32) -> Tensor {
        x.data.iter_mut().for_each(|x| *x *= factor);
        x
    }

    fn add(&self, mut x: Tensor, y: &Tensor) -> Tensor {
        for_each(self.threads, tasks(&mut x.data, &y.data, y.width), |(x, y)| {
            x.iter_mut().zip(y).for_each(|(x, y)| *x += y)
        });
        x
    }

    fn last_row(&self, x: &Tensor) -> Tensor {
        let at = x.data.len().saturating_sub(x.width);
        Tensor { width: x.width, data: x.data[at..].to_vec() }
    }

    async fn peaks(&self, now_ms: &dyn Fn() -> Option<f64>) -> Result<Peaks> {
        Ok(self.measured_peaks(now_ms))
    }

    async fn read(&self, x: &Tensor) -> Result<Vec<f32>> {
        Ok(x.data.clone())
    }
}
