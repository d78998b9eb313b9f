//! The language model: a file's header and weights, its tokenizer, the forward pass, what has been
//! read so far, and the choice of the next token.

pub mod gguf;
pub mod model;
pub mod sampler;
pub mod session;
pub mod tokenizer;
