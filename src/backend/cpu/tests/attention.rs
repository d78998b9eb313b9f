//! Attention compared with the full softmax, with the kernel's rounding and without.

use wasm_bindgen_test::wasm_bindgen_test;

use crate::backend::cpu::Threads;
use crate::backend::cpu::attention::attend;
use crate::backend::cpu::cache::{Cache, KEYS};
use crate::backend::cpu::kernel::{self, Fours, Quads, ROWS};
use crate::backend::cpu::matrix::PANEL;
use crate::backend::{Attention, AttentionLayer, AttentionShape, Rope, RopeLayout};
use crate::random::Random;
use crate::tolerance::{ATTENTION, ATTENTION_ROUNDING, ROPE};

/// Sizes around the tile of 64 keys.
const TOKENS: [usize; 6] = [1, 2, 63, 64, 65, 130];

/// Queries, keys and values of a prompt, with their shape.
#[derive(Clone)]
struct Case {
    shape: AttentionShape,
    rope: Rope,
    window: Option<usize>,
    tokens: usize,
    q: Vec<f32>,
    k: Vec<f32>,
    v: Vec<f32>,
}

impl Case {
    fn random(random: &mut Random, shape: AttentionShape, dims: usize, tokens: usize) -> Self {
        let rope = Rope::new(10_000.0, dims, RopeLayout::Interleaved);
        let (q, kv) = (tokens * shape.heads, tokens * shape.kv_heads);
        let mut numbers = |count: usize| random.signed_vec(count * shape.head_dim);
        Self { shape, rope, window: None, tokens, q: numbers(q), k: numbers(kv), v: numbers(kv) }
    }

    fn attention(&self) -> Attention {
        let layer = AttentionLayer { rope: self.rope.clone(), window: self.window };
        Attention::uniform(2, self.shape, &layer)
    }

    fn cache(&self) -> Cache {
        let mut cache = Cache::new(&self.attention());
        cache.reserve(self.tokens).expect("memory for a few keys");
        cache
    }

    /// Reads tokens `from..` in chunks, into layer 1 of the cache.
    fn read(&self, cache: &mut Cache, from: usize, chunk: usize) -> Vec<f32> {
        let mut out = Vec::new();
        for start in (from..self.tokens).step_by(chunk) {
            let end = self.tokens.min(start + chunk);
            let part = |x: &[f32]| {
                let width = x.len() / self.tokens;
                x[start * width..end * width].to_vec()
            };
            let qkv = [part(&self.q), part(&self.k), part(&self.v)];
            out.extend(attend(cache, 1, start, qkv, Threads::default()));
        }
        out
    }

    fn run(&self, chunk: usize) -> Vec<f32> {
        self.read(&mut self.cache(), 0, chunk)
    }

    /// One rotated head at a token: `x` is `[tokens, heads, head_dim]`.
    fn rotated(&self, x: &[f32], heads: usize, token: usize, head: usize) -> Vec<f32> {
        let mut x =
            x[(token * heads + head) * self.shape.head_dim..][..self.shape.head_dim].to_vec();
        for i in 0..self.rope.dims / 2 {
            let power = -2.0 * i as f64 / self.rope.dims as f64;
            let angle = token as f64 * f64::from(self.rope.base).powf(power);
            let (sin, cos) = (angle.sin() as f32, angle.cos() as f32);
            let (here, there) = match self.rope.pairs {
                RopeLayout::Interleaved => (2 * i, 2 * i + 1),
                RopeLayout::Halves => (i, i + self.rope.dims / 2),
            };
            let (a, b) = (x[here], x[there]);
            x[here] = a * cos - b * sin;
            x[there] = a * sin + b * cos;
        }
        x
    }

    /// softmax(q · k / √head_dim) · v over all keys up to the query's own, or those in its window,
    /// in double precision. `rounded` rounds as the kernel does, except that it has no tiles.
    fn oracle(&self, rounded: bool) -> Vec<f64> {
        let AttentionShape { heads, kv_heads, head_dim } = self.shape;
        let prepare = |x: Vec<f32>, steps: f64| {
            let x: Vec<f64> = x.into_iter().map(f64::from).collect();
            if rounded { round(&hadamard(&x), steps) } else { (x, 1.0) }
        };
        let mut out = Vec::new();
        for token in 0..self.tokens {
            for head in 0..heads {
                let kv = head / (heads / kv_heads);
                let (q, _) = prepare(self.rotated(&self.q, heads, token, head), 63.0);
                let scores: Vec<f64> = (0..=token)
                    .map(|other| {
                        let (k, _) = prepare(self.rotated(&self.k, kv_heads, other, kv), 127.0);
                        let dot: f64 = q.iter().zip(k).map(|(q, k)| q * k).sum();
                        let seen = self.window.is_none_or(|window| token - other < window);
                        if seen { dot / (head_dim as f64).sqrt() } else { f64::NEG_INFINITY }
                    })
                    .collect();
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let mut weights: Vec<f64> = scores.iter().map(|s| (s - largest).exp()).collect();
                let total: f64 = weights.iter().sum();
                let values: Vec<(Vec<f64>, f64)> = (0..=token)
                    .map(|other| {
                        let at = (other * kv_heads + kv) * head_dim;
                        prepare(self.v[at..at + head_dim].to_vec(), 127.0)
                    })
                    .collect();
                if rounded {
                    for (weights, values) in weights.chunks_mut(KEYS).zip(values.chunks(KEYS)) {
                        let sized = weights.iter().zip(values).map(|(w, (_, size))| w * size);
                        let (sized, _) = round(&sized.collect::<Vec<_>>(), 127.0);
                        for ((weight, sized), (_, size)) in
                            weights.iter_mut().zip(sized).zip(values)
                        {
                            *weight = if *size > 0.0 { sized / size } else { 0.0 };
                        }
                    }
                }
                let sum = |d: usize| -> f64 {
                    weights.iter().zip(&values).map(|(w, (value, _))| w * value[d]).sum()
                };
                let sums: Vec<f64> = (0..head_dim).map(|d| sum(d) / total).collect();
                out.extend(if rounded { hadamard(&sums) } else { sums });
            }
        }
        out
    }
}

/// Rounds to multiples of a step, the largest magnitude divided by `steps`; returns the step too.
fn round(x: &[f64], steps: f64) -> (Vec<f64>, f64) {
    let step = x.iter().fold(0.0f64, |m, x| m.max(x.abs())) / steps;
    let round = |x: &f64| if step > 0.0 { (x / step).round_ties_even() * step } else { 0.0 };
    (x.iter().map(round).collect(), step)
}

/// The orthogonal Walsh–Hadamard transform of each of the largest equal parts of power-of-two
/// length, by definition: entry (i, j) is negative if i and j share an odd number of ones.
fn hadamard(x: &[f64]) -> Vec<f64> {
    let span = 1 << x.len().trailing_zeros();
    let entry =
        |i: usize, j: usize| if (i & j).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
    x.chunks(span)
        .flat_map(|x| {
            let sum = |i: usize| -> f64 { (0..span).map(|j| entry(i, j) * x[j]).sum() };
            (0..span).map(|i| sum(i) / (span as f64).sqrt()).collect::<Vec<_>>()
        })
        .collect()
}

/// One query head per key head, three per key head, and partly rotated heads.
fn shapes() -> [(AttentionShape, usize); 3] {
    [(2, 2, 16, 16), (9, 3, 64, 64), (3, 1, 24, 10)].map(|(heads, kv_heads, head_dim, dims)| {
        (AttentionShape { heads, kv_heads, head_dim }, dims)
    })
}

#[wasm_bindgen_test(unsupported = test)]
fn attention_is_the_full_softmax() {
    let mut random = Random(20);
    for (shape, dims) in shapes() {
        for tokens in TOKENS {
            let case = Case::random(&mut random, shape, dims, tokens);
            let what = format!("{shape:?}, {tokens} tokens");
            let got = case.run(tokens);
            ATTENTION.check(&got, &case.oracle(true), &what);
            ATTENTION_ROUNDING.check(&got, &case.oracle(false), &what);
        }
    }
}

/// Sliding windows shorter than a tile, of whole tiles, and longer than the text. The ring wraps
/// around, and a window off by one is caught.
#[wasm_bindgen_test(unsupported = test)]
fn windows_end_where_they_should() {
    let mut random = Random(31);
    for (shape, dims) in [shapes()[0], shapes()[2]] {
        for (window, tokens) in [(1, 40), (7, 130), (64, 200), (100, 200), (24, 900), (500, 200)] {
            let mut case = Case::random(&mut random, shape, dims, tokens);
            (case.window, case.rope.pairs) = (Some(window), RopeLayout::Halves);
            let got = case.run(tokens);
            let what = format!("{shape:?}, a window of {window}, {tokens} tokens");
            if tokens <= 200 {
                ATTENTION.check(&got, &case.oracle(true), &what);
                for wrong in [window - 1, window + 1].into_iter().filter(|w| *w > 0 && *w < tokens)
                {
                    let wrong = Case { window: Some(wrong), ..case.clone() }.oracle(true);
                    ATTENTION.catches(&got, &wrong, &what);
                }
            }
            for chunk in [1, 7, 64, 513] {
                assert_eq!(case.run(chunk), got, "{what} by {chunk}");
            }
            let room = case.cache().bytes();
            case.window = None;
            assert_eq!(room < case.cache().bytes(), tokens == 900, "{what}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn chunks_do_not_matter_to_the_bit() {
    let mut random = Random(21);
    for (shape, dims) in shapes() {
        for tokens in TOKENS {
            let case = Case::random(&mut random, shape, dims, tokens);
            let whole = case.run(tokens);
            for chunk in [1, 7, 64] {
                assert_eq!(case.run(chunk), whole, "{shape:?}, {tokens} tokens by {chunk}");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_planted_error_is_caught() {
    let mut random = Random(22);
    let (shape, dims) = shapes()[1];
    let case = Case::random(&mut random, shape, dims, 65);
    let want = case.oracle(true);
    let mut wrong = case.clone();
    wrong.v[40 * 3 * 64 + 5] += 0.5;
    ATTENTION.catches(&wrong.run(65), &want, "one number of one value");
    let mut wrong = case.clone();
    wrong.k[5 * 3 * 64 + 70] += 2.0;
    ATTENTION.catches(&wrong.run(65), &want, "one number of one key");
    let mut wrong = case.clone();
    wrong.rope.base = 10_100.0;
    ATTENTION.catches(&wrong.run(65), &want, "the base of the rotation");
    // Simulates a mask that is off by one: the last token sees its own key instead of the one
    // before.
    let mut wrong = case.clone();
    let width = 3 * 64;
    wrong.v.copy_within(64 * width.., 63 * width);
    ATTENTION.catches(&wrong.run(65), &want, "one value of one head too early");
}

/// Every kernel's products are exact, also at the ends of their range, where sums of two products
/// come within a few hundred of overflowing 16 bits.
#[wasm_bindgen_test(unsupported = test)]
fn kernels_multiply_exactly() {
    let kernels = [kernel::dots()].into_iter();
    #[cfg(target_arch = "x86_64")]
    let kernels = kernels.chain(kernel::avx2::dots()).chain(kernel::vnni::dots());
    let kernels: Vec<_> = kernels.collect();
    let mut random = Random(28);
    for depth in [1, 2, 6, 16] {
        let mut int = |ends: bool, low: i32, high: i32| match (ends, random.below(2)) {
            (true, 0) => low,
            (true, _) => high,
            (false, _) => low + random.below((high - low) as usize + 1) as i32,
        };
        for ends in [false, true] {
            let x: Vec<Fours> =
                (0..depth).map(|_| [(); 4 * ROWS].map(|()| int(ends, 0, 127) as u8)).collect();
            let panel: Vec<Quads> =
                (0..depth).map(|_| [(); 4 * PANEL].map(|()| int(ends, -127, 127) as i8)).collect();
            let start = [(); PANEL].map(|()| int(ends, -1_000_000, 1_000_000));
            let want = kernel::scalar::dots(&x, &panel, &start);
            for dots in &kernels {
                assert_eq!(dots(&x, &panel, &start), want, "{depth} steps");
            }
            let sum: i32 = (0..4 * depth)
                .map(|k| i32::from(x[k / 4][4 + k % 4]) * i32::from(panel[k / 4][8 + k % 4]))
                .sum();
            assert_eq!(want[1][2], start[2] + sum, "row 1, output 2");
        }
    }
}

/// Alternating scores of +80 and -80: exponentials of their differences overflow floats, and the
/// largest score arrives late, so that everything accumulated before it is scaled away.
#[wasm_bindgen_test(unsupported = test)]
fn large_scores_are_stable() {
    let mut random = Random(23);
    let shape = AttentionShape { heads: 3, kv_heads: 1, head_dim: 16 };
    for period in [2, 64, 65, 130] {
        let mut case = Case::random(&mut random, shape, 2, 130);
        // 16 elements of sqrt(20): their product is 320, and 320 / sqrt(16) is 80. The first two of
        // a head are rotated, so scores lie between 60 and 80.
        let size = 20f32.sqrt();
        case.q.fill(size);
        for (token, k) in case.k.chunks_exact_mut(16).enumerate() {
            k.fill(if token % period == period - 1 { size } else { -size });
        }
        let got = case.run(7);
        assert!(got.iter().all(|x| x.is_finite()));
        ATTENTION.check(&got, &case.oracle(true), &format!("one in {period} is large"));
    }
}

/// As in many models, a first token draws nearly all attention and has almost no value. The result
/// comes from the small weights of the other keys, which must keep their precision.
#[wasm_bindgen_test(unsupported = test)]
fn small_weights_keep_their_digits_beside_a_first_token_that_draws_all() {
    let mut random = Random(27);
    let shape = AttentionShape { heads: 3, kv_heads: 1, head_dim: 16 };
    let mut case = Case::random(&mut random, shape, 2, 130);
    case.q.fill(1.0);
    // Scores of about 12 for the first token and -2 to 2 for the others.
    case.k[..16].fill(3.0);
    case.v[..16].iter_mut().for_each(|x| *x *= 1e-4);
    let got = case.run(130);
    ATTENTION.check(&got, &case.oracle(true), "a sink");
    ATTENTION_ROUNDING.check(&got, &case.oracle(false), "a sink");
}

#[wasm_bindgen_test(unsupported = test)]
fn what_was_read_before_leaves_no_trace() {
    let mut random = Random(24);
    let (shape, dims) = shapes()[1];
    let case = Case::random(&mut random, shape, dims, 130);
    let fresh = case.run(130);
    // Another text up to the same length, then back to 50 and on with this one.
    let mut other = Case::random(&mut random, shape, dims, 130);
    for (other, case) in [(&mut other.q, &case.q), (&mut other.k, &case.k), (&mut other.v, &case.v)]
    {
        let same = 50 * case.len() / 130;
        other[..same].copy_from_slice(&case[..same]);
    }
    let mut cache = case.cache();
    other.read(&mut cache, 0, 64);
    let width = shape.heads * shape.head_dim;
    assert_eq!(case.read(&mut cache, 50, 33), fresh[50 * width..]);
}

#[wasm_bindgen_test(unsupported = test)]
fn room_can_be_made_while_reading() {
    let mut random = Random(25);
    let (shape, dims) = shapes()[0];
    let case = Case::random(&mut random, shape, dims, 130);
    let mut cache = Cache::new(&case.attention());
    let mut got = Vec::new();
    let (width, kv_width) = (shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim);
    for token in 0..130 {
        cache.reserve(token + 1).expect("memory for a few keys");
        let part = |x: &[f32], width: usize| x[token * width..(token + 1) * width].to_vec();
        let qkv = [part(&case.q, width), part(&case.k, kv_width), part(&case.v, kv_width)];
        got.extend(attend(&mut cache, 1, token, qkv, Threads::default()));
    }
    assert_eq!(got, case.run(130));
    // Two layers, 192 positions: one byte per element; per head two scales and a sum, 4 bytes each.
    assert_eq!(cache.bytes(), 2 * 192 * (2 * kv_width + 3 * shape.kv_heads * 4));
    assert_eq!(cache.bytes() as u64, Cache::bytes_for(&case.attention(), 130));
}

/// Exceeds the address space; with 64-bit addresses the allocator refuses it, too.
#[wasm_bindgen_test(unsupported = test)]
fn room_that_cannot_be_had_leaves_the_cache_whole() {
    let (shape, dims) = shapes()[0];
    let case = Case::random(&mut Random(29), shape, dims, 130);
    let want = case.run(130);
    let mut cache = case.cache();
    let refused = (usize::BITS == 64).then_some(usize::MAX >> 12);
    for positions in [usize::MAX, usize::MAX >> 6].into_iter().chain(refused) {
        let error = cache.reserve(positions).expect_err("there is no such memory");
        assert_eq!(error.code(), "out-of-memory", "{positions}");
    }
    assert_eq!(case.read(&mut cache, 0, 130), want);
}

/// The tests above compare the kernel's rotation with the oracle's; this one compares the oracle's
/// with the paper's formula: each pair is a complex number, multiplied by e^(i·angle).
#[wasm_bindgen_test(unsupported = test)]
fn the_oracle_rotates_as_the_paper_does() {
    let mut random = Random(26);
    let shape = AttentionShape { heads: 1, kv_heads: 1, head_dim: 8 };
    for dims in [2, 4, 8] {
        let rope = Rope::new(100.0, dims, RopeLayout::Interleaved);
        let case = Case { rope, ..Case::random(&mut random, shape, dims, 40) };
        let vector = |token: usize| case.rotated(&case.q, 1, token, 0);
        for token in [0, 1, 39] {
            let plain = &case.q[token * 8..][..8];
            let got = vector(token);
            let want: Vec<f64> = (0..8)
                .map(|d| {
                    let power = -2.0 * (d / 2) as f64 / dims as f64;
                    let angle = if d < dims { token as f64 * 100f64.powf(power) } else { 0.0 };
                    let (x, y) = (f64::from(plain[d / 2 * 2]), f64::from(plain[d / 2 * 2 + 1]));
                    if d % 2 == 0 {
                        x * angle.cos() - y * angle.sin()
                    } else {
                        x * angle.sin() + y * angle.cos()
                    }
                })
                .collect();
            ROPE.check(&got, &want, &format!("{dims} dims at {token}"));
        }
    }
}
