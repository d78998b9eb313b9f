//! What can be said of a text without a model.

pub mod clean;
#[cfg(not(target_arch = "wasm32"))]
pub mod decode;
pub mod segment;
pub mod sentences;
pub mod words;
