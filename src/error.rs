//! Every way in which Précis can fail, each with a stable code.

use thiserror::Error;

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
    #[error("This is not a text file (see byte {at}): open plain text or Markdown.")]
    DocumentNotText {
        /// Offset of the first byte that is not text.
        at: usize,
    },
    /// The document is a file that holds text in a format of its own.
    #[error("This is {format}, not plain text: save its text as a text file, and open that.")]
    DocumentFormat {
        /// Which, with its article.
        format: &'static str,
    },
    /// The document is larger than the limit.
    #[error(
        "The document has {bytes} bytes and the limit is {limit}: paste a part of it, a chapter for example."
    )]
    DocumentTooLarge {
        /// Size of the document in UTF-8 bytes.
        bytes: usize,
        /// The most that is accepted, in bytes.
        limit: usize,
    },
    /// The model file ends before its own header says that it does.
    #[error(
        "The model file is cut short: {what} needs {needed} bytes and the file has {available}. Download it again."
    )]
    ModelTruncated {
        /// The part of the file that is missing.
        what: String,
        /// Size that the file should have at least, in bytes.
        needed: u64,
        /// Size that it has, in bytes.
        available: u64,
    },
    /// The file is not GGUF at all.
    #[error(
        "This is not a GGUF model file (it begins with {magic:?}): choose a file that ends in .gguf."
    )]
    ModelNotGguf {
        /// The first bytes of the file, printable or escaped.
        magic: String,
    },
    /// The architecture has no implementation here.
    #[error("The model's architecture {architecture:?} is not supported; supported: {supported}.")]
    ModelUnsupportedArchitecture {
        /// `general.architecture` of the file.
        architecture: String,
        /// What would be accepted.
        supported: &'static str,
    },
    /// A tensor is stored in a format that has no kernel here.
    #[error(
        "Tensor {tensor:?} is stored as {quant}, which is not supported; use a file quantized to {supported}."
    )]
    ModelUnsupportedQuant {
        /// Name of the tensor, or of the header where the format was met.
        tensor: String,
        /// The format's name or number.
        quant: String,
        /// What would be accepted.
        supported: &'static str,
    },
    /// A metadata key or a tensor that the architecture needs is absent or has the wrong type.
    #[error(
        "The model file lacks {key:?} ({expected}): it is damaged or made for another program."
    )]
    ModelMissingKey {
        /// The metadata key or tensor name.
        key: String,
        /// What was expected under that name.
        expected: &'static str,
    },
    /// The header contradicts itself or the file.
    #[error("The model file is invalid: {reason}. Download it again or use another file.")]
    ModelInvalid {
        /// What contradicts what.
        reason: String,
    },
    /// The vocabulary or chat template can't be used.
    #[error("The model's tokenizer can't be used: {reason}.")]
    ModelTokenizer {
        /// What is wrong with it.
        reason: String,
    },
    /// More tokens than there are positions.
    #[error(
        "{tokens} tokens do not fit into one prompt, which has {limit} at most: use a shorter one, or have the document read in windows."
    )]
    PromptTooLong {
        /// Tokens asked for, those already in the cache included.
        tokens: usize,
        /// The largest number: the model's trained positions, or as many as its context has been or
        /// can be extended to.
        limit: usize,
    },
    /// A result card that can't be read.
    #[error("This is no result card of Précis: {reason}.")]
    InvalidCard {
        /// What is wrong with it.
        reason: String,
    },
    /// The device has no more memory to give.
    #[error(
        "Out of memory: {bytes} bytes for {what} could not be had. Close other tabs or programs, or use a shorter document."
    )]
    OutOfMemory {
        /// What the memory was for.
        what: &'static str,
        /// How much was asked for.
        bytes: usize,
    },
    /// The GPU has no more memory to give, and doesn't say for what.
    #[error("The GPU is out of memory.")]
    GpuOutOfMemory,
    /// There is no GPU, or it may not be used.
    #[error("No GPU could be used: {reason}.")]
    GpuUnavailable {
        /// What the browser or the system said.
        reason: String,
    },
    /// The GPU went away while it was used: unplugged, reset after a crash, or taken by the browser.
    #[error("The GPU was lost: {reason}.")]
    GpuLost {
        /// What the browser or the system said.
        reason: String,
    },
    /// The GPU refused something, or computes wrongly.
    #[error("The GPU failed: {reason}.")]
    GpuFailed {
        /// What the browser or the system said, or what was found wrong.
        reason: String,
    },
    /// An option is out of its range.
    #[error("Option {option} is {value}: it must be {expected}.")]
    InvalidOptions {
        /// The option's name.
        option: &'static str,
        /// What was given.
        value: String,
        /// What would be accepted.
        expected: &'static str,
    },
    /// The caller asked to stop.
    #[error("Cancelled.")]
    Cancelled,
    /// A reader, a clock or another part outside the engine failed.
    #[error("The host failed: {reason}.")]
    Host {
        /// What the host said.
        reason: String,
    },
}

impl Error {
    /// The stable name of this failure, in kebab-case; docs/errors.md explains each.
    pub fn code(&self) -> &'static str {
        match self {
            Error::EmptyDocument => "empty-document",
            Error::DocumentNotText { .. } | Error::DocumentFormat { .. } => "document-not-text",
            Error::DocumentTooLarge { .. } => "document-too-large",
            Error::ModelTruncated { .. } => "model-truncated",
            Error::ModelNotGguf { .. } => "model-not-gguf",
            Error::ModelUnsupportedArchitecture { .. } => "model-unsupported-architecture",
            Error::ModelUnsupportedQuant { .. } => "model-unsupported-quant",
            Error::ModelMissingKey { .. } => "model-missing-key",
            Error::ModelInvalid { .. } => "model-invalid",
            Error::ModelTokenizer { .. } => "model-tokenizer",
            Error::PromptTooLong { .. } => "prompt-too-long",
            Error::InvalidCard { .. } => "invalid-card",
            Error::OutOfMemory { .. } | Error::GpuOutOfMemory => "out-of-memory",
            Error::GpuUnavailable { .. } => "gpu-unavailable",
            Error::GpuLost { .. } => "gpu-lost",
            Error::GpuFailed { .. } => "gpu-failed",
            Error::InvalidOptions { .. } => "invalid-options",
            Error::Cancelled => "cancelled",
            Error::Host { .. } => "host-failed",
        }
    }
}
