//! GGUF files: metadata and tensor bytes, over [`candle_core::quantized::gguf_file`].
//!
//! The header is read once. Tensors are read on demand, a few rows at a time, so that the file is
//! never in memory in addition to the weights made from it. Every claim of the header is checked
//! against the file's size before use.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>

use std::collections::HashMap;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::ops::Range;

use candle_core::quantized::gguf_file::{Content, Value};

use crate::error::{Error, Result};
use crate::quant::{QuantType, SUPPORTED};

const MAGIC: [u8; 4] = *b"GGUF";

/// An open model file.
pub struct Gguf<R> {
    reader: BufReader<R>,
    size: u64,
    content: Content,
}

/// A tensor's place and storage format; checked against the file's size.
#[derive(Debug, Clone, PartialEq)]
pub struct TensorInfo {
    /// The tensor's name.
    pub name: String,
    /// Outputs of a matrix; 1 for a vector.
    pub rows: usize,
    /// Inputs of a matrix, or a vector's length.
    pub cols: usize,
    /// Storage format.
    pub quant: QuantType,
    offset: u64,
    row_bytes: usize,
}

/// Read buffer for the header, which is parsed in tiny reads.
const HEADER_BUFFER: usize = 1 << 18;

impl TensorInfo {
    /// Byte range in the file.
    pub fn range(&self) -> Range<u64> {
        self.offset..self.offset + (self.rows * self.row_bytes) as u64
    }

    /// Bytes per row.
    pub fn row_bytes(&self) -> usize {
        self.row_bytes
    }
}

impl<R: Read + Seek> Gguf<R> {
    /// Reads the header.
    ///
    /// # Errors
    /// `model-not-gguf`, `model-truncated`, `model-unsupported-quant` (a storage format that is not
    /// in the specification), `model-unsupported-architecture` (a part of a split file, or
    /// big-endian) or `model-invalid`, depending on the header.
    pub fn open(reader: R) -> Result<Self> {
        let mut reader = BufReader::with_capacity(HEADER_BUFFER, reader);
        let size = reader.seek(SeekFrom::End(0)).map_err(host)?;
        reader.seek(SeekFrom::Start(0)).map_err(host)?;
        let mut first = Vec::new();
        reader.by_ref().take(24).read_to_end(&mut first).map_err(host)?;
        let magic = &first[..first.len().min(4)];
        if size < 24 && MAGIC.starts_with(magic) {
            let what = "the header".into();
            return Err(Error::ModelTruncated { what, needed: 24, available: size });
        }
        if magic != MAGIC {
            return Err(Error::ModelNotGguf { magic: magic.escape_ascii().to_string() });
        }
        // Versions are small numbers, so the byte that is not 0 is the first, or in big-endian order the last.
        if first.get(4..7) == Some(&[0; 3]) && first.get(7) != Some(&0) {
            let reason = "its numbers have their largest byte first: use the file in the usual, little-endian order";
            return Err(Error::ModelUnsupported { reason: reason.into() });
        }
        reader.seek(SeekFrom::Start(0)).map_err(host)?;
        let mut guard = AlignmentGuard { inner: reader, state: GuardState::Key };
        let content = Content::read(&mut guard).map_err(|e| header_error(&e, size))?;
        let gguf = Self { reader: guard.inner, size, content };
        gguf.check_names(&first)?;
        gguf.check_whole()?;
        Ok(gguf)
    }

    /// Checks that no two tensors or keys have the same name: candle keeps the last.
    fn check_names(&self, first: &[u8]) -> Result<()> {
        // Since version 2, both counts have 64 bits; see the specification.
        let version =
            first.get(4..8).and_then(|bytes| Some(u32::from_le_bytes(bytes.try_into().ok()?)));
        if version == Some(1) {
            return Ok(());
        }
        let count = |at: usize| {
            first.get(at..at + 8).and_then(|bytes| Some(u64::from_le_bytes(bytes.try_into().ok()?)))
        };
        let counts = [
            (count(8), self.content.tensor_infos.len(), "tensors"),
            (count(16), self.content.metadata.len(), "settings"),
        ];
        match counts.into_iter().find(|(count, found, _)| *count != Some(*found as u64)) {
            Some((_, _, what)) => {
                Err(Error::ModelInvalid { reason: format!("two {what} have the same name") })
            }
            None => Ok(()),
        }
    }

    /// Checks that this is not one of several files that make up a model together.
    fn check_whole(&self) -> Result<()> {
        let number = |key| self.integer(key).ok();
        match number("split.count") {
            Some(count) if count > 1 => {
                let part = number("split.no").unwrap_or(0).saturating_add(1);
                let reason = format!(
                    "it is part {part} of {count}: join the parts with `llama-gguf-split --merge`, and open the result"
                );
                Err(Error::ModelUnsupported { reason })
            }
            _ => Ok(()),
        }
    }

    /// Frees the metadata; tensor locations stay.
    pub fn forget_metadata(&mut self) {
        self.content.metadata = HashMap::new();
    }

    /// Size of the file in bytes.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// All metadata keys with their values.
    pub fn metadata(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.content.metadata.iter()
    }

    /// Names of all tensors.
    pub fn tensor_names(&self) -> impl Iterator<Item = &String> {
        self.content.tensor_infos.keys()
    }

    /// All tensors in file order, each checked as in [`Self::tensor`], so that an unsupported
    /// format is found before any weight is read.
    ///
    /// # Errors
    /// The error of [`Self::tensor`] for the first failing tensor by name.
    pub fn tensors(&self) -> Result<Vec<TensorInfo>> {
        let mut names: Vec<_> = self.tensor_names().collect();
        names.sort();
        let mut tensors =
            names.into_iter().map(|name| self.tensor(name)).collect::<Result<Vec<_>>>()?;
        tensors.sort_by_key(|tensor| tensor.offset);
        Ok(tensors)
    }

    /// The metadata value under `key`, if any.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.content.metadata.get(key)
    }

    /// A string.
    ///
    /// # Errors
    /// `model-missing-key` if it is absent or has another type; likewise in the methods below.
    pub fn string(&self, key: &str) -> Result<&str> {
        match self.get(key) {
            Some(Value::String(s)) => Ok(s),
            _ => Err(missing(key, "a string")),
        }
    }

    /// A non-negative integer of any width.
    ///
    /// # Errors
    /// `model-missing-key`.
    pub fn integer(&self, key: &str) -> Result<usize> {
        self.get(key)
            .and_then(|v| match v {
                Value::U8(v) => Some(u64::from(*v)),
                Value::U16(v) => Some(u64::from(*v)),
                Value::U32(v) => Some(u64::from(*v)),
                Value::U64(v) => Some(*v),
                Value::I32(v) => u64::try_from(*v).ok(),
                Value::I64(v) => u64::try_from(*v).ok(),
                _ => None,
            })
            .and_then(|v| usize::try_from(v).ok())
            .ok_or_else(|| missing(key, "a non-negative integer"))
    }

    /// A finite number.
    ///
    /// # Errors
    /// `model-missing-key`.
    pub fn float(&self, key: &str) -> Result<f32> {
        match self.get(key) {
            Some(Value::F32(v)) if v.is_finite() => Ok(*v),
            _ => Err(missing(key, "a finite 32-bit number")),
        }
    }

    /// A list of strings.
    ///
    /// # Errors
    /// `model-missing-key`.
    pub fn strings(&self, key: &str) -> Result<Vec<&str>> {
        let Some(Value::Array(values)) = self.get(key) else {
            return Err(missing(key, "a list of strings"));
        };
        values
            .iter()
            .map(|v| match v {
                Value::String(s) => Ok(s.as_str()),
                _ => Err(missing(key, "a list of strings")),
            })
            .collect()
    }

    /// Whether the file has a tensor with this name.
    pub fn has_tensor(&self, name: &str) -> bool {
        self.content.tensor_infos.contains_key(name)
    }

    /// Looks up a tensor and checks that it lies inside the file.
    ///
    /// # Errors
    /// `model-missing-key`, `model-unsupported-quant`, `model-truncated`, or `model-invalid` for
    /// shapes other than one or two dimensions of whole blocks, or sizes that overflow.
    pub fn tensor(&self, name: &str) -> Result<TensorInfo> {
        let info = self.content.tensor_infos.get(name).ok_or_else(|| missing(name, "a tensor"))?;
        let quant = QuantType::from_ggml(info.ggml_dtype).ok_or_else(|| {
            let quant = format!("{:?}", info.ggml_dtype);
            Error::ModelUnsupportedQuant { tensor: name.into(), quant, supported: SUPPORTED }
        })?;
        let invalid = || Error::ModelInvalid {
            reason: format!("tensor {name:?} has the impossible shape {:?}", info.shape.dims()),
        };
        let (rows, cols) = match *info.shape.dims() {
            [cols] if cols > 0 => (1, cols),
            [rows, cols] if rows > 0 && cols > 0 => (rows, cols),
            _ => return Err(invalid()),
        };
        let row_bytes = quant.bytes(cols).ok_or_else(invalid)?;
        let bytes = row_bytes.checked_mul(rows).ok_or_else(invalid)? as u64;
        let offset =
            self.content.tensor_data_offset.checked_add(info.offset).ok_or_else(invalid)?;
        let end = offset.checked_add(bytes).ok_or_else(invalid)?;
        if end > self.size {
            let what = format!("tensor {name:?}");
            return Err(Error::ModelTruncated { what, needed: end, available: self.size });
        }
        Ok(TensorInfo { name: name.into(), rows, cols, quant, offset, row_bytes })
    }

    /// Reads whole rows of a tensor, as stored, and replaces the contents of `into`.
    ///
    /// # Errors
    /// `host-failed` if the reader fails.
    pub fn read_rows(
        &mut self,
        tensor: &TensorInfo,
        rows: Range<usize>,
        into: &mut Vec<u8>,
    ) -> Result<()> {
        let at = tensor.offset + (rows.start * tensor.row_bytes) as u64;
        into.resize(rows.len() * tensor.row_bytes, 0);
        self.reader.seek(SeekFrom::Start(at)).map_err(host)?;
        self.reader.read_exact(into).map_err(host)
    }
}

/// The resulting position of a seek, in a file of `size` bytes at `position`.
pub(crate) fn sought(to: SeekFrom, position: u64, size: u64) -> std::io::Result<u64> {
    let sought = match to {
        SeekFrom::Start(at) => Some(at),
        SeekFrom::End(by) => size.checked_add_signed(by),
        SeekFrom::Current(by) => position.checked_add_signed(by),
    };
    sought.ok_or_else(|| std::io::Error::other("a seek before the beginning"))
}

fn missing(key: &str, expected: &'static str) -> Error {
    Error::ModelMissingKey { key: key.into(), expected }
}

fn host(error: std::io::Error) -> Error {
    Error::Host { reason: format!("reading the model file: {error}") }
}

/// Maps candle's parse errors to our codes. Candle has no error kinds for these, so this matches
/// messages; a test checks each.
fn header_error(error: &candle_core::Error, size: u64) -> Error {
    let reason = error.to_string();
    let reason = reason.lines().next().unwrap_or_default().to_string();
    if reason.contains("unknown dtype") {
        let tensor = "(header)".into();
        return Error::ModelUnsupportedQuant { tensor, quant: reason, supported: SUPPORTED };
    }
    let cut = ["failed to fill", "remaining", "unexpected end"];
    if cut.iter().any(|words| reason.contains(words)) {
        let what = format!("the header ({reason})");
        return Error::ModelTruncated { what, needed: size + 1, available: size };
    }
    Error::ModelInvalid { reason }
}

/// Rejects headers that set `general.alignment` to zero: candle 0.11.1 divides by it, and the panic
/// would end a WebAssembly module.
struct AlignmentGuard<R> {
    inner: R,
    state: GuardState,
}

/// Candle reads a key, a value's type and its value with one `read_exact` each.
#[derive(PartialEq)]
enum GuardState {
    Key,
    Type,
    Value,
}

impl<R: Read> Read for AlignmentGuard<R> {
    fn read(&mut self, buf: &mut [u8]) -> std::io::Result<usize> {
        self.inner.read_exact(buf)?;
        // Candle strips NUL bytes at the end of a key, so the comparison must ignore them.
        let key = || buf.iter().rposition(|b| *b != 0).map_or(&buf[..0], |last| &buf[..=last]);
        self.state = match self.state {
            GuardState::Key if key() == b"general.alignment" => GuardState::Type,
            GuardState::Type => GuardState::Value,
            GuardState::Value if buf.iter().all(|b| *b == 0) => {
                return Err(std::io::Error::other("general.alignment is zero"));
            }
            _ => GuardState::Key,
        };
        Ok(buf.len())
    }
}

impl<R: Seek> Seek for AlignmentGuard<R> {
    fn seek(&mut self, pos: SeekFrom) -> std::io::Result<u64> {
        self.inner.seek(pos)
    }

    // The default goes through `seek`, which discards a BufReader's buffer.
    fn stream_position(&mut self) -> std::io::Result<u64> {
        self.inner.stream_position()
    }
}
