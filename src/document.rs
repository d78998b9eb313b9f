//! What can be said of a text without a model.

pub mod clean;
pub mod sentences;
pub mod words;
