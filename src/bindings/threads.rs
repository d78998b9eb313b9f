//! Threads of the browser build with shared memory. Each is a worker that calls `become_thread`.
//!
//! The crate wasm-bindgen-rayon starts workers from `blob:` addresses, which a strict
//! Content-Security-Policy forbids, and does not report failures.

use wasm_bindgen::prelude::*;

use crate::backend::cpu;

/// The compiled module, for workers that will become its threads.
#[wasm_bindgen]
pub fn shared_module() -> JsValue {
    wasm_bindgen::module()
}

/// The module's memory, which its threads share.
#[wasm_bindgen]
pub fn shared_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// Turns the calling worker, which runs the same module on the same memory, into a thread of the
/// engine. Never returns. If it throws, the engine's current call never ends.
#[wasm_bindgen]
pub fn become_thread() {
    cpu::become_thread()
}
