//! A model's dimensions, and the differences between architectures that share a decoder.

use std::io::{Read, Seek};
use std::sync::Arc;

use candle_core::quantized::gguf_file::Value;

use super::support;
use crate::backend::{Attention, AttentionLayer, AttentionShape, Rope, RopeLayout};
use crate::error::{Error, Result};
use crate::lm::gguf::Gguf;
use crate::quant::BLOCK;

/// Bounds on a file's values; far above any model that fits a browser, and low enough that products
/// of three fit 64 bits and products of two fit 32.
const MAX_WIDTH: usize = 1 << 15;
const MAX_LAYERS: usize = 1 << 10;
const MAX_CONTEXT: usize = 1 << 24;

/// `general.architecture` of supported files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Architecture {
    /// Touvron et al., arXiv:2302.13971, and successors up to llama 3; SmolLM2.
    Llama,
    /// Yang et al., arXiv:2407.10671: llama with biases.
    Qwen2,
    /// Yang et al., arXiv:2505.09388: llama with norms of queries and keys.
    Qwen3,
    /// Gemma Team, arXiv:2503.19786.
    Gemma3,
}

impl Architecture {
    const ALL: [Self; 4] = [Self::Llama, Self::Qwen2, Self::Qwen3, Self::Gemma3];

    /// For error messages.
    const NAMES: &str = "llama, qwen2, qwen3 and gemma3";

    /// Name in GGUF files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma3 => "gemma3",
        }
    }
}

/// A model's dimensions, from its metadata.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// Architecture of the decoder.
    pub architecture: Architecture,
    /// Elements of a token's activation.
    pub width: usize,
    /// Elements of the feed-forward hidden layer.
    pub ffn_width: usize,
    /// Heads, and each layer's sliding window and position embedding within the trained context.
    pub attention: Attention,
    /// Whether queries, keys and values have a bias.
    pub biases: bool,
    /// Whether each head's queries and keys are normalized before rotation.
    pub head_norms: bool,
    /// Added to the mean square in norms.
    pub norm_eps: f32,
    /// Trained context, in positions.
    pub context: usize,
    /// Tokens in the vocabulary.
    pub vocabulary: usize,
}

impl Config {
    /// Reads the dimensions and checks that they are consistent.
    ///
    /// # Errors
    /// `model-missing-key`, `model-unsupported-architecture` or `model-invalid`.
    pub fn from_gguf<R: Read + Seek>(gguf: &Gguf<R>) -> Result<Self> {
        let keys = Keys::new(gguf)?;
        let architecture = keys.architecture;
        let width = keys.size("embedding_length", MAX_WIDTH)?;
        let heads = keys.size("attention.head_count", MAX_WIDTH)?;
        let kv_heads = keys.size_or("attention.head_count_kv", heads)?;
        let head_dim = keys.size_or("attention.key_length", width / heads)?;
        if keys.size_or("attention.value_length", head_dim)? != head_dim {
            let reason = "its keys and values have different lengths: choose another model".into();
            return Err(Error::ModelUnsupported { reason });
        }
        let rope = keys.rope(head_dim)?;
        let layers = keys.size("block_count", MAX_LAYERS)?;
        let shape = AttentionShape { heads, kv_heads, head_dim };
        let attention = match architecture {
            Architecture::Gemma3 => {
                Attention { shape, layers: keys.windowed_layers(layers, &rope)? }
            }
            _ => Attention::uniform(layers, shape, &AttentionLayer { rope, window: None }),
        };
        let has = |tensor| gguf.has_tensor(tensor);
        let config = Self {
            architecture,
            width,
            ffn_width: keys.size("feed_forward_length", MAX_WIDTH)?,
            attention,
            biases: architecture == Architecture::Qwen2 || has("blk.0.attn_q.bias"),
            head_norms: architecture == Architecture::Qwen3 || has("blk.0.attn_q_norm.weight"),
            norm_eps: keys.float("attention.layer_norm_rms_epsilon")?,
            context: keys.size("context_length", MAX_CONTEXT)?,
            vocabulary: gguf.strings("tokenizer.ggml.tokens")?.len(),
        };
        config.check()?;
        support::check(gguf, &config)?;
        Ok(config)
    }

    /// Decoder layers.
    pub fn layers(&self) -> usize {
        self.attention.layers.len()
    }

    /// Elements in a token's widest activations, except the vocabulary scores.
    pub fn widest(&self) -> usize {
        let AttentionShape { heads, head_dim, .. } = self.attention.shape;
        self.width.max(self.ffn_width).max(heads * head_dim)
    }

    /// Multiply-adds of attention per token and visible position, over all layers with full
    /// attention: scores and weighted sums of values.
    pub fn attention_macs(&self) -> usize {
        let whole = self.attention.layers.iter().filter(|layer| layer.window.is_none());
        whole.count() * self.macs_of_a_position()
    }

    /// Multiply-adds of attention per token in layers with a sliding window, once it is full.
    pub fn window_macs(&self) -> usize {
        let windows = self.attention.layers.iter().filter_map(|layer| layer.window);
        windows.map(|window| window * self.macs_of_a_position()).sum()
    }

    /// Multiply-adds of attention per layer, token and visible position.
    fn macs_of_a_position(&self) -> usize {
        let AttentionShape { heads, head_dim, .. } = self.attention.shape;
        2 * heads * head_dim
    }

    /// Rotated elements per head.
    pub fn rotated(&self) -> usize {
        self.attention.layers.first().map_or(0, |layer| layer.rope.dims)
    }

    /// Divides the rotary frequencies by `factors`, one per pair.
    ///
    /// # Errors
    /// `model-invalid` for a factor that is not positive.
    pub fn slow_down(&mut self, factors: Arc<[f32]>) -> Result<()> {
        if !factors.iter().all(|factor| factor.is_finite() && *factor > 0.0) {
            let reason = "a factor of the frequencies of positions is not positive".into();
            return Err(Error::ModelInvalid { reason });
        }
        for layer in &mut self.attention.layers {
            layer.rope.frequency_factors = Some(Arc::clone(&factors));
        }
        Ok(())
    }

    fn check(&self) -> Result<()> {
        let AttentionShape { heads, kv_heads, head_dim } = self.attention.shape;
        let ropes = || self.attention.layers.iter().map(|layer| &layer.rope);
        let fits = [
            (self.width.is_multiple_of(BLOCK), "embedding_length is not a multiple of 32"),
            (self.ffn_width.is_multiple_of(BLOCK), "feed_forward_length is not a multiple of 32"),
            ((heads * head_dim).is_multiple_of(BLOCK), "the heads' width is not a multiple of 32"),
            (heads.is_multiple_of(kv_heads), "head_count is not a multiple of head_count_kv"),
            (head_dim.is_multiple_of(8) && head_dim > 0, "a head is not a multiple of 8 wide"),
            (self.rotated().is_multiple_of(2), "rope.dimension_count is odd"),
            (self.rotated() <= head_dim, "rope.dimension_count is wider than a head"),
            (heads * head_dim <= MAX_WIDTH, "the heads together are too wide"),
            (ropes().all(|rope| rope.base > 0.0), "rope.freq_base is not positive"),
            (self.norm_eps >= 0.0, "layer_norm_rms_epsilon is negative"),
            (self.vocabulary > 0, "the vocabulary is empty"),
        ];
        match fits.into_iter().find(|(ok, _)| !ok) {
            Some((_, reason)) => Err(Error::ModelInvalid { reason: reason.into() }),
            None => Ok(()),
        }
    }
}

/// An architecture's metadata, whose keys begin with its name.
struct Keys<'a, R> {
    gguf: &'a Gguf<R>,
    architecture: Architecture,
}

impl<'a, R: Read + Seek> Keys<'a, R> {
    fn new(gguf: &'a Gguf<R>) -> Result<Self> {
        let name = gguf.string("general.architecture")?;
        let known = Architecture::ALL.into_iter().find(|known| known.name() == name);
        let (architecture, supported) = (name.to_string(), Architecture::NAMES);
        let unknown = Error::ModelUnsupportedArchitecture { architecture, supported };
        Ok(Self { gguf, architecture: known.ok_or(unknown)? })
    }

    fn key(&self, name: &str) -> String {
        format!("{}.{name}", self.architecture.name())
    }

    fn has(&self, name: &str) -> bool {
        self.gguf.get(&self.key(name)).is_some()
    }

    /// A size from 1 to `max`.
    fn size(&self, name: &str, max: usize) -> Result<usize> {
        let key = self.key(name);
        let value = self.gguf.integer(&key)?;
        match (1..=max).contains(&value) {
            true => Ok(value),
            false => Err(Error::ModelInvalid { reason: format!("{key} is {value}") }),
        }
    }

    /// A size, or `otherwise` if the file has none.
    fn size_or(&self, name: &str, otherwise: usize) -> Result<usize> {
        if self.has(name) { self.size(name, MAX_WIDTH) } else { Ok(otherwise) }
    }

    fn float(&self, name: &str) -> Result<f32> {
        self.gguf.float(&self.key(name))
    }

    /// Position embedding of layers with full attention.
    fn rope(&self, head_dim: usize) -> Result<Rope> {
        let pairs = match self.architecture {
            Architecture::Llama => RopeLayout::Interleaved,
            _ => RopeLayout::Halves,
        };
        let dims = self.size_or("rope.dimension_count", head_dim)?;
        let kind = match self.gguf.get(&self.key("rope.scaling.type")) {
            Some(Value::String(kind)) => kind.as_str(),
            _ => "none",
        };
        let frequency_factors = match kind {
            "none" => None,
            "linear" => {
                let factor = self.float("rope.scaling.factor")?;
                if !(1.0..=1e3).contains(&factor) {
                    let key = self.key("rope.scaling.factor");
                    return Err(Error::ModelInvalid { reason: format!("{key} is {factor}") });
                }
                Some(vec![factor; dims / 2].into())
            }
            other => {
                let key = self.key("rope.scaling.type");
                let reason = format!(
                    "its {key} is {other:?}, and only \"linear\" is supported: choose another model"
                );
                return Err(Error::ModelUnsupported { reason });
            }
        };
        // As in llama.cpp.
        let base =
            if self.has("rope.freq_base") { self.float("rope.freq_base")? } else { 10_000.0 };
        Ok(Rope { frequency_factors, ..Rope::new(base, dims, pairs) })
    }

    /// Every sixth layer sees everything; the others have a sliding window, with higher rotary
    /// frequencies. (Gemma 3's report, section 2; defaults as in llama.cpp.)
    fn windowed_layers(&self, layers: usize, whole: &Rope) -> Result<Vec<AttentionLayer>> {
        let window = self.size("attention.sliding_window", MAX_CONTEXT)?;
        let period = self.size_or("attention.sliding_window_pattern", 6)?;
        let base = match self.has("rope.freq_base_swa") {
            true => self.float("rope.freq_base_swa")?,
            false => 10_000.0,
        };
        let near = Rope { base, frequency_factors: None, ..whole.clone() };
        let layer = |i: usize| match (i + 1).is_multiple_of(period) {
            true => AttentionLayer { rope: whole.clone(), window: None },
            false => AttentionLayer { rope: near.clone(), window: Some(window) },
        };
        Ok((0..layers).map(layer).collect())
    }
}
