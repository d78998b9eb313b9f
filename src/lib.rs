//! Précis reads a document with a small language model on the reader's own device, summarizes it,
//! and reports how fast that device reads.
//!
//! The way through the crate: [`summarizer::Summarizer`] encodes a text ([`tokenizer`]), decides
//! how to read it ([`plan`]), reads it in chunks through a [`session::Session`] over a [`model`]
//! and a [`backend`], and writes with a [`sampler`]; [`report`] defines every figure on the way. An
//! [`engine::Engine`] is a summarizer on the backend that is best where it runs.

pub mod backend;
pub mod bench;
pub mod card;
pub mod engine;
pub mod error;
pub mod gguf;
pub mod memory;
pub mod model;
pub mod plan;
pub mod quant;
pub mod report;
pub mod runtime;
pub mod sampler;
pub mod session;
pub mod suite;
pub mod summarizer;
pub mod text;
pub mod tokenizer;

pub use error::{Error, Result};

#[cfg(test)]
#[path = "../tests/common/random.rs"]
mod random;
#[cfg(test)]
#[path = "../tests/common/tolerance.rs"]
mod tolerance;
