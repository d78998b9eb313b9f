//! The Gemma 3 architecture (Gemma Team, "Gemma 3 Technical Report", arXiv:2503.19786): most layers
//! see a window, queries and keys are normed, and so is what attention and the feed-forward part add.
//! Tensor names, and gains that stand one higher than in the original, are those of llama.cpp's GGUF
//! conversion.

use super::{Config, Weights};
use crate::backend::{AttentionShape, Backend};
use crate::error::Result;

/// Weights of the decoder.
pub struct Gemma3<B: Backend> {
    /// `[vocabulary, width]`; also the LM head unless the file has one of its own.
    embedding: B::Weight,
    head: Option<B::Weight>,
    layers: Vec<Layer<B>>,
    norm: B::Vector,
    eps: f32,
    /// What embeddings are multiplied with: sqrt(width).
    scale: f32,
}

struct Layer<B: Backend> {
    attention_norm: B::Vector,
    query: B::Weight,
    key: B::Weight,
    value: B::Weight,
    query_norm: B::Vector,
    key_norm: B::Vector,
    output: B::Weight,
    post_attention_norm: B::Vector,
    ffn_norm: B::Vector,
    gate: B::Weight,
    up: B::Weight,
    down: B::Weight,
    post_ffn_norm: B::Vector,
}

impl<B: Backend> Gemma3<B> {
    pub(crate) fn load(config: &Config, loader: &mut impl Weights<B>) -> Result<Self> {
        let Config { width, ffn_width, vocabulary, .. } = *config;
        let AttentionShape { heads, kv_heads, head_dim } = config.attention.shape;
        let (heads, kv) = (heads * head_dim, kv_heads * head_dim);
        let embedding = loader.weight("token_embd.weight", [vocabulary, width], false)?;
        let head = match loader.has("output.weight") {
            true => Some(loader.weight("output.weight", [vocabulary, width], false)?),
            false => None,
        };
        let layers = (0..config.layers())
            .map(|i| {
                let name = |part: &str| format!("blk.{i}.{part}.weight");
                Ok(Layer {
                    attention_norm: loader.vector(&name("attn_norm"), width)?,
                    query: loader.weight(&name("attn_q"), [heads, width], true)?,
                    key: loader.weight(&name("attn_k"), [kv, width], true)?,
                    value: loader.weight(&name("attn_v"), [kv, width], true)?,
                    query_norm: loader.vector(&name("attn_q_norm"), head_dim)?,
                    key_norm: loader.vector(&name("attn_k_norm"), head_dim)?,
                    output: loader.weight(&name("attn_output"), [width, heads], true)?,
                    post_attention_norm: loader.vector(&name("post_attention_norm"), width)?,
                    ffn_norm: loader.vector(&name("ffn_norm"), width)?,
                    gate: loader.weight(&name("ffn_gate"), [ffn_width, width], true)?,
                    up: loader.weight(&name("ffn_up"), [ffn_width, width], true)?,
                    down: loader.weight(&name("ffn_down"), [width, ffn_width], true)?,
                    post_ffn_norm: loader.vector(&name("post_ffw_norm"), width)?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let norm = loader.vector("output_norm.weight", width)?;
        let scale = (width as f32).sqrt();
        Ok(Self { embedding, head, layers, norm, eps: config.norm_eps, scale })
    }

    /// As [`Decoder::weight_bytes`](super::Decoder::weight_bytes), and so on below.
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

    pub fn forward(&self, b: &B, cache: &mut B::Cache, start: usize, ids: &[u32]) -> B::Tensor {
        let mut x = b.scale(b.embed(&self.embedding, ids), self.scale);
        // What the layer before adds.
        let mut added: Option<B::Tensor> = None;
        for (i, layer) in self.layers.iter().enumerate() {
            let normed;
            [x, normed] = match added {
                Some(added) => b.add_norm(x, &added, &layer.attention_norm, self.eps),
                None => {
                    let normed = b.rms_norm(&x, &layer.attention_norm, self.eps);
                    [x, normed]
                }
            };
            let [q, k, v] = b.matmul(&normed, [&layer.query, &layer.key, &layer.value]);
            let q = b.rms_norm(&q, &layer.query_norm, self.eps);
            let k = b.rms_norm(&k, &layer.key_norm, self.eps);
            let attended = b.attend(cache, i, start, [q, k, v]);
            let [projected] = b.matmul(&attended, [&layer.output]);
            let projected = b.rms_norm(&projected, &layer.post_attention_norm, self.eps);

            let normed;
            [x, normed] = b.add_norm(x, &projected, &layer.ffn_norm, self.eps);
            let [gate, up] = b.matmul(&normed, [&layer.gate, &layer.up]);
            let [product] = b.matmul(&b.geglu(gate, &up), [&layer.down]);
            added = Some(b.rms_norm(&product, &layer.post_ffn_norm, self.eps));
        }
        match added {
            Some(added) => b.add(x, &added),
            None => x,
        }
    }

    pub fn logits(&self, b: &B, x: &B::Tensor) -> B::Tensor {
        let last = b.rms_norm(&b.last_row(x), &self.norm, self.eps);
        let [logits] = b.matmul(&last, [self.head()]);
        logits
    }
}
