//! A language model: its sizes, its weights on a backend, its tokenizer.
//!
//! An architecture is one file in `model/` and one arm in [`Model::load`].

mod inspect;
mod llama;
mod stream;

use std::io::{Read, Seek};

use crate::backend::{AttentionShape, Backend, Rope, WeightSpec};
use crate::error::{Error, Result};
use crate::gguf::{Gguf, TensorInfo};
use crate::quant::{BLOCK, QuantType};
use crate::tokenizer::Tokenizer;

pub use inspect::{Inspection, inspect};
pub(crate) use llama::Llama;
pub use stream::ModelStream;

/// Architectures that can be loaded, for messages.
const ARCHITECTURES: &str = "llama";

/// Bounds on what a file may ask for; far above any model that fits a browser, and low enough for
/// products of three of them to stay inside 64 bits and of two inside 32.
const MAX_WIDTH: usize = 1 << 15;
const MAX_LAYERS: usize = 1 << 10;
const MAX_CONTEXT: usize = 1 << 24;

/// A model's sizes, as its metadata states them.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// `general.architecture`.
    pub architecture: String,
    /// Decoder layers.
    pub layers: usize,
    /// Numbers in a token's activation.
    pub width: usize,
    /// Numbers in the hidden layer of the feed-forward part.
    pub ffn_width: usize,
    /// Heads of the attention.
    pub attention: AttentionShape,
    /// Position embedding within the trained context.
    pub rope: Rope,
    /// Added to the mean square in norms.
    pub norm_eps: f32,
    /// Positions the model was trained for.
    pub context: usize,
    /// Tokens in the vocabulary.
    pub vocabulary: usize,
}

impl Config {
    /// Reads the sizes and checks that they fit each other.
    ///
    /// # Errors
    /// `model-missing-key`, `model-unsupported-architecture` or `model-invalid`.
    pub fn from_gguf<R: Read + Seek>(gguf: &Gguf<R>) -> Result<Self> {
        let architecture = gguf.string("general.architecture")?.to_string();
        if architecture != "llama" {
            let supported = ARCHITECTURES;
            return Err(Error::ModelUnsupportedArchitecture { architecture, supported });
        }
        let key = |name: &str| format!("{architecture}.{name}");
        let size = |name: &str, max: usize| {
            let value = gguf.integer(&key(name))?;
            if (1..=max).contains(&value) { Ok(value) } else { Err(bad(&key(name), value)) }
        };
        let width = size("embedding_length", MAX_WIDTH)?;
        let heads = size("attention.head_count", MAX_WIDTH)?;
        let kv_heads = match gguf.get(&key("attention.head_count_kv")) {
            Some(_) => size("attention.head_count_kv", MAX_WIDTH)?,
            None => heads,
        };
        let head_dim = match gguf.get(&key("attention.key_length")) {
            Some(_) => size("attention.key_length", MAX_WIDTH)?,
            None => width / heads,
        };
        let dims = match gguf.get(&key("rope.dimension_count")) {
            Some(_) => size("rope.dimension_count", MAX_WIDTH)?,
            None => head_dim,
        };
        let config = Self {
            layers: size("block_count", MAX_LAYERS)?,
            width,
            ffn_width: size("feed_forward_length", MAX_WIDTH)?,
            attention: AttentionShape { heads, kv_heads, head_dim },
            rope: Rope { base: gguf.float(&key("rope.freq_base"))?, dims, scaling: None },
            norm_eps: gguf.float(&key("attention.layer_norm_rms_epsilon"))?,
            context: size("context_length", MAX_CONTEXT)?,
            vocabulary: gguf.strings("tokenizer.ggml.tokens")?.len(),
            architecture,
        };
        config.check()?;
        Ok(config)
    }

    /// Numbers in the widest activations of a token, those of the vocabulary aside.
    pub fn widest(&self) -> usize {
        let AttentionShape { heads, head_dim, .. } = self.attention;
        self.width.max(self.ffn_width).max(heads * head_dim)
    }

    /// Multiply-adds of attention for one token, for each position up to its own: scores, and the
    /// sum of values that they weight.
    pub fn attention_macs(&self) -> usize {
        2 * self.layers * self.attention.heads * self.attention.head_dim
    }

    fn check(&self) -> Result<()> {
        let AttentionShape { heads, kv_heads, head_dim } = self.attention;
        let fits = [
            (self.width.is_multiple_of(BLOCK), "embedding_length is not a multiple of 32"),
            (self.ffn_width.is_multiple_of(BLOCK), "feed_forward_length is not a multiple of 32"),
            ((heads * head_dim).is_multiple_of(BLOCK), "the heads' width is not a multiple of 32"),
            (heads.is_multiple_of(kv_heads), "head_count is not a multiple of head_count_kv"),
            (head_dim.is_multiple_of(8) && head_dim > 0, "a head is not a multiple of 8 wide"),
            (self.rope.dims.is_multiple_of(2), "rope.dimension_count is odd"),
            (self.rope.dims <= head_dim, "rope.dimension_count is wider than a head"),
            (heads * head_dim <= MAX_WIDTH, "the heads together are too wide"),
            (self.rope.base > 0.0, "rope.freq_base is not positive"),
            (self.norm_eps >= 0.0, "layer_norm_rms_epsilon is negative"),
            (self.vocabulary > 0, "the vocabulary is empty"),
        ];
        match fits.into_iter().find(|(ok, _)| !ok) {
            Some((_, reason)) => Err(Error::ModelInvalid { reason: reason.into() }),
            None => Ok(()),
        }
    }
}

/// A model that is ready to run: weights on a backend, tokenizer, sizes.
pub struct Model<B: Backend> {
    /// The model's sizes.
    pub config: Config,
    /// Text to tokens and back.
    pub tokenizer: Tokenizer,
    /// The format of the largest share of the weights.
    pub quant: QuantType,
    /// Number of weights.
    pub parameters: usize,
    /// Multiplications that one prompt token takes in the linear layers.
    pub linear_macs: usize,
    /// Size of the file in bytes.
    pub file_bytes: u64,
    pub(crate) decoder: Llama<B>,
}

impl<B: Backend> Model<B> {
    /// Loads a model tensor by tensor; `progress` is told how many of the file's bytes have been
    /// read, and of how many.
    ///
    /// # Errors
    /// The `model-…` codes by what is wrong with the file, `out-of-memory`, `host-failed`.
    pub fn load<R: Read + Seek>(
        backend: &B,
        gguf: &mut Gguf<R>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self> {
        let config = Config::from_gguf(gguf)?;
        let tokenizer = Tokenizer::from_gguf(gguf)?;
        gguf.tensors()?;
        // Megabytes of strings leave room for weights.
        gguf.forget_metadata();
        let quant = gguf.tensor(llama::TYPICAL_WEIGHT)?.quant;
        let file_bytes = gguf.size();
        let mut loader = Loader { backend, gguf, progress, read: 0 };
        let model = Self::assemble(config, tokenizer, quant, file_bytes, &mut loader)?;
        progress(file_bytes, file_bytes);
        Ok(model)
    }

    fn assemble(
        config: Config,
        tokenizer: Tokenizer,
        quant: QuantType,
        file_bytes: u64,
        weights: &mut impl Weights<B>,
    ) -> Result<Self> {
        let mut counted = Counted { weights, parameters: 0, macs: 0 };
        let decoder = Llama::load(&config, &mut counted)?;
        let Counted { parameters, macs: linear_macs, .. } = counted;
        Ok(Self { config, tokenizer, quant, parameters, linear_macs, file_bytes, decoder })
    }
}

/// Where an architecture gets its weights from.
pub(crate) trait Weights<B: Backend> {
    /// The matrix `name`, which must be `[rows, cols]`; `every_token` says whether each prompt token
    /// is multiplied with it.
    fn weight(&mut self, name: &str, shape: [usize; 2], every_token: bool) -> Result<B::Weight>;

    /// The gains `name`, which must be `len` floats.
    fn vector(&mut self, name: &str, len: usize) -> Result<B::Vector>;

    /// Whether there is a tensor of this name.
    fn has(&self, name: &str) -> bool;
}

/// Counts the weights that pass through.
struct Counted<'a, W> {
    weights: &'a mut W,
    parameters: usize,
    /// Of those that each prompt token is multiplied with.
    macs: usize,
}

impl<B: Backend, W: Weights<B>> Weights<B> for Counted<'_, W> {
    fn weight(&mut self, name: &str, shape: [usize; 2], every_token: bool) -> Result<B::Weight> {
        let weight = self.weights.weight(name, shape, every_token)?;
        let parameters = shape[0] * shape[1];
        self.parameters += parameters;
        if every_token {
            self.macs += parameters;
        }
        Ok(weight)
    }

    fn vector(&mut self, name: &str, len: usize) -> Result<B::Vector> {
        self.parameters += len;
        self.weights.vector(name, len)
    }

    fn has(&self, name: &str) -> bool {
        self.weights.has(name)
    }
}

/// Weights of a file.
struct Loader<'a, B, R> {
    backend: &'a B,
    gguf: &'a mut Gguf<R>,
    progress: &'a mut dyn FnMut(u64, u64),
    read: u64,
}

impl<B: Backend, R: Read + Seek> Weights<B> for Loader<'_, B, R> {
    fn weight(&mut self, name: &str, shape: [usize; 2], _: bool) -> Result<B::Weight> {
        let tensor = self.gguf.tensor(name)?;
        check_matrix(&tensor, shape)?;
        let (size, spec) = (self.gguf.size(), spec(&tensor));
        self.backend.load_weight(spec, &mut |rows, bytes| {
            self.gguf.read_rows(&tensor, rows, bytes)?;
            self.read += bytes.len() as u64;
            (self.progress)(self.read, size);
            Ok(())
        })
    }

    fn vector(&mut self, name: &str, len: usize) -> Result<B::Vector> {
        let tensor = self.gguf.tensor(name)?;
        check_vector(&tensor, len)?;
        let mut bytes = Vec::new();
        self.gguf.read_rows(&tensor, 0..1, &mut bytes)?;
        self.read += bytes.len() as u64;
        self.backend.load_vector(floats(&bytes))
    }

    fn has(&self, name: &str) -> bool {
        self.gguf.has_tensor(name)
    }
}

fn spec(tensor: &TensorInfo) -> WeightSpec {
    WeightSpec { rows: tensor.rows, cols: tensor.cols, quant: tensor.quant }
}

fn check_matrix(tensor: &TensorInfo, shape: [usize; 2]) -> Result<()> {
    let found = [tensor.rows, tensor.cols];
    if found == shape {
        return Ok(());
    }
    let reason = format!("tensor {:?} is {found:?} and should be {shape:?}", tensor.name);
    Err(Error::ModelInvalid { reason })
}

fn check_vector(tensor: &TensorInfo, len: usize) -> Result<()> {
    let TensorInfo { name, rows, cols, quant, .. } = tensor;
    if (*rows, *cols, *quant) == (1, len, QuantType::F32) {
        return Ok(());
    }
    let quant = quant.name();
    let reason = format!(
        "tensor {name:?} is [{rows}, {cols}] in {quant} and should be {len} numbers in F32"
    );
    Err(Error::ModelInvalid { reason })
}

/// The numbers of a tensor in F32.
fn floats(bytes: &[u8]) -> Vec<f32> {
    let mut values = vec![0.0; bytes.len() / 4];
    QuantType::F32.decode(bytes, &mut values);
    values
}

fn bad(key: &str, value: usize) -> Error {
    Error::ModelInvalid { reason: format!("{key} is {value}") }
}
