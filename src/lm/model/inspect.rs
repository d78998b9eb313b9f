//! Describes a model file from its first bytes, before the rest is fetched.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::Config;
use super::stream::open_head;
use crate::error::Result;
use crate::lm::tokenizer::Tokenizer;

/// A loadable model, as described by its header.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub struct Inspection {
    /// `general.architecture`.
    pub architecture: String,
    /// `general.name`, if present.
    pub name: Option<String>,
    /// `general.license`, if present.
    pub license: Option<String>,
    /// The storage format of most weights.
    pub quant: String,
    /// Number of weights.
    pub parameters: usize,
    /// Trained context, in tokens.
    pub context: usize,
    /// Whether it was trained for conversations; otherwise it only continues text.
    pub has_chat_template: bool,
}

/// Reads the header of a file of `size` bytes from its `first` bytes (at least four unless the file
/// is shorter), and checks that the engine supports its architecture, tokenizer, and every tensor's
/// format and place. `None` if the header is longer: try again with twice as many bytes.
///
/// # Errors
/// The `model-…` codes, as in [`super::Model::load`].
pub fn inspect(first: &[u8], size: u64) -> Result<Option<Inspection>> {
    let Some(gguf) = open_head(first, size)? else { return Ok(None) };
    let config = Config::from_gguf(&gguf)?;
    Tokenizer::from_gguf(&gguf)?;
    let text = |key| gguf.string(key).ok().map(str::to_string);
    let mut formats: HashMap<&str, usize> = HashMap::new();
    for tensor in gguf.tensors()? {
        *formats.entry(tensor.quant.name()).or_default() += tensor.rows * tensor.cols;
    }
    let quant = formats.iter().max_by_key(|(_, weights)| **weights).map_or("", |(name, _)| name);
    Ok(Some(Inspection {
        quant: quant.into(),
        parameters: formats.values().sum(),
        name: text("general.name"),
        license: text("general.license"),
        has_chat_template: gguf.get("tokenizer.chat_template").is_some(),
        context: config.context,
        architecture: config.architecture.name().into(),
    }))
}
