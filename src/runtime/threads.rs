//! Threads in the browser's build with shared memory: workers that lend themselves to rayon.
//!
//! What the crate wasm-bindgen-rayon does, without its JavaScript: that starts workers from `blob:`
//! addresses, which a strict Content-Security-Policy forbids, and nobody hears when one fails.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use rayon::{ThreadBuilder, ThreadPoolBuilder};
use wasm_bindgen::prelude::*;

use super::browser::thrown;
use crate::error::Error;

/// Threads that rayon wants to have run, until a worker takes them up.
static WANTED: Mutex<VecDeque<ThreadBuilder>> = Mutex::new(VecDeque::new());
static ADDED: Condvar = Condvar::new();

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
    let mut wanted = WANTED.lock().unwrap_or_else(PoisonError::into_inner);
    let thread = loop {
        match wanted.pop_front() {
            Some(thread) => break thread,
            None => wanted = ADDED.wait(wanted).unwrap_or_else(PoisonError::into_inner),
        }
    };
    drop(wanted);
    thread.run();
}

/// Makes `count` workers that have called [`become_thread`], or are about to, the threads on which
/// [`super::browser::Engine::load`] lets a model compute. Returns when they run.
///
/// # Errors
/// An `Error` with the code `host-failed` when there are threads already.
#[wasm_bindgen]
pub fn start_threads(count: usize) -> Result<(), JsValue> {
    let pool = ThreadPoolBuilder::new().num_threads(count).spawn_handler(|thread| {
        WANTED.lock().unwrap_or_else(PoisonError::into_inner).push_back(thread);
        ADDED.notify_one();
        Ok(())
    });
    let failed = |e| thrown(&Error::Host { reason: format!("threads: {e}") });
    pool.build_global().map_err(failed)
}
