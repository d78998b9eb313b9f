//! Loads a model whose file arrives in order, as over a network.
//!
//! Each tensor is packed as soon as it is complete, and its bytes are freed: beside the packed
//! weights, memory holds at most the largest tensor.

use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Seek, SeekFrom};

use sha2::{Digest, Sha256};

use super::{Config, Model, TYPICAL_WEIGHT, Weights, check_matrix, check_vector, floats, spec};
use crate::backend::{Backend, WeightSpec};
use crate::error::{Error, Result};
use crate::lm::gguf::{self, Gguf, TensorInfo};
use crate::lm::tokenizer::Tokenizer;
use crate::quant::{BLOCK, QuantType, encode_q4_1};

/// Bytes received before the first attempt to parse the header.
const FIRST_TRY: usize = 1 << 20;

/// Most of a header is vocabulary; the largest today have some ten megabytes.
const LONGEST_HEADER: usize = 64 << 20;

/// Name of the embedding in GGUF files.
const EMBEDDING: &str = "token_embd.weight";

/// A model that is being loaded.
pub struct ModelStream<B: Backend> {
    backend: B,
    size: u64,
    received: u64,
    narrow: bool,
    hash: Sha256,
    state: State<B>,
}

enum State<B: Backend> {
    /// The header is incomplete; try again after `enough` bytes.
    Header {
        bytes: Vec<u8>,
        enough: usize,
    },
    Tensors(Box<Tensors<B>>),
}

/// State after the header.
struct Tensors<B: Backend> {
    config: Config,
    tokenizer: Tokenizer,
    quant: QuantType,
    /// Tensors still to come, in file order.
    waiting: VecDeque<TensorInfo>,
    /// Received bytes of the first one.
    bytes: Vec<u8>,
    packed: HashMap<String, (TensorInfo, Packed<B>)>,
}

enum Packed<B: Backend> {
    Matrix(B::Weight),
    Vector(Vec<f32>),
}

impl<B: Backend> ModelStream<B> {
    /// Starts a file of `size` bytes. `narrow` rounds an 8-bit embedding to 4 bits, which saves a
    /// seventh of a small model's memory.
    pub fn new(backend: B, size: u64, narrow: bool) -> Self {
        let state = State::Header { bytes: Vec::new(), enough: FIRST_TRY };
        Self { backend, size, received: 0, narrow, hash: Sha256::new(), state }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// As [`Model::load`]; also `model-invalid` for more than `size` bytes, and for overlapping
    /// tensors. Do not use the stream after an error.
    pub fn push(&mut self, bytes: &[u8]) -> Result<()> {
        let at = self.received;
        self.received += bytes.len() as u64;
        if self.received > self.size {
            let (size, received) = (self.size, self.received);
            return Err(invalid(format!("it was said to have {size} bytes and has {received}")));
        }
        self.hash.update(bytes);
        let header = match &mut self.state {
            State::Tensors(tensors) => return tensors.push(&self.backend, self.narrow, at, bytes),
            State::Header { bytes: header, enough } => {
                let what = "the model's header";
                let more = bytes.len();
                let room = header.try_reserve(more);
                room.map_err(|_| Error::OutOfMemory { what, bytes: more })?;
                header.extend_from_slice(bytes);
                if header.len() < *enough && self.received < self.size {
                    return Ok(());
                }
                *enough = 2 * header.len();
                header
            }
        };
        let Some(gguf) = open_head(header, self.size)? else { return Ok(()) };
        let mut tensors = Tensors::new(&gguf)?;
        tensors.push(&self.backend, self.narrow, 0, header)?;
        self.state = State::Tensors(Box::new(tensors));
        Ok(())
    }

    /// The model, once all bytes have arrived. `sha256`, if given, is checked against their hash.
    ///
    /// # Errors
    /// `model-truncated` if bytes are missing, `model-invalid` for a wrong hash, and the errors of
    /// [`Model::load`].
    pub fn finish(self, sha256: Option<&str>) -> Result<(B, Model<B>)> {
        let missing = |what| {
            let (needed, available) = (self.size, self.received);
            Err(Error::ModelTruncated { what, needed, available })
        };
        let State::Tensors(tensors) = self.state else { return missing("the header".into()) };
        let Tensors { config, tokenizer, quant, waiting, packed, .. } = *tensors;
        if let Some(TensorInfo { name, .. }) = waiting.front() {
            return missing(format!("tensor {name:?}"));
        }
        let found = base16ct::lower::encode_string(&self.hash.finalize());
        if let Some(meant) = sha256.filter(|meant| *meant != found) {
            return Err(invalid(format!("its SHA-256 is {found} and should be {meant}")));
        }
        let mut packed = HandedOut { backend: &self.backend, packed };
        let model = Model::assemble(config, tokenizer, quant, self.size, &mut packed)?;
        Ok((self.backend, model))
    }
}

impl<B: Backend> Tensors<B> {
    fn new(gguf: &Gguf<Head>) -> Result<Self> {
        let config = Config::from_gguf(gguf)?;
        let tokenizer = Tokenizer::from_gguf(gguf)?;
        let quant = gguf.tensor(TYPICAL_WEIGHT)?.quant;
        let waiting = gguf.tensors()?;
        let (bytes, packed) = (Vec::new(), HashMap::new());
        Ok(Self { config, tokenizer, quant, waiting: waiting.into(), bytes, packed })
    }

    /// Takes the file's bytes from offset `at`.
    fn push(&mut self, backend: &B, narrow: bool, at: u64, mut bytes: &[u8]) -> Result<()> {
        let mut at = at;
        while let Some(tensor) = self.waiting.front() {
            let range = tensor.range();
            let next = range.start + self.bytes.len() as u64;
            if next < at {
                let reason = format!("tensor {:?} begins inside of another part", tensor.name);
                return Err(invalid(reason));
            }
            let skipped = (next - at).min(bytes.len() as u64) as usize;
            bytes = &bytes[skipped..];
            at += skipped as u64;
            let taken = (range.end - next).min(bytes.len() as u64) as usize;
            if self.bytes.is_empty() {
                reserve(&mut self.bytes, (range.end - range.start) as usize)?;
            }
            self.bytes.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            at += taken as u64;
            if at < range.end {
                return Ok(());
            }
            if let Some(tensor) = self.waiting.pop_front() {
                let packed = pack(backend, &tensor, &std::mem::take(&mut self.bytes), narrow)?;
                self.packed.insert(tensor.name.clone(), (tensor, packed));
            }
        }
        Ok(())
    }
}

/// Packs a tensor from its bytes.
fn pack<B: Backend>(
    backend: &B,
    tensor: &TensorInfo,
    bytes: &[u8],
    narrow: bool,
) -> Result<Packed<B>> {
    if tensor.rows == 1 && tensor.quant == QuantType::F32 {
        return Ok(Packed::Vector(floats(bytes)?));
    }
    let stored = spec(tensor);
    let narrow = narrow && tensor.name == EMBEDDING && tensor.quant == QuantType::Q8_0;
    let quant = if narrow { QuantType::Q4_1 } else { stored.quant };
    let mut row = vec![0.0; tensor.cols];
    let matrix = backend.load_weight(WeightSpec { quant, ..stored }, &mut |rows, into| {
        let rows = &bytes[rows.start * tensor.row_bytes()..rows.end * tensor.row_bytes()];
        into.clear();
        if !narrow {
            into.extend_from_slice(rows);
            return Ok(());
        }
        for bytes in rows.chunks_exact(tensor.row_bytes()) {
            stored.quant.decode(bytes, &mut row);
            row.as_chunks::<BLOCK>().0.iter().for_each(|block| into.extend(encode_q4_1(block)));
        }
        Ok(())
    })?;
    Ok(Packed::Matrix(matrix))
}

/// Hands packed tensors to a decoder.
struct HandedOut<'a, B: Backend> {
    backend: &'a B,
    packed: HashMap<String, (TensorInfo, Packed<B>)>,
}

impl<B: Backend> HandedOut<'_, B> {
    fn take(&mut self, name: &str) -> Result<(TensorInfo, Packed<B>)> {
        let missing = || Error::ModelMissingKey { key: name.into(), expected: "a tensor" };
        self.packed.remove(name).ok_or_else(missing)
    }
}

impl<B: Backend> Weights<B> for HandedOut<'_, B> {
    fn weight(&mut self, name: &str, shape: [usize; 2], _: bool) -> Result<B::Weight> {
        let (tensor, packed) = self.take(name)?;
        check_matrix(&tensor, shape)?;
        match packed {
            Packed::Matrix(matrix) => Ok(matrix),
            Packed::Vector(_) => Err(invalid(format!("tensor {name:?} is no matrix"))),
        }
    }

    fn floats(&mut self, name: &str, len: usize) -> Result<Vec<f32>> {
        let (tensor, packed) = self.take(name)?;
        check_vector(&tensor, len)?;
        match packed {
            Packed::Vector(vector) => Ok(vector),
            Packed::Matrix(_) => Err(invalid(format!("tensor {name:?} is no vector"))),
        }
    }

    fn has(&self, name: &str) -> bool {
        self.packed.contains_key(name)
    }

    fn backend(&self) -> &B {
        self.backend
    }
}

/// Opens a file of `size` bytes from its `first` bytes. `None` if the header is longer.
///
/// # Errors
/// As [`Gguf::open`]; `model-invalid` for a header without end.
pub(super) fn open_head(first: &[u8], size: u64) -> Result<Option<Gguf<Head<'_>>>> {
    match Gguf::open(Head { bytes: first, size, position: 0 }) {
        Err(Error::ModelTruncated { .. }) if (first.len() as u64) < size => {
            match first.len() <= LONGEST_HEADER {
                true => Ok(None),
                false => Err(invalid(format!("its header exceeds {LONGEST_HEADER} bytes"))),
            }
        }
        opened => opened.map(Some),
    }
}

/// The first bytes of a file, with the full length.
pub(super) struct Head<'a> {
    bytes: &'a [u8],
    size: u64,
    position: u64,
}

impl Read for Head<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let start = usize::try_from(self.position).unwrap_or(usize::MAX).min(self.bytes.len());
        let read = (&self.bytes[start..]).read(into)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for Head<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = gguf::sought(to, self.position, self.size)?;
        Ok(self.position)
    }
}

/// Reserves exactly `more` bytes.
fn reserve(bytes: &mut Vec<u8>, more: usize) -> Result<()> {
    let what = "a part of the model's file";
    bytes.try_reserve_exact(more).map_err(|_| Error::OutOfMemory { what, bytes: more })
}

fn invalid(reason: String) -> Error {
    Error::ModelInvalid { reason }
}
