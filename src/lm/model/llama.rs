//! The llama architecture (Touvron et al., arXiv:2302.13971) with grouped heads, and its variants
//! qwen2 and qwen3, whose differences are fields of [`Config`]. Tensor names follow llama.cpp's
//! GGUF conversion.

use super::parts::{Matrices, Pass, Vocabulary, head_norms};
use super::{Config, FINAL_NORM, Weights};
use crate::backend::{AttentionShape, Backend};
use crate::error::Result;

/// Weights of the decoder.
pub struct Llama<B: Backend> {
    vocabulary: Vocabulary<B>,
    layers: Vec<Layer<B>>,
    norm: B::Vector,
    eps: f32,
}

struct Layer<B: Backend> {
    matrices: Matrices<B>,
    attention_norm: B::Vector,
    /// For queries, keys and values.
    biases: Option<[B::Vector; 3]>,
    /// For each head's queries and keys.
    head_norms: Option<[B::Vector; 2]>,
    ffn_norm: B::Vector,
}

impl<B: Backend> Llama<B> {
    pub(crate) fn load(config: &Config, loader: &mut impl Weights<B>) -> Result<Self> {
        let width = config.width;
        let AttentionShape { heads, kv_heads, head_dim } = config.attention.shape;
        let vocabulary = Vocabulary::load(config, loader)?;
        let layers = (0..config.layers())
            .map(|i| {
                let matrices = Matrices::load(config, loader, i)?;
                let mut vector = |part: &str, len| loader.vector(&format!("blk.{i}.{part}"), len);
                let biases = match config.biases {
                    true => Some([
                        vector("attn_q.bias", heads * head_dim)?,
                        vector("attn_k.bias", kv_heads * head_dim)?,
                        vector("attn_v.bias", kv_heads * head_dim)?,
                    ]),
                    false => None,
                };
                let attention_norm = vector("attn_norm.weight", width)?;
                let ffn_norm = vector("ffn_norm.weight", width)?;
                let head_norms = match config.head_norms {
                    true => Some(head_norms(config, loader, i)?),
                    false => None,
                };
                Ok(Layer { matrices, attention_norm, biases, head_norms, ffn_norm })
            })
            .collect::<Result<Vec<_>>>()?;
        let norm = loader.vector(FINAL_NORM, width)?;
        Ok(Self { vocabulary, layers, norm, eps: config.norm_eps })
    }

    /// As [`Decoder::weight_bytes`](super::Decoder::weight_bytes); likewise below.
    pub fn weight_bytes(&self, b: &B) -> usize {
        let layers = self.layers.iter().flat_map(|layer| layer.matrices.all());
        layers.chain([self.vocabulary.head()]).map(|weight| b.weight_bytes(weight)).sum()
    }

    pub fn layers(&self) -> usize {
        self.layers.len()
    }

    pub fn embed(&self, b: &B, ids: &[u32]) -> B::Tensor {
        self.vocabulary.embed(b, ids)
    }

    pub fn layer(&self, b: &B, cache: &mut B::Cache, i: usize, pass: Pass<B>) -> Pass<B> {
        let layer = &self.layers[i];
        let Matrices { query, key, value, output, gate, up, down } = &layer.matrices;
        let start = pass.start;
        let [x, normed] = pass.joined(b, &layer.attention_norm, self.eps);
        let mut qkv = b.matmul(&normed, [query, key, value]);
        if let Some([query, key, value]) = &layer.biases {
            let [q, k, v] = qkv;
            qkv = [b.add_bias(q, query), b.add_bias(k, key), b.add_bias(v, value)];
        }
        if let Some([query, key]) = &layer.head_norms {
            let [q, k, v] = qkv;
            qkv = [b.rms_norm(&q, query, self.eps), b.rms_norm(&k, key, self.eps), v];
        }
        let attended = b.attend(cache, i, start, qkv);
        let [projected] = b.matmul(&attended, [output]);

        let [x, normed] = b.add_norm(x, &projected, &layer.ffn_norm, self.eps);
        let [gate, up] = b.matmul(&normed, [gate, up]);
        let [product] = b.matmul(&b.swiglu(gate, &up), [down]);
        Pass { start, x, added: Some(product) }
    }

    pub fn logits(&self, b: &B, x: &B::Tensor) -> B::Tensor {
        self.vocabulary.logits(b, x, &self.norm, self.eps)
    }
}
