//! Threads in the browser's build with shared memory: workers that lend themselves to the engine.
//!
//! The crate wasm-bindgen-rayon would start workers from `blob:` addresses, which a strict
//! Content-Security-Policy forbids, and nobody hears when one fails.

use wasm_bindgen::prelude::*;

use crate::backend::cpu;

/// The compiled module, for workers that are to become threads of it.
#[wasm_bindgen]
pub fn shared_module() -> JsValue {
    wasm_bindgen::module()
}

/// The module's memory, which its threads share.
#[wasm_bindgen]
pub fn shared_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// Lends the calling worker, in which the same module runs on the same memory, to the engine. It
/// does not come back; when it throws, what the engine was doing will never end.
#[wasm_bindgen]
pub fn become_thread() {
    cpu::become_thread()
}
