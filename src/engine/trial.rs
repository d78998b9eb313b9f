//! A small synthetic decoder with the model's dimensions, identical on every backend. It checks
//! that a GPU computes the same as the CPU, and which of them is faster.

use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

use crate::backend::{Backend, WeightSpec};
use crate::error::Result;
use crate::host::elapsed;
use crate::lm::model::{Config, Decoder, Weights};
use crate::quant::{BLOCK, QuantType};

/// Layers of the decoder.
const LAYERS: usize = 2;

/// Tokens in its vocabulary.
const VOCABULARY: usize = 512;

/// Tokens that it reads at once, before reading one more.
const TOKENS: usize = 128;

/// Timed repetitions of reading; the fastest counts.
const REPETITIONS: usize = 3;

/// Maximum difference of a GPU's scores from the CPU's: sum of squared differences ÷ sum of
/// squares. The CPU rounds activations, keys and values to 8 bits, which costs a quarter of this; a
/// wrong computation costs 0.1 and more.
const LARGEST_ERROR: f64 = 5e-3;

/// The decoder on a backend.
pub struct Trial<'a, B: Backend> {
    backend: &'a B,
    config: Config,
    decoder: Decoder<B>,
}

/// Result of the decoder on a backend.
pub struct Outcome {
    /// Scores after many tokens and after one more.
    pub scores: Vec<f32>,
    /// Time to the first scores, including any compilation.
    pub first_ms: Option<f64>,
    /// Time for [`TOKENS`] tokens.
    pub ms: Option<f64>,
}

impl<'a, B: Backend> Trial<'a, B> {
    /// Creates a decoder with `config`'s widths.
    ///
    /// # Errors
    /// The backend's errors.
    pub fn load(backend: &'a B, config: &Config) -> Result<Self> {
        let mut config = Config { vocabulary: VOCABULARY, ..config.clone() };
        config.attention.layers.truncate(LAYERS);
        let mut weights = MadeUp { backend, random: SmallRng::seed_from_u64(1) };
        let decoder = Decoder::load(&config, &mut weights)?;
        Ok(Self { backend, config, decoder })
    }

    /// Runs it.
    ///
    /// # Errors
    /// The backend's errors.
    pub async fn run(&self, now_ms: &dyn Fn() -> Option<f64>) -> Result<Outcome> {
        let Self { backend, config, decoder } = self;
        let backend = *backend;
        let began = now_ms();
        let mut cache = backend.new_cache(&config.attention);
        backend.reserve(&mut cache, TOKENS + 1)?;
        let ids: Vec<u32> = (0..TOKENS).map(|i| (i * 37 % VOCABULARY) as u32).collect();
        let read = decoder.forward(backend, &mut cache, 0, &ids);
        let mut scores = backend.read(&decoder.logits(backend, &read)).await?;
        let one = decoder.forward(backend, &mut cache, TOKENS, &ids[..1]);
        scores.extend(backend.read(&decoder.logits(backend, &one)).await?);
        let first_ms = elapsed(began, now_ms());
        let mut ms: Option<f64> = None;
        for _ in 0..REPETITIONS {
            let began = now_ms();
            decoder.forward(backend, &mut cache, 0, &ids);
            backend.finish().await?;
            ms = elapsed(began, now_ms()).map(|now| ms.map_or(now, |ms| ms.min(now)));
        }
        Ok(Outcome { scores, first_ms, ms })
    }
}

impl Outcome {
    /// Reading speed of a decoder with `layers` layers on a backend whose trial took `ms`.
    pub fn tokens_per_ms(ms: f64, layers: usize) -> f64 {
        (TOKENS * LAYERS) as f64 / (ms * layers as f64)
    }

    /// Whether the scores equal those of `other`, except for rounding.
    pub fn agrees(&self, other: &Self) -> bool {
        let pairs = || self.scores.iter().zip(&other.scores).map(|(a, b)| [*a, *b].map(f64::from));
        let distance: f64 = pairs().map(|[a, b]| (a - b).powi(2)).sum();
        let size: f64 = pairs().map(|[_, b]| b.powi(2)).sum();
        // NaN makes the comparison fail.
        self.scores.len() == other.scores.len() && distance <= LARGEST_ERROR * size
    }
}

/// Random weights that preserve the size of activations.
struct MadeUp<'a, B> {
    backend: &'a B,
    random: SmallRng,
}

impl<B: Backend> Weights<B> for MadeUp<'_, B> {
    fn weight(&mut self, _: &str, [rows, cols]: [usize; 2], _: bool) -> Result<B::Weight> {
        let spec = WeightSpec { rows, cols, quant: QuantType::Q4_1 };
        // Root-mean-square distance of the integers 0 to 15 from their middle: 4.6.
        let scale = 1.0 / (4.6 * (cols as f32).sqrt());
        let halves = [scale, -7.5 * scale].map(|x| half::f16::from_f32(x).to_le_bytes());
        self.backend.load_weight(spec, &mut |range, bytes| {
            bytes.clear();
            for _ in 0..range.len() * cols / BLOCK {
                bytes.extend_from_slice(halves.as_flattened());
                bytes.extend(self.random.random::<[u8; BLOCK / 2]>());
            }
            Ok(())
        })
    }

    fn floats(&mut self, _: &str, len: usize) -> Result<Vec<f32>> {
        Ok(vec![1.0; len])
    }

    fn has(&self, _: &str) -> bool {
        false
    }

    fn backend(&self) -> &B {
        self.backend
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::backend::cpu::Cpu;
    use crate::backend::webgpu::{Restrictions, WebGpu};
    use crate::backend::{Attention, AttentionLayer, AttentionShape, Rope, RopeLayout};
    use crate::host::native::block_on;
    use crate::lm::model::Architecture;

    fn attention(shape: AttentionShape, base: f32) -> Attention {
        let layer =
            AttentionLayer { rope: Rope::new(base, 64, RopeLayout::Interleaved), window: None };
        Attention::uniform(30, shape, &layer)
    }

    /// Widths of SmolLM2-135M.
    fn config() -> Config {
        Config {
            architecture: Architecture::Llama,
            width: 576,
            ffn_width: 1536,
            attention: attention(AttentionShape { heads: 9, kv_heads: 3, head_dim: 64 }, 100_000.0),
            biases: false,
            head_norms: false,
            norm_eps: 1e-5,
            context: 8192,
            vocabulary: 49_152,
        }
    }

    fn run<B: Backend>(trial: &Trial<B>) -> Outcome {
        block_on(trial.run(&|| None)).expect("the backend is there")
    }

    fn on_cpu(config: &Config) -> Outcome {
        run(&Trial::load(&Cpu::default(), config).expect("memory"))
    }

    /// Sum of squared differences ÷ sum of squares.
    fn distance(a: &Outcome, b: &Outcome) -> f32 {
        let pairs = || a.scores.iter().zip(&b.scores);
        let squares: f32 = pairs().map(|(a, b)| (a - b).powi(2)).sum();
        squares / pairs().map(|(_, b)| b.powi(2)).sum::<f32>()
    }

    #[test]
    fn a_gpu_that_computes_right_agrees() {
        let gpu = block_on(WebGpu::open(Restrictions::default(), Box::new(|| None)))
            .expect("a GPU, or Mesa's lavapipe (package mesa-vulkan-drivers)");
        let on_cpu = on_cpu(&config());
        let trial = Trial::load(&gpu, &config()).expect("memory");
        for products in gpu.products() {
            gpu.multiply_in(products);
            let on_gpu = run(&trial);
            println!("{products:?}: {:.1e}", distance(&on_gpu, &on_cpu));
            assert!(on_gpu.agrees(&on_cpu), "{products:?}: {}", distance(&on_gpu, &on_cpu));
        }
    }

    #[test]
    fn one_that_computes_wrongly_does_not() {
        let right = on_cpu(&config());
        let shape = config().attention.shape;
        let grouped = AttentionShape { kv_heads: 9, ..shape };
        let wrong = [
            Config { attention: attention(shape, 80_000.0), ..config() },
            Config { norm_eps: 0.1, ..config() },
            Config { attention: attention(grouped, 100_000.0), ..config() },
        ];
        for config in wrong {
            let wrong = on_cpu(&config);
            println!("{:.1e}", distance(&wrong, &right));
            assert!(!wrong.agrees(&right), "{config:?}: {}", distance(&wrong, &right));
        }
        for score in [f32::NAN, 1e30] {
            let mut wrong = on_cpu(&config());
            wrong.scores[700] = score;
            assert!(!wrong.agrees(&right));
        }
    }
}
