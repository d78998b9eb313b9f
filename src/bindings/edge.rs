//! The host in an isolate on the edge, and the crate's exports to JavaScript there.
//!
//! An isolate has one thread, no GPU and little memory: 128 MB on Cloudflare Workers, for the module
//! and JavaScript together. Therefore the model is packed while it arrives, its embedding in 4 bits,
//! and our builds link the module with a memory limit (xtask/src/wasm.rs).
//!
//! Some platforms stop the clock during computation, so that it can't be used to spy on other
//! tenants. It advances when input arrives.

use std::cell::{RefCell, RefMut};

use js_sys::Function;
use tsify::Ts;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::js::{Clock, JsHost, ModelInfo, given, hold, into_js, kind, thrown};
use crate::backend::cpu::{self, Cpu};
use crate::host::{Note, elapsed};
use crate::lm::model::ModelStream;
use crate::report::{BackendReport, LoadReport, Report};
use crate::summarize::{Options, Summarizer, Windows};

/// Readings of the clock that take some milliseconds together, so that a running clock advances.
const LOOKS: usize = 100_000;

/// A model file that arrives from its beginning to its end.
#[wasm_bindgen]
pub struct ModelLoader {
    stream: ModelStream<Cpu>,
    info: ModelInfo,
    reason: String,
    clock: Clock,
    started: Option<f64>,
}

#[wasm_bindgen]
impl ModelLoader {
    /// A loader for a file of `size` bytes. If `info` has a hash, the file must match it. `reason`
    /// says in reports why this build was chosen.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    #[wasm_bindgen(constructor)]
    pub fn new(size: f64, info: Ts<ModelInfo>, reason: String) -> Result<ModelLoader, JsValue> {
        let info = given("info", &info)?;
        let clock = clock();
        #[cfg(target_feature = "relaxed-simd")]
        cpu::tune(|| clock.now_ms().filter(|_| clock.runs)).map_err(|e| thrown(&e))?;
        let stream = ModelStream::new(Cpu::default(), size as u64, true);
        let started = clock.now_ms();
        Ok(Self { stream, info, reason, clock, started })
    }

    /// Adds the next bytes of the file.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.stream.push(bytes).map_err(|e| thrown(&e))
    }

    /// An engine with the model, after all bytes of the file were pushed.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn finish(self) -> Result<Engine, JsValue> {
        let Self { stream, info, reason, clock, started } = self;
        let (cpu, model) = stream.finish(info.sha256.as_deref()).map_err(|e| thrown(&e))?;
        let backend = BackendReport {
            kind: kind().into(),
            threads: 1,
            adapter: None,
            features: cpu::features(),
            reason: Some(format!("{reason}; the embedding is in 4 bits, to save memory")),
        };
        // Even a clock that stops during computation has advanced: the last bytes were input.
        let prepare_ms = elapsed(started, clock.now_ms());
        let load = LoadReport {
            read_ms: info.read_ms,
            prepare_ms,
            pipelines_ms: None,
            bytes: model.file_bytes,
        };
        let summarizer = Summarizer::new(cpu, model, (info.id, info.sha256), backend, load);
        Ok(Engine { summarizer: RefCell::new(summarizer), clock })
    }
}

/// A model that is ready to summarize.
#[wasm_bindgen]
pub struct Engine {
    // Borrowed for a whole run; JavaScript starts one run at a time.
    summarizer: RefCell<Summarizer<Cpu>>,
    clock: Clock,
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "a run holds the engine; other calls during it get an error from `hold`"
)]
#[wasm_bindgen]
impl Engine {
    /// The windows in which `text` will be read.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn plan(&self, text: &str, options: Ts<Options>) -> Result<Ts<Windows>, JsValue> {
        into_js(&self.hold()?.plan(text, &given("options", &options)?).map_err(|e| thrown(&e))?)
    }

    /// Takes a note on one window of a document that another isolate summarizes. The signal stops it
    /// between two chunks.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub async fn note(
        &self,
        window: String,
        options: Ts<Options>,
        signal: Option<AbortSignal>,
    ) -> Result<Ts<Note>, JsValue> {
        let options = given("options", &options)?;
        let host = JsHost { signal, on_event: None, clock: self.clock.clone() };
        let mut summarizer = self.hold()?;
        into_js(&summarizer.note(&window, &options, &host).await.map_err(|e| thrown(&e))?)
    }

    /// Reads and summarizes `text`. The signal stops the run between two chunks.
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
        let host = JsHost { signal, on_event: Some(on_event), clock: self.clock.clone() };
        let mut summarizer = self.hold()?;
        into_js(&summarizer.run(&text, &options, &host).await.map_err(|e| thrown(&e))?)
    }

    /// Positions that the model was trained for.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn context(&self) -> Result<usize, JsValue> {
        Ok(self.hold()?.session().model().config.context)
    }
}

impl Engine {
    fn hold(&self) -> Result<RefMut<'_, Summarizer<Cpu>>, JsValue> {
        hold(&self.summarizer)
    }
}

/// The isolate's clock, after a check whether it runs during computation.
fn clock() -> Clock {
    let mut clock = Clock::running();
    let began = clock.now_ms();
    clock.runs = (0..LOOKS).any(|_| clock.now_ms() != began);
    clock
}
