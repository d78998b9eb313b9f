//! Attention compared with the full softmax.

use super::on_a_gpu;

on_a_gpu! {
    attention_is_its_formula
    windows_end_where_they_should
    heads_too_wide_for_shaders_are_refused
}

mod cases {
    use half::f16;

    use crate::backend::webgpu::cache::EVERYTHING;
    use crate::backend::webgpu::tests::open;
    use crate::backend::webgpu::{Cache, Restrictions, WebGpu};
    use crate::backend::{
        Attention, AttentionLayer, AttentionShape, Backend, Rope, RopeLayout, Yarn,
    };
    use crate::random::Random;
    use crate::tolerance::GPU_ATTENTION;

    const SHAPES: [AttentionShape; 4] = [
        AttentionShape { heads: 9, kv_heads: 3, head_dim: 64 },
        AttentionShape { heads: 2, kv_heads: 2, head_dim: 8 },
        AttentionShape { heads: 4, kv_heads: 1, head_dim: 256 },
        AttentionShape { heads: 4, kv_heads: 2, head_dim: 80 },
    ];

    #[derive(Clone)]
    struct Case {
        shape: AttentionShape,
        rope: Rope,
        tokens: usize,
        window: usize,
        q: Vec<f32>,
        k: Vec<f32>,
        v: Vec<f32>,
    }

    impl Case {
        fn random(random: &mut Random, shape: AttentionShape, tokens: usize) -> Self {
            let scaling = Some(Yarn { factor: 2.0, context: 100 });
            let plain = Rope::new(10_000.0, shape.head_dim - 4, RopeLayout::Interleaved);
            let rope = Rope { scaling, ..plain };
            let (q, kv) = (tokens * shape.heads, tokens * shape.kv_heads);
            let mut numbers = |count: usize| random.signed_vec(count * shape.head_dim);
            let (q, mut k, v) = (numbers(q), numbers(kv), numbers(kv));
            // A few outliers, as in the keys of real models.
            for _ in 0..tokens {
                let at = random.below(k.len());
                k[at] *= 20.0;
            }
            Self { shape, rope, tokens, window: EVERYTHING, q, k, v }
        }

        /// Reads in chunks of `chunk`, with the last token on its own.
        async fn run(&self, gpu: &WebGpu, chunk: usize) -> Vec<f32> {
            let window = (self.window != EVERYTHING).then_some(self.window);
            let layer = AttentionLayer { rope: self.rope.clone(), window };
            let mut cache = Cache::new(&Attention::uniform(2, self.shape, &layer));
            let mut out = Vec::new();
            let mut start = 0;
            while start < self.tokens {
                let end = (start + chunk).min((self.tokens - 1).max(start + 1));
                // The cache grows between chunks, and keeps its contents.
                gpu.reserve(&mut cache, end).expect("memory for a few keys");
                let part = |x: &[f32]| {
                    let width = x.len() / self.tokens;
                    gpu.of(width, &x[start * width..end * width])
                };
                let qkv = [part(&self.q), part(&self.k), part(&self.v)];
                let attended = gpu.attend(&mut cache, 1, start, qkv);
                out.extend(gpu.numbers(&attended).await);
                start = end;
            }
            out
        }

        /// All heads at all tokens, rotated: `x` is `[tokens, heads, head_dim]`.
        fn rotated(&self, x: &[f32]) -> Vec<f64> {
            let mut x: Vec<f64> = x.iter().map(|x| (*x).into()).collect();
            let width = x.len() / self.tokens;
            for (token, row) in x.chunks_mut(width).enumerate() {
                let angles: Vec<_> = self.rope.angles(token..token + 1).collect();
                for head in row.chunks_mut(self.shape.head_dim) {
                    for (i, [cos, sin]) in angles.iter().enumerate() {
                        let (here, there) = match self.rope.pairs {
                            RopeLayout::Interleaved => (2 * i, 2 * i + 1),
                            RopeLayout::Halves => (i, i + angles.len()),
                        };
                        let (a, b) = (head[here], head[there]);
                        head[here] = a * f64::from(*cos) - b * f64::from(*sin);
                        head[there] = a * f64::from(*sin) + b * f64::from(*cos);
                    }
                }
            }
            x
        }

        /// softmax(q · k / √head_dim) · v in double precision, with 16-bit keys and values.
        fn oracle(&self) -> Vec<f64> {
            let AttentionShape { heads, kv_heads, head_dim } = self.shape;
            let half = |x: f64| f16::from_f64(x).to_f64();
            let q = self.rotated(&self.q);
            let k: Vec<f64> = self.rotated(&self.k).into_iter().map(half).collect();
            let v: Vec<f64> = self.v.iter().map(|x| half((*x).into())).collect();
            let mut out = Vec::new();
            for (i, q) in q.chunks(head_dim).enumerate() {
                let (token, kv) = (i / heads, i % heads / (heads / kv_heads));
                let first = (token + 1).saturating_sub(self.window);
                let at = |other: usize| (other * kv_heads + kv) * head_dim;
                let scores: Vec<f64> = (first..=token)
                    .map(|other| {
                        let dot: f64 = q.iter().zip(&k[at(other)..]).map(|(q, k)| q * k).sum();
                        dot / (head_dim as f64).sqrt()
                    })
                    .collect();
                let top = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let weights: Vec<f64> = scores.iter().map(|s| (s - top).exp()).collect();
                let total: f64 = weights.iter().sum();
                out.extend((0..head_dim).map(|d| {
                    let values = weights.iter().zip(first..).map(|(w, other)| w * v[at(other) + d]);
                    values.sum::<f64>() / total
                }));
            }
            out
        }
    }

    pub async fn attention_is_its_formula() {
        let gpu = open(Restrictions::default()).await;
        let mut random = Random(30);
        for shape in SHAPES {
            for [tokens, chunk] in [[1, 1], [3, 2], [22, 21], [65, 64], [300, 100], [530, 300]] {
                if tokens > 300 && shape != SHAPES[0] {
                    continue;
                }
                let case = Case::random(&mut random, shape, tokens);
                let got = case.run(&gpu, chunk).await;
                let what = format!("{shape:?}, {tokens} tokens in chunks of {chunk}");
                GPU_ATTENTION.check(&got, &case.oracle(), &what);
                if tokens < 3 {
                    continue;
                }
                // Planted errors: another head's keys, a value of another token, no rotation.
                let mut wrong = case.clone();
                wrong.k.rotate_left(shape.head_dim);
                GPU_ATTENTION.catches(&got, &wrong.oracle(), "keys");
                wrong.k.rotate_right(shape.head_dim);
                wrong.v[..shape.head_dim].rotate_left(1);
                GPU_ATTENTION.catches(&got, &wrong.oracle(), "one value");
                wrong.v[..shape.head_dim].rotate_right(1);
                wrong.rope.base = 500.0;
                GPU_ATTENTION.catches(&got, &wrong.oracle(), "rotation");
            }
        }
    }

    pub async fn windows_end_where_they_should() {
        let gpu = open(Restrictions::default()).await;
        let mut random = Random(31);
        for window in [1, 16, 40, 100] {
            let mut case = Case::random(&mut random, SHAPES[0], 150);
            (case.window, case.rope.pairs) = (window, RopeLayout::Halves);
            for chunk in [1, 60] {
                let got = case.run(&gpu, chunk).await;
                GPU_ATTENTION.check(&got, &case.oracle(), &format!("window of {window}"));
                let wrong = Case { window: window + 1, ..case.clone() };
                GPU_ATTENTION.catches(&got, &wrong.oracle(), "one more");
            }
        }
    }

    pub async fn heads_too_wide_for_shaders_are_refused() {
        let gpu = open(Restrictions::default()).await;
        let shape = AttentionShape { heads: 1, kv_heads: 1, head_dim: 4096 };
        let rope = Rope::new(10_000.0, 64, RopeLayout::Interleaved);
        let attention = Attention::uniform(1, shape, &AttentionLayer { rope, window: None });
        let refused = gpu.reserve(&mut Cache::new(&attention), 1);
        assert_eq!(refused.map_err(|e| e.code()), Err("gpu-unavailable"));
    }
}
