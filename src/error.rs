//! Every way in which Précis can fail, each with a stable code.

pub mod codes;

use thiserror::Error;

use self::codes::Code;

/// The crate's result type.
pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong, with the names, shapes and limits needed to act on it.
///
/// [`Error::code`] is stable and is what scripts should match on; the message may change.
#[derive(Debug, Clone, PartialEq, Error)]
pub enum Error {
    /// The document has no text to summarize.
    #[error("The document is empty: paste or open a text with at least a sentence.")]
    EmptyDocument,
    /// The document is not text.
    #[error(
        "This is not a text file (see byte {at}), nor in one of the formats that are read: save its text as a text file, and open that."
    )]
    DocumentNotText {
        /// Offset of the first byte that is not text.
        at: usize,
    },
    /// The document is in a format that is not read, such as an Excel workbook.
    #[error("This is {format}, not plain text: save its text as a text file, and open that.")]
    DocumentFormat {
        /// Name of the format, with its article.
        format: &'static str,
    },
    /// A document's format is known, but this one can't be read.
    #[error("The text of this {format} can't be read: {reason}.")]
    DocumentUnreadable {
        /// Name of the format.
        format: &'static str,
        /// The problem, and what to do.
        reason: &'static str,
    },
    /// The document is larger than the limit.
    #[error(
        "The document has {bytes} bytes and the limit is {limit}: paste a part of it, a chapter for example."
    )]
    DocumentTooLarge {
        /// Size of the document in UTF-8 bytes.
        bytes: usize,
        /// Largest accepted size, in bytes.
        limit: usize,
    },
    /// The model file is shorter than its header says.
    #[error(
        "The model file is cut short: {what} needs {needed} bytes and the file has {available}. Download it again."
    )]
    ModelTruncated {
        /// The part of the file that is missing.
        what: String,
        /// Smallest size that the file should have, in bytes.
        needed: u64,
        /// Actual size, in bytes.
        available: u64,
    },
    /// The file is not a GGUF file.
    #[error(
        "This is not a GGUF model file (it begins with {magic:?}): choose a file that ends in .gguf."
    )]
    ModelNotGguf {
        /// The first bytes of the file, printable or escaped.
        magic: String,
    },
    /// The model's architecture is not implemented.
    #[error("The model's architecture {architecture:?} is not supported; supported: {supported}.")]
    ModelUnsupportedArchitecture {
        /// `general.architecture` of the file.
        architecture: String,
        /// The supported architectures.
        supported: &'static str,
    },
    /// The file asks for something that the engine does not compute.
    #[error("This model can't be used: {reason}.")]
    ModelUnsupported {
        /// What it asks for, and what to do.
        reason: String,
    },
    /// A tensor has a quant type that is not implemented.
    #[error(
        "Tensor {tensor:?} is stored as {quant}, which is not supported; use a file quantized to {supported}."
    )]
    ModelUnsupportedQuant {
        /// Name of the tensor, or `(header)`.
        tensor: String,
        /// Name or number of the quant type.
        quant: String,
        /// The supported quant types.
        supported: &'static str,
    },
    /// A metadata key or a tensor that the architecture needs is absent or has the wrong type.
    #[error(
        "The model file lacks {key:?} ({expected}): it is damaged or made for another program."
    )]
    ModelMissingKey {
        /// The metadata key or tensor name.
        key: String,
        /// The expected value.
        expected: &'static str,
    },
    /// The header contradicts itself or the file.
    #[error("The model file is invalid: {reason}. Download it again or use another file.")]
    ModelInvalid {
        /// The contradiction.
        reason: String,
    },
    /// The vocabulary or chat template can't be used.
    #[error("The model's tokenizer can't be used: {reason}.")]
    ModelTokenizer {
        /// The problem.
        reason: String,
    },
    /// The prompt has more tokens than the model has positions.
    #[error(
        "The prompt has {tokens} tokens, and the limit is {limit}: use a shorter document, or read it in windows."
    )]
    PromptTooLong {
        /// Requested tokens, including those already in the cache.
        tokens: usize,
        /// The limit: the trained positions, or those of the extended context.
        limit: usize,
    },
    /// A result card can't be read.
    #[error("This is not a Précis result card: {reason}.")]
    InvalidCard {
        /// The problem.
        reason: String,
    },
    /// The device is out of memory.
    #[error(
        "Out of memory: {bytes} bytes for {what} could not be allocated. Close other tabs or programs, or use a shorter document."
    )]
    OutOfMemory {
        /// Purpose of the memory.
        what: &'static str,
        /// Requested size.
        bytes: usize,
    },
    /// The GPU is out of memory. It reports neither size nor purpose.
    #[error("The GPU is out of memory.")]
    GpuOutOfMemory,
    /// There is no GPU, or it may not be used.
    #[error("No GPU could be used: {reason}.")]
    GpuUnavailable {
        /// The reason, from the browser, the system or the engine.
        reason: String,
    },
    /// The GPU was lost during use: unplugged, reset after a crash, or taken away by the browser.
    #[error("The GPU was lost: {reason}.")]
    GpuLost {
        /// The reason, from the browser or the system.
        reason: String,
    },
    /// The GPU rejected an operation, or computes wrong results.
    #[error("The GPU failed: {reason}.")]
    GpuFailed {
        /// The reason, from the browser, the system or the engine.
        reason: String,
    },
    /// An option is out of its range.
    #[error("Option {option} is {value}: it must be {expected}.")]
    InvalidOptions {
        /// The option's name.
        option: &'static str,
        /// The given value.
        value: String,
        /// The accepted values.
        expected: &'static str,
    },
    /// The caller asked to stop.
    #[error("Cancelled.")]
    Cancelled,
    /// A reader, a clock or another part outside the engine failed.
    #[error("The host failed: {reason}.")]
    Host {
        /// The host's message.
        reason: String,
    },
}

impl Error {
    /// The stable name of this failure, in kebab-case; docs/errors.md explains each.
    pub fn code(&self) -> &'static str {
        let code = match self {
            Error::EmptyDocument => Code::EmptyDocument,
            Error::DocumentNotText { .. }
            | Error::DocumentFormat { .. }
            | Error::DocumentUnreadable { .. } => Code::DocumentNotText,
            Error::DocumentTooLarge { .. } => Code::DocumentTooLarge,
            Error::ModelTruncated { .. } => Code::ModelTruncated,
            Error::ModelNotGguf { .. } => Code::ModelNotGguf,
            Error::ModelUnsupportedArchitecture { .. } | Error::ModelUnsupported { .. } => {
                Code::ModelUnsupportedArchitecture
            }
            Error::ModelUnsupportedQuant { .. } => Code::ModelUnsupportedQuant,
            Error::ModelMissingKey { .. } => Code::ModelMissingKey,
            Error::ModelInvalid { .. } => Code::ModelInvalid,
            Error::ModelTokenizer { .. } => Code::ModelTokenizer,
            Error::PromptTooLong { .. } => Code::PromptTooLong,
            Error::InvalidCard { .. } => Code::InvalidCard,
            Error::OutOfMemory { .. } | Error::GpuOutOfMemory => Code::OutOfMemory,
            Error::GpuUnavailable { .. } => Code::GpuUnavailable,
            Error::GpuLost { .. } => Code::GpuLost,
            Error::GpuFailed { .. } => Code::GpuFailed,
            Error::InvalidOptions { .. } => Code::InvalidOptions,
            Error::Cancelled => Code::Cancelled,
            Error::Host { .. } => Code::HostFailed,
        };
        code.name()
    }
}
