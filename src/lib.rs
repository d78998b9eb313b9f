//! Précis reads a document with a small language model on the reader's own device, summarizes it,
//! and reports how fast that device reads.
//!
//! The way through the crate: [`summarize::Summarizer`] encodes a text ([`lm::tokenizer`]), decides
//! how to read it ([`summarize::plan`]), reads it in chunks through a [`lm::session::Session`] over a
//! [`lm::model`] and a [`backend`], and writes with a [`lm::sampler`]; [`report`] defines every figure
//! on the way. An [`engine::Engine`] is a summarizer on the backend that is best where it runs.
//!
//! Modules import only from those above them in this list; `cargo xtask tidy` checks it.

// The ground: what everything else is told, measured and counted in.
pub mod error;
pub mod host;
pub mod report;
// Computing.
pub mod backend;
pub mod quant;
// The language model: token ids in, logits and tokens out.
pub mod lm;
// Texts.
pub mod document;
// The product.
pub mod engine;
pub mod measure;
pub mod summarize;
// All that touches JavaScript.
#[cfg(target_arch = "wasm32")]
pub mod bindings;

pub use error::{Error, Result};

#[cfg(test)]
#[path = "../tests/common/random.rs"]
mod random;
#[cfg(test)]
#[path = "../tests/common/tolerance.rs"]
mod tolerance;
