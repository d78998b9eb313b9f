//! Benchmarks the engine's shaders one by one, in the sizes of SmolLM2-135M.

use std::time::Instant;

use anyhow::Result;
use precis::backend::webgpu::{Products, WebGpu, Weight, peak_in};
use precis::backend::{
    Attention, AttentionLayer, AttentionShape, Backend, Rope, RopeLayout, WeightSpec,
};
use precis::host::native::block_on;
use precis::measure::stats::Spread;
use precis::quant::{BLOCK, QuantType};
use precis::report::{OperationReport, Peaks};
use serde::Serialize;

use crate::Effort;

const WIDTH: usize = 576;
const KV_WIDTH: usize = 192;
const FFN_WIDTH: usize = 1536;
const VOCABULARY: usize = 49_152;
const ATTENTION: AttentionShape = AttentionShape { heads: 9, kv_heads: 3, head_dim: 64 };

/// One layer of its attention.
fn attention() -> Attention {
    let rope = Rope::new(100_000.0, 64, RopeLayout::Interleaved);
    Attention::uniform(1, ATTENTION, &AttentionLayer { rope, window: None })
}

/// Name, format, outputs and inputs of a weight.
type Shape = (&'static str, QuantType, [usize; 2]);

const WEIGHTS: [Shape; 4] = [
    ("query, output", QuantType::Q4_1, [WIDTH, WIDTH]),
    ("key, value", QuantType::Q4_1, [KV_WIDTH, WIDTH]),
    ("gate, up", QuantType::Q4_1, [FFN_WIDTH, WIDTH]),
    ("down", QuantType::Q4_1, [WIDTH, FFN_WIDTH]),
];
const HEAD: Shape = ("head", QuantType::Q8_0, [VOCABULARY, WIDTH]);

/// Rows of products: a small chunk, the measured chunk, and the largest.
const ROWS: [usize; 3] = [128, 1024, 2048];

/// Queries of attention, and the position of the first: chunks at the start, at the end of prompts
/// and of the whole document, and single tokens decoded there.
const QUERIES: [(usize, usize); 7] =
    [(1024, 0), (1024, 1024), (1024, 7168), (1024, 43_955), (1, 2048), (1, 8000), (1, 44_978)];

/// Seconds per measurement; the shader runs as often as it can.
const ONE: f64 = 0.1;

/// Results of one shader at one size.
#[derive(Serialize)]
pub struct Kernel {
    /// Operation of the decoder.
    pub operation: &'static str,
    pub size: String,
    /// Number format of products.
    pub products: &'static str,
    /// 10⁹ multiply-adds per second, counting those that the result needs.
    pub gmacs_per_second: Spread,
    /// Median as a fraction of the GPU's peak in this number format.
    pub of_the_peak: Option<f64>,
    /// Why it was not measured.
    pub left_out: Option<String>,
}

/// Measures every shader at every size that fits the limit.
pub fn measure(gpu: &WebGpu, peaks: &Peaks, effort: &Effort) -> Result<Vec<Kernel>> {
    let mut bench = Bench { gpu, peaks, effort, kernels: Vec::new(), speed: None };
    for weight in WEIGHTS {
        bench.products(weight, &ROWS)?;
    }
    bench.speed = None;
    for weight in WEIGHTS.into_iter().chain([HEAD]) {
        bench.products(weight, &[1])?;
    }
    bench.speed = None;
    bench.attention()?;
    Ok(bench.kernels)
}

struct Bench<'a> {
    gpu: &'a WebGpu,
    peaks: &'a Peaks,
    effort: &'a Effort,
    kernels: Vec<Kernel>,
    /// Multiply-adds per second of the last shader of this kind, to estimate the next.
    speed: Option<f64>,
}

impl Bench<'_> {
    fn products(&mut self, (name, quant, shape): Shape, rows: &[usize]) -> Result<()> {
        let gpu = self.gpu;
        let [outputs, inputs] = shape;
        let weight = made_up(gpu, quant, shape)?;
        let table = made_up(gpu, QuantType::Q4_1, [ROWS[2], inputs])?;
        for rows in rows {
            let x = gpu.embed(&table, &ids(*rows));
            // Single rows have a separate shader, always in 32-bit floats.
            let (ways, operation) = match rows {
                1 => (vec![Products::F32], "matrix-vector products"),
                _ => (gpu.products(), "matrix products"),
            };
            for products in ways {
                gpu.multiply_in(products);
                let size = format!("{rows} × {inputs} to {outputs} ({name})");
                let macs = (rows * inputs * outputs) as f64;
                self.kernel(operation, size, products, macs, &mut || {
                    gpu.matmul(&x, [&weight]);
                })?;
            }
        }
        Ok(())
    }

    fn attention(&mut self) -> Result<()> {
        let gpu = self.gpu;
        let widths = [WIDTH, KV_WIDTH, KV_WIDTH];
        let [q, k, v] = widths.map(|width| made_up(gpu, QuantType::Q4_1, [ROWS[2], width]));
        let tables = [q?, k?, v?];
        for (rows, start) in QUERIES {
            let mut cache = gpu.new_cache(&attention());
            gpu.reserve(&mut cache, start + rows)?;
            let size = format!("{rows} queries at {start}");
            let macs = ATTENTION.macs(start, rows, usize::MAX);
            let ids = ids(rows);
            self.kernel("attention", size, Products::F32, macs, &mut || {
                let qkv = tables.each_ref().map(|table| gpu.embed(table, &ids));
                gpu.attend(&mut cache, 0, start, qkv);
            })?;
        }
        Ok(())
    }

    /// Measures `run`, which does `macs` multiply-adds.
    fn kernel(
        &mut self,
        operation: &'static str,
        size: String,
        products: Products,
        macs: f64,
        run: &mut dyn FnMut(),
    ) -> Result<()> {
        let mut kernel = Kernel {
            operation,
            size,
            products: products.name(),
            gmacs_per_second: Spread::default(),
            of_the_peak: None,
            left_out: None,
        };
        eprintln!("{operation}, {}, {}", kernel.size, kernel.products);
        let expected = self.speed.map_or(0.0, |speed| macs / speed);
        if self.effort.times(expected).is_none() {
            kernel.left_out = Some(self.effort.too_long(expected));
            self.kernels.push(kernel);
            return Ok(());
        }
        // The first run may compile the shader.
        self.timed(operation, macs, 1, run)?;
        let (mut speed, mut seconds) = self.timed(operation, macs, 1, run)?;
        let runs = (ONE / seconds).clamp(1.0, 100.0) as usize;
        if runs > 1 {
            (speed, seconds) = self.timed(operation, macs, runs, run)?;
        }
        let mut speeds = vec![speed];
        if let Some(times) = self.effort.times(seconds) {
            for _ in 1..times.counted {
                speeds.push(self.timed(operation, macs, runs, run)?.0);
            }
        }
        self.speed = Some(speed * 1e9);
        kernel.gmacs_per_second = Spread::of(speeds);
        let median = kernel.gmacs_per_second.median;
        kernel.of_the_peak =
            median.zip(peak_in(self.peaks, products)).map(|(speed, peak)| speed / peak);
        self.kernels.push(kernel);
        Ok(())
    }

    /// 10⁹ multiply-adds per second over `runs` runs, by the GPU's own clock if available, and the
    /// elapsed seconds.
    fn timed(
        &self,
        operation: &str,
        macs: f64,
        runs: usize,
        run: &mut dyn FnMut(),
    ) -> Result<(f64, f64)> {
        self.gpu.profile(true);
        let started = Instant::now();
        (0..runs).for_each(|_| run());
        block_on(self.gpu.finish())?;
        let seconds = started.elapsed().as_secs_f64();
        let profile = self.gpu.profile(false);
        let of_the_gpu = profile.iter().find(|other| other.name == operation);
        let speed = of_the_gpu.and_then(OperationReport::gmacs_per_second);
        Ok((speed.unwrap_or(runs as f64 * macs / seconds / 1e9), seconds))
    }
}

/// A weight with every 4-bit or 8-bit integer, with scale 2^-7 and minimum 2^-7.
fn made_up(gpu: &WebGpu, quant: QuantType, [rows, cols]: [usize; 2]) -> Result<Weight> {
    let half = 0x2000u16.to_le_bytes();
    let header = if quant == QuantType::Q4_1 { half.repeat(2) } else { half.to_vec() };
    let integers = (0..quant.block_bytes() - header.len()).map(|i| (i * 37) as u8);
    let block: Vec<u8> = header.iter().copied().chain(integers).collect();
    let spec = WeightSpec { rows, cols, quant };
    Ok(gpu.load_weight(spec, &mut |range, bytes| {
        *bytes = block.repeat(range.len() * cols / BLOCK);
        Ok(())
    })?)
}

fn ids(count: usize) -> Vec<u32> {
    (0..count as u32).collect()
}
