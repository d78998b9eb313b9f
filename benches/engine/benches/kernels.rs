//! The CPU backend's operations in the sizes of SmolLM2-135M, one by one, on one thread. "Elements"
//! are multiply-adds for products and attention, and array elements otherwise.

use std::hint::black_box;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use precis::backend::cpu::{Cpu, Tensor};
use precis::backend::{
    Attention, AttentionLayer, AttentionShape, Backend, Rope, RopeLayout, WeightSpec,
};
use precis::quant::QuantType;

const WIDTH: usize = 576;
const FFN_WIDTH: usize = 1536;
const KV_WIDTH: usize = 192;
const VOCABULARY: usize = 49_152;
const ATTENTION: AttentionShape = AttentionShape { heads: 9, kv_heads: 3, head_dim: 64 };
const NORM_EPS: f32 = 1e-5;

/// Chunk size of `bench::measure`.
const CHUNK: usize = 128;

/// One layer of its attention.
fn attention() -> Attention {
    let rope = Rope::new(100_000.0, 64, RopeLayout::Interleaved);
    Attention::uniform(1, ATTENTION, &AttentionLayer { rope, window: None })
}

/// The same numbers each time, evenly spread in -1..1: Weyl's sequence of the golden ratio.
fn numbers(count: usize) -> impl Iterator<Item = f32> {
    (0..count as u32).map(|i| i.wrapping_mul(0x9E37_79B9) as i32 as f32 / 2f32.powi(31))
}

fn activations(rows: usize, width: usize) -> Tensor {
    Tensor { width, data: numbers(rows * width).collect() }
}

/// A weight with arbitrary integers, whose scales and minima are 2^-7.
fn weight(quant: QuantType, [rows, cols]: [usize; 2]) -> <Cpu as Backend>::Weight {
    let half = 0x2000u16.to_le_bytes();
    let header = if quant == QuantType::Q4_1 { half.repeat(2) } else { half.to_vec() };
    let spec = WeightSpec { rows, cols, quant };
    let packed = Cpu::default().load_weight(spec, &mut |range, bytes| {
        *bytes = numbers(quant.bytes(range.len() * cols).expect("whole blocks"))
            .map(|x| (x * 127.0) as i8 as u8)
            .collect();
        for block in bytes.chunks_exact_mut(quant.block_bytes()) {
            block[..header.len()].copy_from_slice(&header);
        }
        Ok(())
    });
    packed.expect("the weight fits")
}

fn matmul(criterion: &mut Criterion) {
    let cpu = Cpu::default();
    let shapes = [
        ("attn_q, attn_output", QuantType::Q4_1, [WIDTH, WIDTH]),
        ("attn_k, attn_v", QuantType::Q4_1, [KV_WIDTH, WIDTH]),
        ("ffn_gate, ffn_up", QuantType::Q4_1, [FFN_WIDTH, WIDTH]),
        ("ffn_down", QuantType::Q4_1, [WIDTH, FFN_WIDTH]),
        ("head", QuantType::Q8_0, [VOCABULARY, WIDTH]),
    ];
    for (name, quant, [outputs, inputs]) in shapes {
        let title = format!("matmul {} {inputs} to {outputs} ({name})", quant.name());
        let mut group = criterion.benchmark_group(title);
        let weight = weight(quant, [outputs, inputs]);
        let chunks: &[usize] = if name == "head" { &[1] } else { &[1, 16, CHUNK, 512] };
        for rows in chunks {
            let x = activations(*rows, inputs);
            group.throughput(Throughput::Elements((rows * inputs * outputs) as u64));
            group.bench_function(BenchmarkId::from_parameter(rows), |b| {
                b.iter(|| cpu.matmul(black_box(&x), [&weight]));
            });
        }
    }
}

/// One layer, including rotation and appending keys and values.
fn attend(criterion: &mut Criterion) {
    let cpu = Cpu::default();
    let AttentionShape { heads, head_dim, .. } = ATTENTION;
    let mut group = criterion.benchmark_group("attend");
    let mut cache = cpu.new_cache(&attention());
    let longest = 8000;
    cpu.reserve(&mut cache, longest + CHUNK).expect("the cache fits");
    let qkv = |rows| [WIDTH, KV_WIDTH, KV_WIDTH].map(|width| activations(rows, width));
    for start in (0..longest).step_by(CHUNK) {
        cpu.attend(&mut cache, 0, start, qkv(CHUNK));
    }
    for (rows, start) in [(CHUNK, 0), (CHUNK, 2048), (CHUNK, longest), (1, 2048)] {
        let keys: usize = (start + 1..=start + rows).sum();
        group.throughput(Throughput::Elements((2 * heads * head_dim * keys) as u64));
        group.bench_function(format!("{rows} at {start}"), |b| {
            let attend = |qkv| cpu.attend(&mut cache, 0, start, qkv);
            b.iter_batched(|| qkv(rows), attend, BatchSize::LargeInput);
        });
    }
}

fn element_wise(criterion: &mut Criterion) {
    let cpu = Cpu::default();
    let mut group = criterion.benchmark_group("element-wise");
    let x = activations(CHUNK, WIDTH);
    let gain = cpu.load_vector(numbers(WIDTH).collect()).expect("the vector fits");
    group.throughput(Throughput::Elements((CHUNK * WIDTH) as u64));
    group.bench_function("rms_norm", |b| b.iter(|| cpu.rms_norm(black_box(&x), &gain, NORM_EPS)));
    let up = activations(CHUNK, FFN_WIDTH);
    group.throughput(Throughput::Elements((CHUNK * FFN_WIDTH) as u64));
    group.bench_function("swiglu", |b| {
        b.iter_batched(|| up.clone(), |gate| cpu.swiglu(gate, &up), BatchSize::LargeInput);
    });
}

/// Short, to run all in about a minute and a half; system noise lasts longer than any acceptable
/// measuring time.
fn short() -> Criterion {
    Criterion::default()
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_secs(2))
        .sample_size(20)
        .nresamples(10_000)
}

criterion_group! { name = kernels; config = short(); targets = matmul, attend, element_wise }
criterion_main!(kernels);
