//! The llama architecture (Touvron et al., arXiv:2302.13971) with grouped heads, and those that differ
//! from it in details that [`Config`] names: qwen2, qwen3. Tensor names are those of llama.cpp's GGUF
//! conversion.

use super::{Config, Weights};
use crate::backend::{AttentionShape, Backend};
use crate::error::Result;

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
    /// Of queries, keys and values.
    biases: Option<[B::Vector; 3]>,
    /// Of each head's queries and keys.
    head_norms: Option<[B::Vector; 2]>,
    output: B::Weight,
    ffn_norm: B::Vector,
    gate: B::Weight,
    up: B::Weight,
    down: B::Weight,
}

impl<B: Backend> Llama<B> {
    pub(crate) fn load(config: &Config, loader: &mut impl Weights<B>) -> Result<Self> {
        let Config { width, ffn_width, vocabulary, biases, head_norms, .. } = *config;
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
                let bias = |part: &str| format!("blk.{i}.{part}.bias");
                let biases = match biases {
                    true => Some([
                        loader.vector(&bias("attn_q"), heads)?,
                        loader.vector(&bias("attn_k"), kv)?,
                        loader.vector(&bias("attn_v"), kv)?,
                    ]),
                    false => None,
                };
                let head_norms = match head_norms {
                    true => Some([
                        loader.vector(&name("attn_q_norm"), head_dim)?,
                        loader.vector(&name("attn_k_norm"), head_dim)?,
                    ]),
                    false => None,
                };
                Ok(Layer {
                    attention_norm: loader.vector(&name("attn_norm"), width)?,
                    query: loader.weight(&name("attn_q"), [heads, width], true)?,
                    key: loader.weight(&name("attn_k"), [kv, width], true)?,
                    value: loader.weight(&name("attn_v"), [kv, width], true)?,
                    biases,
                    head_norms,
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
            let mut qkv = b.matmul(&normed, [&layer.query, &layer.key, &layer.value]);
            if let Some([query, key, value]) = &layer.biases {
                let [q, k, v] = qkv;
                qkv = [b.add_bias(q, query), b.add_bias(k, key), b.add_bias(v, value)];
            }
            if let Some([query, key]) = &layer.head_norms {
                let [q, k, v] = qkv;
                qkv = [b.rms_norm(&q, query, self.eps), b.rms_norm(&k, key, self.eps), v];
            }
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

    pub fn logits(&self, b: &B, x: &B::Tensor) -> B::Tensor {
        let last = b.rms_norm(&b.last_row(x), &self.norm, self.eps);
        let [logits] = b.matmul(&last, [self.head()]);
        logits
    }
}
