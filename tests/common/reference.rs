//! A slow, obvious backend: weights decoded to floats, every operation written as its formula.
//! Without rounding it shows that the forward pass is correct; with the CPU backend's rounding it
//! shows that the CPU backend adds no other error.

use precis::backend::{
    Attention, AttentionShape, Backend, Rope, RopeLayout, RowReader, WeightSpec,
};
use precis::{Error, Result};

#[derive(Clone, Copy)]
pub struct Reference {
    /// Whether to round like the CPU backend: activations to 8 bits before a product, and queries,
    /// keys, values and softmax weights in attention.
    pub rounding: bool,
    /// Whether attention keeps its temperature in an extended context: a planted error.
    pub lukewarm: bool,
    /// Positions that fit the memory.
    pub room: usize,
}

/// Rounds every block of 32 in steps of its largest magnitude ÷ 127, ties to even.
fn round_to_8_bits(x: &mut [f32]) {
    for block in x.chunks_mut(32) {
        let largest = block.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        if largest > 0.0 {
            for x in block {
                *x = (*x * (127.0 / largest)).round_ties_even() * (largest / 127.0);
            }
        }
    }
}

/// Rounds every `width` numbers in steps of their largest magnitude ÷ `steps`.
fn round_to(steps: f32, x: &mut [f32], width: usize) {
    for x in x.chunks_mut(width) {
        let largest = x.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        if largest > 0.0 {
            for x in x {
                *x = (*x * (steps / largest)).round_ties_even() * (largest / steps);
            }
        }
    }
}

/// The orthogonal Walsh–Hadamard transform of each head: sums and differences of elements that are
/// 1, 2, 4, … apart, in parts of power-of-two length.
fn transform(x: &mut [f32], head_dim: usize) {
    let span: usize = 1 << head_dim.trailing_zeros();
    for part in x.chunks_mut(span) {
        for width in (0..span.ilog2()).map(|power| 1 << power) {
            for i in (0..span).filter(|i| i & width == 0) {
                (part[i], part[i + width]) = (part[i] + part[i + width], part[i] - part[i + width]);
            }
        }
        part.iter_mut().for_each(|x| *x /= (span as f32).sqrt());
    }
}

/// Rounds each tile of 64 weights, times the value's size, in steps of the largest.
fn round_weights(weights: &mut [f32], size: impl Fn(usize) -> f32) {
    for (tile, weights) in weights.chunks_mut(64).enumerate() {
        let mut sized: Vec<f32> =
            weights.iter().enumerate().map(|(i, w)| w * size(64 * tile + i)).collect();
        round_to(127.0, &mut sized, 64);
        for (i, (weight, sized)) in weights.iter_mut().zip(sized).enumerate() {
            let size = size(64 * tile + i);
            *weight = if size > 0.0 { sized / size } else { 0.0 };
        }
    }
}

#[derive(Clone)]
pub struct Tensor {
    width: usize,
    data: Vec<f32>,
}

pub struct Weight {
    cols: usize,
    data: Vec<f32>,
}

pub struct Cache {
    /// Per layer: rotated keys and values, `[positions, kv_heads, head_dim]` each.
    layers: Vec<[Vec<f32>; 2]>,
    attention: Attention,
    lukewarm: bool,
}

impl Cache {
    fn rotate(&self, layer: usize, row: &mut [f32], position: usize) {
        let rope = &self.attention.layers[layer].rope;
        for head in row.chunks_mut(self.attention.shape.head_dim) {
            for i in 0..rope.dims / 2 {
                let (a, b) = match rope.pairs {
                    RopeLayout::Interleaved => (2 * i, 2 * i + 1),
                    RopeLayout::Halves => (i, i + rope.dims / 2),
                };
                let (frequency, scale) = turn(rope, i);
                let scale = if self.lukewarm { 1.0 } else { scale };
                let (sin, cos) = (position as f64 * frequency).sin_cos();
                let (x, y) = (f64::from(head[a]) * scale, f64::from(head[b]) * scale);
                head[a] = (x * cos - y * sin) as f32;
                head[b] = (x * sin + y * cos) as f32;
            }
        }
    }
}

/// Radians per position of pair `d`, and its factor, by section 3 of the YaRN paper
/// (arXiv:2309.00071), with the paper's symbols.
fn turn(rope: &Rope, d: usize) -> (f64, f64) {
    let frequency_factors = rope
        .frequency_factors
        .as_ref()
        .map_or(1.0, |frequency_factors| f64::from(frequency_factors[d]));
    let theta = f64::from(rope.base).powf(-2.0 * d as f64 / rope.dims as f64) / frequency_factors;
    let Some(yarn) = rope.scaling else { return (theta, 1.0) };
    let (s, l) = (f64::from(yarn.factor), yarn.context as f64);
    let (alpha, beta) = (1.0, 32.0);
    let lambda = 2.0 * std::f64::consts::PI / theta;
    let r = l / lambda;
    let gamma = match r {
        r if r < alpha => 0.0,
        r if r > beta => 1.0,
        r => (r - alpha) / (beta - alpha),
    };
    let h = (1.0 - gamma) * theta / s + gamma * theta;
    (h, 0.1 * s.ln() + 1.0)
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    // Sixteen sums in parallel: a compiler can vectorize them, and errors grow more slowly.
    let mut sums = [0.0f32; 16];
    let (a_blocks, a_rest) = a.as_chunks::<16>();
    let (b_blocks, b_rest) = b.as_chunks::<16>();
    for (a, b) in a_blocks.iter().zip(b_blocks) {
        for (sum, (a, b)) in sums.iter_mut().zip(a.iter().zip(b)) {
            *sum += a * b;
        }
    }
    let rest: f32 = a_rest.iter().zip(b_rest).map(|(a, b)| a * b).sum();
    sums.iter().sum::<f32>() + rest
}

/// No rounding.
pub const EXACT: Reference = Reference { rounding: false, lukewarm: false, room: usize::MAX };

/// The CPU backend's rounding.
pub const ROUNDED: Reference = Reference { rounding: true, ..EXACT };

impl Backend for Reference {
    type Tensor = Tensor;
    type Weight = Weight;
    type Vector = Vec<f32>;
    type Cache = Cache;

    const CHUNK_MS: f64 = 500.0;
    const REWIND: usize = usize::MAX;

    fn load_weight(&self, spec: WeightSpec, rows: &mut RowReader) -> Result<Weight> {
        let (mut bytes, mut data) = (Vec::new(), vec![0.0; spec.rows * spec.cols]);
        rows(0..spec.rows, &mut bytes)?;
        spec.quant.decode(&bytes, &mut data);
        Ok(Weight { cols: spec.cols, data })
    }

    fn load_vector(&self, values: Vec<f32>) -> Result<Vec<f32>> {
        Ok(values)
    }

    fn new_cache(&self, attention: &Attention) -> Cache {
        let layers = vec![[Vec::new(), Vec::new()]; attention.layers.len()];
        Cache { layers, attention: attention.clone(), lukewarm: self.lukewarm }
    }

    fn window(&self, cache: &Cache, layer: usize) -> usize {
        cache.attention.layers[layer].window.unwrap_or(usize::MAX)
    }

    fn reserve(&self, cache: &mut Cache, positions: usize) -> Result<()> {
        if positions <= self.room {
            return Ok(());
        }
        let bytes = self.cache_bytes_for(&cache.attention, positions) as usize;
        Err(Error::OutOfMemory { what: "keys and values", bytes })
    }

    fn cache_bytes(&self, cache: &Cache) -> usize {
        cache.layers.iter().flatten().map(|part| 4 * part.len()).sum()
    }

    fn cache_bytes_for(&self, attention: &Attention, positions: usize) -> u64 {
        let AttentionShape { kv_heads, head_dim, .. } = attention.shape;
        (attention.layers.len() * positions * kv_heads * head_dim * 2 * 4) as u64
    }

    fn shape(&self, x: &Tensor) -> [usize; 2] {
        [x.data.len() / x.width, x.width]
    }

    fn weight_bytes(&self, weight: &Weight) -> usize {
        4 * weight.data.len()
    }

    fn embed(&self, table: &Weight, ids: &[u32]) -> Tensor {
        let width = table.cols;
        let row = |id: &u32| table.data[*id as usize * width..][..width].to_vec();
        Tensor { width, data: ids.iter().flat_map(row).collect() }
    }

    fn matmul<const N: usize>(&self, x: &Tensor, weights: [&Weight; N]) -> [Tensor; N] {
        let mut x = x.clone();
        if self.rounding {
            round_to_8_bits(&mut x.data);
        }
        weights.map(|w| {
            let rows = || w.data.chunks(w.cols);
            let data = x.data.chunks(x.width).flat_map(|x| rows().map(|w| dot(x, w))).collect();
            Tensor { width: w.data.len() / w.cols, data }
        })
    }

    fn rms_norm(&self, x: &Tensor, gain: &Vec<f32>, eps: f32) -> Tensor {
        let norm = |row: &[f32]| {
            let mean = row.iter().map(|x| x * x).sum::<f32>() / gain.len() as f32;
            let root = (mean + eps).sqrt();
            row.iter().zip(gain).map(|(x, gain)| x / root * gain).collect::<Vec<_>>()
        };
        Tensor { width: x.width, data: x.data.chunks(gain.len()).flat_map(norm).collect() }
    }

    fn attend(&self, cache: &mut Cache, layer: usize, start: usize, qkv: [Tensor; 3]) -> Tensor {
        let AttentionShape { heads, kv_heads, head_dim } = cache.attention.shape;
        let kv_width = kv_heads * head_dim;
        let [mut q, mut k, mut v] = qkv;
        for (tensor, width) in [(&mut q, heads * head_dim), (&mut k, kv_width)] {
            for (i, row) in tensor.data.chunks_mut(width).enumerate() {
                cache.rotate(layer, row, start + i);
            }
        }
        if self.rounding {
            for (tensor, steps) in [(&mut q, 63.0), (&mut k, 127.0), (&mut v, 127.0)] {
                transform(&mut tensor.data, head_dim);
                round_to(steps, &mut tensor.data, head_dim);
            }
        }
        for (cached, new) in cache.layers[layer].iter_mut().zip([k, v]) {
            cached.truncate(start * kv_width);
            cached.extend(new.data);
        }
        let [keys, values] = &cache.layers[layer];
        let window = self.window(cache, layer);
        let mut data = Vec::with_capacity(q.data.len());
        for (i, head) in q.data.chunks(head_dim).enumerate() {
            let (position, kv) = (start + i / heads, i % heads / (heads / kv_heads));
            let at = |other: usize| other * kv_width + kv * head_dim;
            let scale = 1.0 / (head_dim as f32).sqrt();
            let mut weights: Vec<f32> =
                (0..=position).map(|j| dot(head, &keys[at(j)..][..head_dim]) * scale).collect();
            weights[..(position + 1).saturating_sub(window)].fill(f32::NEG_INFINITY);
            let largest = weights.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            weights.iter_mut().for_each(|w| *w = (*w - largest).exp());
            let total: f32 = weights.iter().sum();
            if self.rounding {
                let size = |j: usize| {
                    values[at(j)..][..head_dim].iter().fold(0.0f32, |m, x| m.max(x.abs()))
                };
                round_weights(&mut weights, size);
            }
            let mut out = vec![0.0; head_dim];
            for (j, weight) in weights.iter().enumerate() {
                for (out, value) in out.iter_mut().zip(&values[at(j)..][..head_dim]) {
                    *out += weight / total * value;
                }
            }
            if self.rounding {
                transform(&mut out, head_dim);
            }
            data.extend(out);
        }
        Tensor { width: q.width, data }
    }

    fn swiglu(&self, gate: Tensor, up: &Tensor) -> Tensor {
        let silu = |x: f32| x / (1.0 + (-x).exp());
        let data = gate.data.iter().zip(&up.data).map(|(gate, up)| silu(*gate) * up).collect();
        Tensor { width: gate.width, data }
    }

    fn geglu(&self, gate: Tensor, up: &Tensor) -> Tensor {
        let inner = |x: f32| (2.0 / std::f32::consts::PI).sqrt() * (x + 0.044_715 * x.powi(3));
        let gelu = |x: f32| x / 2.0 * (1.0 + inner(x).tanh());
        let data = gate.data.iter().zip(&up.data).map(|(gate, up)| gelu(*gate) * up).collect();
        Tensor { width: gate.width, data }
    }

    fn add_bias(&self, x: Tensor, bias: &Vec<f32>) -> Tensor {
        let data = x.data.iter().zip(bias.iter().cycle()).map(|(x, bias)| x + bias).collect();
        Tensor { width: x.width, data }
    }

    fn scale(&self, x: Tensor, factor: f32) -> Tensor {
        Tensor { width: x.width, data: x.data.iter().map(|x| x * factor).collect() }
    }

    fn add(&self, x: Tensor, y: &Tensor) -> Tensor {
        let data = x.data.iter().zip(&y.data).map(|(x, y)| x + y).collect();
        Tensor { width: x.width, data }
    }

    fn last_row(&self, x: &Tensor) -> Tensor {
        let at = x.data.len() - x.width;
        Tensor { width: x.width, data: x.data[at..].to_vec() }
    }

    async fn read(&self, x: &Tensor) -> Result<Vec<f32>> {
        Ok(x.data.clone())
    }
}
