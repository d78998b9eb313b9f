//! Shared by all decoders: embedding and LM head, the matrices of a layer, and how layers are
//! joined.

use super::{Config, Weights};
use crate::backend::{AttentionShape, Backend};
use crate::error::Result;

/// The embedding and the LM head.
pub struct Vocabulary<B: Backend> {
    /// `[vocabulary, width]`; also the LM head unless the file has a separate one.
    embedding: B::Weight,
    head: Option<B::Weight>,
}

impl<B: Backend> Vocabulary<B> {
    pub fn load(config: &Config, loader: &mut impl Weights<B>) -> Result<Self> {
        let shape = [config.vocabulary, config.width];
        let embedding = loader.weight("token_embd.weight", shape, false)?;
        let head = match loader.has("output.weight") {
            true => Some(loader.weight("output.weight", shape, false)?),
            false => None,
        };
        Ok(Self { embedding, head })
    }

    pub fn embed(&self, b: &B, ids: &[u32]) -> B::Tensor {
        b.embed(&self.embedding, ids)
    }

    /// `[vocabulary, width]`.
    pub fn head(&self) -> &B::Weight {
        self.head.as_ref().unwrap_or(&self.embedding)
    }

    /// As [`Decoder::logits`](super::Decoder::logits), with the gains of the last norm.
    pub fn logits(&self, b: &B, x: &B::Tensor, norm: &B::Vector, eps: f32) -> B::Tensor {
        let last = b.rms_norm(&b.last_row(x), norm, eps);
        let [logits] = b.matmul(&last, [self.head()]);
        logits
    }
}

/// The matrices of a layer: attention with grouped heads, and a gated feed-forward part.
pub struct Matrices<B: Backend> {
    pub query: B::Weight,
    pub key: B::Weight,
    pub value: B::Weight,
    pub output: B::Weight,
    pub gate: B::Weight,
    pub up: B::Weight,
    pub down: B::Weight,
}

impl<B: Backend> Matrices<B> {
    /// Loads the matrices of layer `i`.
    pub fn load(config: &Config, loader: &mut impl Weights<B>, i: usize) -> Result<Self> {
        let Config { width, ffn_width, .. } = *config;
        let AttentionShape { heads, kv_heads, head_dim } = config.attention.shape;
        let (heads, kv) = (heads * head_dim, kv_heads * head_dim);
        let mut matrix =
            |part: &str, shape| loader.weight(&format!("blk.{i}.{part}.weight"), shape, true);
        Ok(Self {
            query: matrix("attn_q", [heads, width])?,
            key: matrix("attn_k", [kv, width])?,
            value: matrix("attn_v", [kv, width])?,
            output: matrix("attn_output", [width, heads])?,
            gate: matrix("ffn_gate", [ffn_width, width])?,
            up: matrix("ffn_up", [ffn_width, width])?,
            down: matrix("ffn_down", [width, ffn_width])?,
        })
    }

    pub fn all(&self) -> [&B::Weight; 7] {
        let Self { query, key, value, output, gate, up, down } = self;
        [query, key, value, output, gate, up, down]
    }
}

/// Gains of the norms of each head's queries and keys in layer `i`.
pub fn head_norms<B: Backend>(
    config: &Config,
    loader: &mut impl Weights<B>,
    i: usize,
) -> Result<[B::Vector; 2]> {
    let mut gains = |part: &str| {
        loader.vector(&format!("blk.{i}.{part}.weight"), config.attention.shape.head_dim)
    };
    Ok([gains("attn_q_norm")?, gains("attn_k_norm")?])
}

/// A chunk of tokens between layers.
pub(crate) struct Pass<B: Backend> {
    /// Position of its first token.
    pub start: usize,
    /// `[tokens, width]`.
    pub x: B::Tensor,
    /// The previous layer's output, to be added to `x`.
    pub added: Option<B::Tensor>,
}

impl<B: Backend> Pass<B> {
    /// The sum of both, and its norm.
    pub fn joined(self, b: &B, gain: &B::Vector, eps: f32) -> [B::Tensor; 2] {
        match self.added {
            Some(added) => b.add_norm(self.x, &added, gain, eps),
            None => {
                let normed = b.rms_norm(&self.x, gain, eps);
                [self.x, normed]
            }
        }
    }

    /// The sum of both, after the last layer.
    pub fn end(self, b: &B) -> B::Tensor {
        match self.added {
            Some(added) => b.add(self.x, &added),
            None => self.x,
        }
    }
}
