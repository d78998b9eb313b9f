//! What can be said of a text without a model.

pub mod clean;
pub mod compose;
#[cfg(not(target_arch = "wasm32"))]
pub mod decode;
pub mod digest;
pub mod html;
pub mod kind;
pub mod language;
pub mod segment;
pub mod sentences;
pub mod structure;
pub mod times;
pub mod traced;
pub mod words;
