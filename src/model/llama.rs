//! The llama architecture (Touvron et al., arXiv:2302.13971) with grouped heads: SmolLM2 and its
//! like. Tensor names are those of llama.cpp's GGUF conversion.

use super::{Config, Weights};
use crate::backend::Backend;
use crate::error::Result;

/// A weight whose format stands for the model's.
pub(super) const TYPICAL_WEIGHT: &str = "blk.0.ffn_up.weight";

/// Weights of the decoder.
pub struct Llama<B: Backend> {
    /// `[vocabulary, width]`; also the LM head unless the file has one of its own.
    embedding: B::Weight,
    head: Option<B::Weight>,
    layers: Vec<Layer<B>>,
    norm: B::Vector,
    eps: f32,
}

struct Layer<B: Backend> {
    attention_norm: B::Vector,
    query: B::Weight,
    key: B::Weight,
    value: B::Weight,
    output: B::Weight,
    ffn_norm: B::Vector,
    gate: B::Weight,
    up: B::Weight,
    down: B::Weight,
}

impl<B: Backend> Llama<B> {
    pub(crate) fn load(config: &Config, loader: &mut impl Weights<B>) -> Result<Self> {
        let Config { width, ffn_width, vocabulary, .. } = *config;
        let heads = config.attention.heads * config.attention.head_dim;
        let kv = config.attention.kv_heads * config.attention.head_dim;
        let embedding = loader.weight("token_embd.weight", [vocabulary, width], false)?;
        let head = match loader.has("output.weight") {
            true => Some(loader.weight("output.weight", [vocabulary, width], false)?),
            false => None,
        };
        let layers = (0..config.layers)
            .map(|i| {
                let name = |part: &str| format!("blk.{i}.{part}.weight");
                Ok(Layer {
                    attention_norm: loader.vector(&name("attn_norm"), width)?,
                    query: loader.weight(&name("attn_q"), [heads, width], true)?,
                    key: loader.weight(&name("attn_k"), [kv, width], true)?,
                    value: loader.weight(&name("attn_v"), [kv, width], true)?,
                    output: loader.weight(&name("attn_output"), [width, heads], true)?,
                    ffn_norm: loader.vector(&name("ffn_norm"), width)?,
                    gate: loader.weight(&name("ffn_gate"), [ffn_width, width], true)?,
                    up: loader.weight(&name("ffn_up"), [ffn_width, width], true)?,
                    down: loader.weight(&name("ffn_down"), [width, ffn_width], true)?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let norm = loader.vector("output_norm.weight", width)?;
        Ok(Self { embedding, head, layers, norm, eps: config.norm_eps })
    }

    /// Bytes of packed weights that writing one token reads: every matrix, but for an embedding
    /// beside a head of its own.
    pub fn weight_bytes(&self, b: &B) -> usize {
        let layers = self.layers.iter().flat_map(|layer| {
            let Layer { query, key, value, output, gate, up, down, .. } = layer;
            [query, key, value, output, gate, up, down]
        });
        layers.chain([self.head()]).map(|weight| b.weight_bytes(weight)).sum()
    }

    fn head(&self) -> &B::Weight {
        self.head.as_ref().unwrap_or(&self.embedding)
    }

    /// Reads the tokens `ids` at positions `start..` into the cache, which has room for them:
    /// activations `[ids, width]` after the last layer.
    pub fn forward(&self, b: &B, cache: &mut B::Cache, start: usize, ids: &[u32]) -> B::Tensor {
        let mut x = b.embed(&self.embedding, ids);
        // What the layer before adds.
        let mut down: Option<B::Tensor> = None;
        for (i, layer) in self.layers.iter().enumerate() {
            let normed;
            [x, normed] = match down {
                Some(down) => b.add_norm(x, &down, &layer.attention_norm, self.eps),
                None => {
                    let normed = b.rms_norm(&x, &layer.attention_norm, self.eps);
                    [x, normed]
                }
            };
            let qkv = b.matmul(&normed, [&layer.query, &layer.key, &layer.value]);
            let attended = b.attend(cache, i, start, qkv);
            let [projected] = b.matmul(&attended, [&layer.output]);

            let normed;
            [x, normed] = b.add_norm(x, &projected, &layer.ffn_norm, self.eps);
            let [gate, up] = b.matmul(&normed, [&layer.gate, &layer.up]);
            let [product] = b.matmul(&b.swiglu(gate, &up), [&layer.down]);
            down = Some(product);
        }
        match down {
            Some(down) => b.add(x, &down),
            None => x,
        }
    }

    /// The scores of every token of the vocabulary for what follows the last row of `x`:
    /// `[1, vocabulary]`.
    pub fn logits(&self, b: &B, x: &B::Tensor) -> B::Tensor {
        let last = b.rms_norm(&b.last_row(x), &self.norm, self.eps);
        let [logits] = b.matmul(&last, [self.head()]);
        logits
    }
}
