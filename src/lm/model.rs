//! A language model: its configuration, its weights on a backend, its tokenizer.
//!
//! An architecture is a file in `model/` and an arm in [`Config::from_gguf`] and in [`Decoder`].

mod config;
mod gemma3;
mod inspect;
mod llama;
mod parts;
mod stream;
mod support;

use std::io::{Read, Seek};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::backend::{Backend, WeightSpec};
use crate::error::{Error, Result};
use crate::lm::gguf::{Gguf, TensorInfo};
use crate::lm::tokenizer::Tokenizer;
use crate::quant::{self, QuantType};

pub use config::{Architecture, Config};
use gemma3::Gemma3;
pub use inspect::{Inspection, inspect};
use llama::Llama;
use parts::Pass;
pub use stream::ModelStream;

/// The weight whose format is reported as the model's.
const TYPICAL_WEIGHT: &str = "blk.0.ffn_up.weight";

/// The vector whose values tell models of one shape apart. It is in floats in every quantization.
const FINAL_NORM: &str = "output_norm.weight";

/// Divisors of the rotary frequencies, if present: llama 3.
const ROPE_FACTORS: &str = "rope_freqs.weight";

/// A model ready to run: weights on a backend, tokenizer, configuration.
pub struct Model<B: Backend> {
    /// The model's configuration.
    pub config: Config,
    /// Converts text to tokens and back.
    pub tokenizer: Tokenizer,
    /// The format of most weights.
    pub quant: QuantType,
    /// Number of weights.
    pub parameters: usize,
    /// Multiply-adds per prompt token in the linear layers.
    pub linear_macs: usize,
    /// Size of the file in bytes.
    pub file_bytes: u64,
    /// The first bytes of the SHA-256 of its final norm: the same for all quantizations of a model.
    pub fingerprint: u64,
    pub(crate) decoder: Decoder<B>,
}

impl<B: Backend> Model<B> {
    /// Loads a model tensor by tensor; `progress` receives the bytes read and the total.
    ///
    /// # Errors
    /// The `model-…` codes for invalid files, `out-of-memory`, `host-failed`.
    pub fn load<R: Read + Seek>(
        backend: &B,
        gguf: &mut Gguf<R>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<Self> {
        let config = Config::from_gguf(gguf)?;
        let tokenizer = Tokenizer::from_gguf(gguf)?;
        gguf.tensors()?;
        // Frees megabytes of strings, which leaves room for weights.
        gguf.forget_metadata();
        let quant = gguf.tensor(TYPICAL_WEIGHT)?.quant;
        let file_bytes = gguf.size();
        let mut loader = Loader { backend, gguf, progress, read: 0 };
        let model = Self::assemble(config, tokenizer, quant, file_bytes, &mut loader)?;
        progress(file_bytes, file_bytes);
        Ok(model)
    }

    fn assemble(
        mut config: Config,
        tokenizer: Tokenizer,
        quant: QuantType,
        file_bytes: u64,
        weights: &mut impl Weights<B>,
    ) -> Result<Self> {
        if config.architecture == Architecture::Llama && weights.has(ROPE_FACTORS) {
            let frequency_factors = weights.floats(ROPE_FACTORS, config.rotated() / 2)?;
            config.slow_down(Arc::from(frequency_factors))?;
        }
        let mut seen = Seen { weights, parameters: 0, macs: 0, fingerprint: 0 };
        let decoder = Decoder::load(&config, &mut seen)?;
        let Seen { parameters, macs: linear_macs, fingerprint, .. } = seen;
        Ok(Self {
            config,
            tokenizer,
            quant,
            parameters,
            linear_macs,
            file_bytes,
            fingerprint,
            decoder,
        })
    }
}

/// The forward pass of a model's architecture.
pub(crate) enum Decoder<B: Backend> {
    Llama(Llama<B>),
    Gemma3(Gemma3<B>),
}

impl<B: Backend> Decoder<B> {
    pub fn load(config: &Config, weights: &mut impl Weights<B>) -> Result<Self> {
        Ok(match config.architecture {
            Architecture::Llama | Architecture::Qwen2 | Architecture::Qwen3 => {
                Self::Llama(Llama::load(config, weights)?)
            }
            Architecture::Gemma3 => Self::Gemma3(Gemma3::load(config, weights)?),
        })
    }

    /// Bytes of packed weights read per decoded token: every matrix, except an embedding if there
    /// is a separate head.
    pub fn weight_bytes(&self, b: &B) -> usize {
        match self {
            Self::Llama(decoder) => decoder.weight_bytes(b),
            Self::Gemma3(decoder) => decoder.weight_bytes(b),
        }
    }

    /// Reads the tokens `ids` at positions `start..` into the cache, which must have room for them;
    /// returns activations `[ids, width]` after the last layer.
    pub fn forward(&self, b: &B, cache: &mut B::Cache, start: usize, ids: &[u32]) -> B::Tensor {
        let pass = self.begin(b, start, ids);
        (0..self.layers()).fold(pass, |pass, i| self.layer(b, cache, i, pass)).end(b)
    }

    /// Number of layers.
    pub fn layers(&self) -> usize {
        match self {
            Self::Llama(decoder) => decoder.layers(),
            Self::Gemma3(decoder) => decoder.layers(),
        }
    }

    /// The tokens `ids` at positions `start..`, before the first layer.
    pub fn begin(&self, b: &B, start: usize, ids: &[u32]) -> Pass<B> {
        let x = match self {
            Self::Llama(decoder) => decoder.embed(b, ids),
            Self::Gemma3(decoder) => decoder.embed(b, ids),
        };
        Pass { start, x, added: None }
    }

    /// Runs a pass through layer `i`. The cache must have room for its keys and values.
    pub fn layer(&self, b: &B, cache: &mut B::Cache, i: usize, pass: Pass<B>) -> Pass<B> {
        match self {
            Self::Llama(decoder) => decoder.layer(b, cache, i, pass),
            Self::Gemma3(decoder) => decoder.layer(b, cache, i, pass),
        }
    }

    /// Scores `[1, vocabulary]` of every token as the successor of the last row of `x`.
    pub fn logits(&self, b: &B, x: &B::Tensor) -> B::Tensor {
        match self {
            Self::Llama(decoder) => decoder.logits(b, x),
            Self::Gemma3(decoder) => decoder.logits(b, x),
        }
    }
}

/// Source of an architecture's weights.
pub(crate) trait Weights<B: Backend> {
    /// The matrix `name`, which must be `[rows, cols]`; `every_token` says whether each prompt
    /// token is multiplied by it.
    fn weight(&mut self, name: &str, shape: [usize; 2], every_token: bool) -> Result<B::Weight>;

    /// The vector `name`, which must be `len` floats.
    fn vector(&mut self, name: &str, len: usize) -> Result<B::Vector> {
        let values = self.floats(name, len)?;
        self.backend().load_vector(values)
    }

    /// The same, not loaded to the backend.
    fn floats(&mut self, name: &str, len: usize) -> Result<Vec<f32>>;

    /// Whether there is a tensor with this name.
    fn has(&self, name: &str) -> bool;

    /// Where weights are loaded to.
    fn backend(&self) -> &B;
}

/// Counts the weights that are loaded, and looks at the final norm.
struct Seen<'a, W> {
    weights: &'a mut W,
    parameters: usize,
    /// Those that each prompt token is multiplied by.
    macs: usize,
    fingerprint: u64,
}

impl<B: Backend, W: Weights<B>> Weights<B> for Seen<'_, W> {
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
        let values = self.floats(name, len)?;
        if name == FINAL_NORM {
            self.fingerprint = fingerprint(&values);
        }
        self.backend().load_vector(values)
    }

    fn floats(&mut self, name: &str, len: usize) -> Result<Vec<f32>> {
        self.weights.floats(name, len)
    }

    fn has(&self, name: &str) -> bool {
        self.weights.has(name)
    }

    fn backend(&self) -> &B {
        self.weights.backend()
    }
}

/// Loads weights from a file.
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

    fn floats(&mut self, name: &str, len: usize) -> Result<Vec<f32>> {
        let tensor = self.gguf.tensor(name)?;
        check_vector(&tensor, len)?;
        let mut bytes = Vec::new();
        self.gguf.read_rows(&tensor, 0..1, &mut bytes)?;
        self.read += bytes.len() as u64;
        floats(&bytes)
    }

    fn has(&self, name: &str) -> bool {
        self.gguf.has_tensor(name)
    }

    fn backend(&self) -> &B {
        self.backend
    }
}

fn fingerprint(values: &[f32]) -> u64 {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let hash = Sha256::digest(&bytes);
    hash.iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte))
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

/// Decodes an F32 tensor of finite numbers.
fn floats(bytes: &[u8]) -> Result<Vec<f32>> {
    let mut values = vec![0.0; bytes.len() / 4];
    QuantType::F32.decode(bytes, &mut values);
    if values.iter().all(|value| value.is_finite()) { Ok(values) } else { Err(quant::infinite()) }
}
