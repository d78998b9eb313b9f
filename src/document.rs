//! What can be said of a text without a model.

pub mod sentences;
pub mod words;
