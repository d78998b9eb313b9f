//! The host in a browser's worker, and the crate's exports to JavaScript there.
//!
//! JavaScript keeps the model file, for example as a `Blob` in the origin private file system, and
//! hands out byte ranges of it. Rust keeps only the packed weights. The TypeScript types of all
//! other values are generated.

mod suite;

use std::cell::{RefCell, RefMut};
use std::io::{self, Read, Seek, SeekFrom};
use std::rc::Rc;

use js_sys::{Function, Reflect, Uint8Array};
use sha2::{Digest, Sha256 as Sha256State};
use tsify::Ts;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use self::suite::Prepared;
use super::js::{Clock, JsHost, ModelInfo, given, hold, into_js, kind, thrown};
use crate::backend::cpu::{self, Cpu, Threads};
use crate::backend::webgpu::Products;
use crate::document::clean::Clean;
use crate::engine::{self, Compute, Setup};
use crate::error::Error;
use crate::lm::gguf;
use crate::lm::model::{Inspection, inspect};
use crate::measure::bench::Measurement;
use crate::measure::suite::{Golden, Outcome, Prompts, Step};
use crate::report::{BackendReport, Report};
use crate::summarize::Options;
use crate::summarize::note_cache::CachedNote;

/// The build of this module: `wasm-relaxed-simd` or `wasm-simd`.
#[wasm_bindgen]
pub fn build() -> String {
    kind().into()
}

/// A model that is ready to summarize.
#[wasm_bindgen]
pub struct Engine {
    // Borrowed for a whole run; JavaScript starts one run at a time.
    engine: RefCell<engine::Engine<JsFile>>,
    prompts: RefCell<Option<Rc<Prompts>>>,
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "a run holds the engine; other calls during it get an error from `hold`"
)]
#[wasm_bindgen]
impl Engine {
    /// Loads a model of `size` bytes.
    ///
    /// `read(offset, into)` synchronously fills the array `into` with the bytes from `offset` on, or
    /// throws; it is called again if a run moves to another backend. `threads` counts this worker
    /// and those that have called `become_thread`. `reason` says in reports why this build and
    /// number of threads were chosen. `progress(done, total)` counts bytes.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub async fn load(
        size: f64,
        #[wasm_bindgen(unchecked_param_type = "(offset: number, into: Uint8Array) => void")]
        read: Function,
        info: Ts<ModelInfo>,
        compute: Ts<Compute>,
        threads: usize,
        reason: String,
        #[wasm_bindgen(unchecked_param_type = "(done: number, total: number) => void")]
        progress: Function,
    ) -> Result<Engine, JsValue> {
        let (info, compute) = (given("info", &info)?, given("compute", &compute)?);
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
            // A listener that throws must not stop loading.
            let _ = progress.call2(&JsValue::NULL, &done, &total);
        };
        let engine = engine::Engine::load(setup, &mut tell).await.map_err(|e| thrown(&e))?;
        Ok(Engine { engine: RefCell::new(engine), prompts: RefCell::default() })
    }

    /// Reads and summarizes `text`. The signal stops the run, within a chunk too.
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
        let options = given("options", &options)?;
        let host = JsHost { signal, on_event: Some(on_event), clock: Clock::running() };
        let mut engine = self.hold()?;
        let report = engine.run(&text, &options, &host).await.map_err(|e| thrown(&e))?;
        into_js(&report)
    }

    /// Adds a note to the note cache that an earlier run sent in the event `noted`.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn remember(&self, note: Ts<CachedNote>) -> Result<(), JsValue> {
        let note = given("note", &note)?;
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

    /// The backend in use, and the reason for it.
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

    /// Multiply-adds per prompt token in the linear layers.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn linear_macs(&self) -> Result<usize, JsValue> {
        Ok(self.hold()?.linear_macs())
    }

    /// Bytes of packed weights read per decoded token.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn weight_bytes(&self) -> Result<usize, JsValue> {
        Ok(self.hold()?.weight_bytes())
    }

    /// Reads `ids` and then writes exactly `decode` tokens, without a chat template or plan.
    /// `profile` measures the time of each operation.
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

    /// Prepares a suite. The benchmark document repeats `article`. The logits after the prompt
    /// `golden_ids` are compared with `golden_logits`, little-endian 16-bit floats; both are empty
    /// if none are recorded for this model.
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

    /// Runs a step of a suite, after `prepare`. A GPU multiplies in `products`. The caller handles
    /// rests. The signal stops it between two chunks.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub async fn perform(
        &self,
        products: Option<Ts<Products>>,
        step: Ts<Step>,
        signal: Option<AbortSignal>,
    ) -> Result<Ts<Outcome>, JsValue> {
        let products = products.map(|products| given("products", &products)).transpose()?;
        let step = given("step", &step)?;
        let prompts = self.prompts.borrow().clone().ok_or_else(|| {
            thrown(&Error::Host { reason: "perform was called before prepare".into() })
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
    fn hold(&self) -> Result<RefMut<'_, engine::Engine<JsFile>>, JsValue> {
        hold(&self.engine)
    }
}

/// The text of a document as it is read: web pages without their markup, line ends made even.
#[wasm_bindgen]
pub fn readable(text: &str) -> String {
    Clean::new(text).text().into()
}

/// Reads the header in the first bytes of a model file of `size` bytes, and checks that the model
/// can be loaded. `undefined` if the header is longer: try again with twice as many bytes.
///
/// # Errors
/// An `Error` with a `code`.
#[wasm_bindgen]
pub fn inspect_model(first: &[u8], size: f64) -> Result<Option<Ts<Inspection>>, JsValue> {
    let inspected = inspect(first, size as u64).map_err(|e| thrown(&e))?;
    inspected.as_ref().map(into_js).transpose()
}

/// SHA-256 of data that arrives in pieces. The browser's own `crypto.subtle` needs all of it at once.
#[wasm_bindgen]
#[derive(Default)]
pub struct Sha256 {
    state: Sha256State,
}

#[wasm_bindgen]
impl Sha256 {
    /// A hash of no bytes yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.state.update(bytes);
    }

    /// The digest in lower-case hexadecimal. Resets the hash.
    pub fn finish(&mut self) -> String {
        base16ct::lower::encode_string(&self.state.finalize_reset())
    }
}

/// A file that JavaScript reads on request.
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
        // Not a view of WebAssembly memory, which would become invalid if that memory grew.
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

/// The message of an exception.
fn describe(error: &JsValue) -> String {
    let message = Reflect::get(error, &"message".into()).ok().and_then(|m| m.as_string());
    message.unwrap_or_else(|| format!("{error:?}"))
}
