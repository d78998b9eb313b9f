//! The Gemma 3 architecture (Gemma Team, "Gemma 3 Technical Report", arXiv:2503.19786): most layers
//! have a sliding window; queries, keys, and the outputs of attention and of the feed-forward part
//! are normalized. Tensor names, and gains that are one higher than in the original, follow
//! llama.cpp's GGUF conversion.

use super::parts::{Matrices, Pass, Vocabulary, head_norms};
use super::{Config, FINAL_NORM, Weights};
use crate::backend::Backend;
use crate::error::Result;

/// Weights of the decoder.
pub struct Gemma3<B: Backend> {
    vocabulary: Vocabulary<B>,
    layers: Vec<Layer<B>>,
    norm: B::Vector,
    eps: f32,
    /// Factor on embeddings: sqrt(width).
    scale: f32,
}

struct Layer<B: Backend> {
    matrices: Matrices<B>,
    attention_norm: B::Vector,
    /// For each head's queries and keys.
    head_norms: [B::Vector; 2],
    post_attention_norm: B::Vector,
    ffn_norm: B::Vector,
    post_ffn_norm: B::Vector,
}

impl<B: Backend> Gemma3<B> {
    pub(crate) fn load(config: &Config, loader: &mut impl Weights<B>) -> Result<Self> {
        let width = config.width;
        let vocabulary = Vocabulary::load(config, loader)?;
        let layers = (0..config.layers())
            .map(|i| {
                let matrices = Matrices::load(config, loader, i)?;
                let head_norms = head_norms(config, loader, i)?;
                let mut norm = |part: &str| loader.vector(&format!("blk.{i}.{part}.weight"), width);
                Ok(Layer {
                    matrices,
                    attention_norm: norm("attn_norm")?,
                    head_norms,
                    post_attention_norm: norm("post_attention_norm")?,
                    ffn_norm: norm("ffn_norm")?,
                    post_ffn_norm: norm("post_ffw_norm")?,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        let norm = loader.vector(FINAL_NORM, width)?;
        let scale = (width as f32).sqrt();
        Ok(Self { vocabulary, layers, norm, eps: config.norm_eps, scale })
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
        b.scale(self.vocabulary.embed(b, ids), self.scale)
    }

    pub fn layer(&self, b: &B, cache: &mut B::Cache, i: usize, pass: Pass<B>) -> Pass<B> {
        let layer = &self.layers[i];
        let Matrices { query, key, value, output, gate, up, down } = &layer.matrices;
        let start = pass.start;
        let [x, normed] = pass.joined(b, &layer.attention_norm, self.eps);
        let [q, k, v] = b.matmul(&normed, [query, key, value]);
        let [query_norm, key_norm] = &layer.head_norms;
        let q = b.rms_norm(&q, query_norm, self.eps);
        let k = b.rms_norm(&k, key_norm, self.eps);
        let attended = b.attend(cache, i, start, [q, k, v]);
        let [projected] = b.matmul(&attended, [output]);
        let projected = b.rms_norm(&projected, &layer.post_attention_norm, self.eps);

        let [x, normed] = b.add_norm(x, &projected, &layer.ffn_norm, self.eps);
        let [gate, up] = b.matmul(&normed, [gate, up]);
        let [product] = b.matmul(&b.geglu(gate, &up), [down]);
        let added = b.rms_norm(&product, &layer.post_ffn_norm, self.eps);
        Pass { start, x, added: Some(added) }
    }

    pub fn logits(&self, b: &B, x: &B::Tensor) -> B::Tensor {
        self.vocabulary.logits(b, x, &self.norm, self.eps)
    }
}
