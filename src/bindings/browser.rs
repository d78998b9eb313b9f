//! The host in a browser's worker, and what the crate exports to JavaScript.
//!
//! JavaScript keeps the model file (as a `Blob` in origin private storage, say) and hands out byte
//! ranges of it; Rust packs them and keeps no others. All other types that cross are generated.

mod suite;

use std::cell::RefCell;
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use js_sys::{Function, Reflect, Uint8Array};
use sha2::{Digest, Sha256 as Sha256State};
use tsify::Ts;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use self::suite::Prepared;
use super::js::{Clock, JsHost, ModelInfo, into_js, invalid_argument, kind, thrown};
use crate::backend::cpu::{self, Cpu, Threads};
use crate::backend::webgpu::Products;
use crate::engine::{self, Compute, Setup};
use crate::error::Error;
use crate::lm::gguf;
use crate::lm::model::{Inspection, inspect};
use crate::measure::bench::Measurement;
use crate::measure::suite::{Golden, Outcome, Prompts, Step};
use crate::report::{BackendReport, Report};
use crate::summarize::Options;
use crate::summarize::note_cache::CachedNote;

/// `wasm-relaxed-simd` or `wasm-simd`: which build of the module this is.
#[wasm_bindgen]
pub fn build() -> String {
    kind().into()
}

/// A model that is ready to summarize.
#[wasm_bindgen]
pub struct Engine {
    // A run holds this for as long as it takes; JavaScript asks for one run at a time.
    engine: RefCell<engine::Engine<JsFile>>,
    prompts: RefCell<Option<Rc<Prompts>>>,
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "a run holds the engine; whoever asks meanwhile gets an error from `hold`"
)]
#[wasm_bindgen]
impl Engine {
    /// Loads a model of `size` bytes. `read(offset, into)` fills the array `into` with the bytes
    /// from `offset` on, before it returns, or throws; it may be called again when a run moves from
    /// one backend to another. `compute` is `auto`, `cpu` or `webgpu`. `threads` counts this worker
    /// and those that have called `become_thread`; `reason`, why this build and so many of them,
    /// goes into the reports. `progress(done, total)` counts bytes.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub async fn load(
        size: f64,
        #[wasm_bindgen(unchecked_param_type = "(offset: number, into: Uint8Array) => void")]
        read: Function,
        info: Ts<ModelInfo>,
        #[wasm_bindgen(unchecked_param_type = "'auto' | 'cpu' | 'webgpu'")] compute: String,
        threads: usize,
        reason: String,
        #[wasm_bindgen(unchecked_param_type = "(done: number, total: number) => void")]
        progress: Function,
    ) -> Result<Engine, JsValue> {
        let info = info.to_rust().map_err(|e| thrown(&invalid_argument("info", &e)))?;
        let compute = match compute.as_str() {
            "auto" => Compute::Auto,
            "cpu" => Compute::Cpu,
            "webgpu" => Compute::WebGpu,
            _ => {
                let (option, expected) = ("compute", "auto, cpu or webgpu");
                let value = compute;
                return Err(thrown(&Error::InvalidOptions { option, value, expected }));
            }
        };
        let clock = Clock::running();
        #[cfg(target_feature = "relaxed-simd")]
        cpu::tune(|| clock.now_ms()).map_err(|e| thrown(&e))?;
        let cpu = Cpu { threads: Threads::started(threads) };
        let setup = Setup {
            compute,
            open: Box::new(move || {
                Ok(JsFile { read: read.clone(), size: size as u64, position: 0 })
            }),
            now_ms: Rc::new(move || clock.now_ms()),
            cpu,
            cpu_report: BackendReport {
                kind: kind().into(),
                threads: cpu.threads.count(),
                adapter: None,
                features: cpu::features(),
                reason: Some(reason),
            },
            model: (info.id, info.sha256),
            read_ms: info.read_ms,
        };
        let mut tell = |done, total| {
            let (done, total) = (JsValue::from(done as f64), JsValue::from(total as f64));
            // A listener that throws is no reason to stop.
            let _ = progress.call2(&JsValue::NULL, &done, &total);
        };
        let engine = engine::Engine::load(setup, &mut tell).await.map_err(|e| thrown(&e))?;
        Ok(Engine { engine: RefCell::new(engine), prompts: RefCell::default() })
    }

    /// Reads and summarizes `text`. The signal ends the run within a chunk.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub async fn summarize(
        &self,
        text: String,
        options: Ts<Options>,
        signal: Option<AbortSignal>,
        #[wasm_bindgen(unchecked_param_type = "(event: Event) => void")] on_event: Function,
    ) -> Result<Ts<Report>, JsValue> {
        let options = options.to_rust().map_err(|e| thrown(&invalid_argument("options", &e)))?;
        let host = JsHost { signal, on_event: Some(on_event), clock: Clock::running() };
        let mut engine = self.hold()?;
        let report = engine.run(&text, &options, &host).await.map_err(|e| thrown(&e))?;
        into_js(&report)
    }

    /// Takes a note that was kept of an earlier run, from its event `noted`.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn remember(&self, note: Ts<CachedNote>) -> Result<(), JsValue> {
        let note = note.to_rust().map_err(|e| thrown(&invalid_argument("note", &e)))?;
        self.hold()?.memory().keep(note);
        Ok(())
    }

    /// Forgets all notes of earlier runs.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn forget(&self) -> Result<(), JsValue> {
        self.hold()?.memory().clear();
        Ok(())
    }

    /// What computes, and why.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn backend(&self) -> Result<Ts<BackendReport>, JsValue> {
        into_js(self.hold()?.backend())
    }

    /// Tokens of `text` alone, without a prompt around it.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn count_tokens(&self, text: &str) -> Result<usize, JsValue> {
        Ok(self.encode(text)?.len())
    }

    /// Token ids of `text` as plain text.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, JsValue> {
        self.hold()?.tokenizer().encode(text).map_err(|e| thrown(&e))
    }

    /// Positions that the model was trained for.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn context(&self) -> Result<usize, JsValue> {
        Ok(self.hold()?.config().context)
    }

    /// Multiplications that one prompt token takes in the linear layers.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn linear_macs(&self) -> Result<usize, JsValue> {
        Ok(self.hold()?.linear_macs())
    }

    /// Bytes of packed weights that writing one token reads.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn weight_bytes(&self) -> Result<usize, JsValue> {
        Ok(self.hold()?.weight_bytes())
    }

    /// Reads `ids` and writes `decode` tokens, for measuring: no template, plan or stopping.
    /// `profile` asks for the time of each operation.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub async fn measure(
        &self,
        ids: Vec<u32>,
        decode: usize,
        profile: Option<bool>,
    ) -> Result<Ts<Measurement>, JsValue> {
        let host = JsHost { signal: None, on_event: None, clock: Clock::running() };
        let mut engine = self.hold()?;
        let measured = engine.measure(&ids, decode, profile.unwrap_or(false), &host).await;
        into_js(&measured.map_err(|e| thrown(&e))?)
    }

    /// Gets ready for a suite: the benchmark document is made of `article`, and the logits after
    /// the prompt `golden_ids` are held to `golden_logits`, little-endian 16-bit floats; nothing
    /// where none are recorded for this model.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn prepare(
        &self,
        article: &str,
        golden_ids: Vec<u32>,
        golden_logits: Vec<u8>,
    ) -> Result<Ts<Prepared>, JsValue> {
        let host = JsHost { signal: None, on_event: None, clock: Clock::running() };
        let mut engine = self.hold()?;
        let golden = Golden { ids: golden_ids, logits: golden_logits };
        let golden = (!golden.ids.is_empty()).then_some(golden);
        let prompts = engine.prompts(article, golden).map_err(|e| thrown(&e))?;
        let document = prompts.document().clone();
        self.prompts.replace(Some(Rc::new(prompts)));
        into_js(&Prepared { facts: engine.facts(&host), document })
    }

    /// Does a step of a suite, after `prepare`, on a GPU in these products; but for a rest, which is
    /// the caller's own. The signal ends it between two chunks.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub async fn perform(
        &self,
        products: Option<Ts<Products>>,
        step: Ts<Step>,
        signal: Option<AbortSignal>,
    ) -> Result<Ts<Outcome>, JsValue> {
        let products = products.map(|products| products.to_rust()).transpose();
        let products = products.map_err(|e| thrown(&invalid_argument("products", &e)))?;
        let step = step.to_rust().map_err(|e| thrown(&invalid_argument("step", &e)))?;
        let prompts = self.prompts.borrow().clone().ok_or_else(|| {
            thrown(&Error::Host { reason: "a suite's step was asked for before prepare".into() })
        })?;
        let host = JsHost { signal, on_event: None, clock: Clock::running() };
        let mut engine = self.hold()?;
        into_js(&engine.perform(&prompts, products, &step, &host).await.map_err(|e| thrown(&e))?)
    }

    /// The best speed of the matrix kernel, in 10⁹ multiply-adds a second.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub async fn peak_gmacs(&self) -> Result<Option<f64>, JsValue> {
        let host = JsHost { signal: None, on_event: None, clock: Clock::running() };
        self.hold()?.peak_gmacs(&host).await.map_err(|e| thrown(&e))
    }
}

impl Engine {
    fn hold(&self) -> Result<std::cell::RefMut<'_, engine::Engine<JsFile>>, JsValue> {
        let busy = |_| thrown(&Error::Host { reason: "a run is in progress already".into() });
        self.engine.try_borrow_mut().map_err(busy)
    }
}

/// What the first bytes of a model's file of `size` bytes say of it, and whether it can be loaded.
/// `undefined` where the header goes on after them: try again with twice as many.
///
/// # Errors
/// An `Error` with a `code`.
#[wasm_bindgen]
pub fn inspect_model(first: &[u8], size: f64) -> Result<Option<Ts<Inspection>>, JsValue> {
    let inspected = inspect(first, size as u64).map_err(|e| thrown(&e))?;
    inspected.as_ref().map(into_js).transpose()
}

/// SHA-256 of a file that comes in pieces, which the web's own cryptography can't do.
#[wasm_bindgen]
#[derive(Default)]
pub struct Sha256 {
    state: Sha256State,
}

#[wasm_bindgen]
impl Sha256 {
    /// Of nothing yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    /// The digest of what was added, in lower-case hexadecimal; afterwards it is of nothing again.
    pub fn finish(&mut self) -> String {
        base16ct::lower::encode_string(&self.state.finalize_reset())
    }
}

/// A file that JavaScript reads for us.
struct JsFile {
    read: Function,
    size: u64,
    position: u64,
}

impl Read for JsFile {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let len = (self.size - self.position.min(self.size)).min(buf.len() as u64) as usize;
        if len == 0 {
            return Ok(0);
        }
        // An array of JavaScript's own: a view of our memory would be cut off if that grew.
        let into = Uint8Array::new_with_length(len as u32);
        self.read
            .call2(&JsValue::NULL, &JsValue::from(self.position as f64), &into)
            .map_err(|e| io::Error::other(describe(&e)))?;
        into.copy_to(&mut buf[..len]);
        self.position += len as u64;
        Ok(len)
    }
}

impl Seek for JsFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.position = gguf::sought(to, self.position, self.size)?;
        Ok(self.position)
    }
}

/// What an exception says.
fn describe(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|m| m.as_string());
    message.unwrap_or_else(|| format!("{error:?}"))
}
