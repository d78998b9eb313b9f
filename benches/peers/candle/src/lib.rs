//! candle-transformers' `quantized_llama` behind two calls, as its own examples use it.

use std::io::Cursor;

use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use wasm_bindgen::prelude::*;

/// A loaded model with its key/value cache.
#[wasm_bindgen]
pub struct Peer {
    weights: ModelWeights,
}

#[wasm_bindgen]
impl Peer {
    /// Loads a GGUF file that lies in memory.
    ///
    /// # Errors
    /// What candle says.
    #[wasm_bindgen(constructor)]
    pub fn new(file: &[u8]) -> Result<Peer, JsError> {
        console_error_panic_hook::set_once();
        let mut reader = Cursor::new(file);
        let content = Content::read(&mut reader)?;
        let weights = ModelWeights::from_gguf(content, &mut reader, &Device::Cpu)?;
        Ok(Peer { weights })
    }

    /// Forgets what was read.
    pub fn clear(&mut self) {
        self.weights.clear_kv_cache();
    }

    /// Reads `ids` at `position`, all of them in one pass; returns the best next token.
    ///
    /// # Errors
    /// What candle says, for example past 4,096 positions.
    pub fn forward(&mut self, ids: &[u32], position: usize) -> Result<u32, JsError> {
        let ids = Tensor::new(ids, &Device::Cpu)?.unsqueeze(0)?;
        let logits = self.weights.forward(&ids, position)?.squeeze(0)?;
        Ok(logits.argmax(0)?.to_scalar()?)
    }
}
