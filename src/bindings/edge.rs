//! The host in an isolate on the edge, and what the crate exports to JavaScript there.
//!
//! An isolate has one thread, no GPU and little memory (Cloudflare Workers: 128 MB, the module's and
//! JavaScript's together). So the model is packed while it arrives, its embedding in 4 bits, and the
//! module is linked with a largest memory (build.rs).
//!
//! Where a clock must not serve to spy on other tenants it stands still during computation, and moves
//! on when something from outside arrives.

use std::cell::RefCell;

use js_sys::Function;
use tsify::Ts;
use wasm_bindgen::prelude::*;
use web_sys::AbortSignal;

use super::js::{Clock, JsHost, ModelInfo, into_js, invalid_argument, kind, thrown};
use crate::backend::cpu::{self, Cpu};
use crate::error::Error;
use crate::host::Note;
use crate::lm::model::ModelStream;
use crate::report::{BackendReport, LoadReport, Report};
use crate::summarize::{Options, Summarizer, Windows};

/// Looks at the clock after which it must have moved if it runs: they take some milliseconds.
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
    /// A file of `size` bytes. If `info` has a hash, the file must have it. `reason`, why this build
    /// of the module, goes into the reports.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    #[wasm_bindgen(constructor)]
    pub fn new(size: f64, info: Ts<ModelInfo>, reason: String) -> Result<ModelLoader, JsValue> {
        let info = info.to_rust().map_err(|e| thrown(&invalid_argument("info", &e)))?;
        let clock = clock();
        #[cfg(target_feature = "relaxed-simd")]
        cpu::tune(|| clock.now_ms().filter(|_| clock.runs)).map_err(|e| thrown(&e))?;
        let stream = ModelStream::new(Cpu::default(), size as u64, true);
        let started = clock.now_ms();
        Ok(Self { stream, info, reason, clock, started })
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), JsValue> {
        self.stream.push(bytes).map_err(|e| thrown(&e))
    }

    /// The model, once all of the file has been pushed.
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
        // The file arrives while it is packed: its last bytes have moved the clock on.
        let prepare_ms = clock.now_ms().zip(started).map(|(now, started)| now - started);
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
    // A run holds this for as long as it takes; JavaScript asks for one at a time.
    summarizer: RefCell<Summarizer<Cpu>>,
    clock: Clock,
}

#[expect(
    clippy::await_holding_refcell_ref,
    reason = "a run holds the engine; whoever asks meanwhile gets an error from `hold`"
)]
#[wasm_bindgen]
impl Engine {
    /// How `text` will be read.
    ///
    /// # Errors
    /// An `Error` with a `code`.
    pub fn plan(&self, text: &str, options: Ts<Options>) -> Result<Ts<Windows>, JsValue> {
        into_js(&self.hold()?.plan(text, &given(&options)?).map_err(|e| thrown(&e))?)
    }

    /// Takes a note on one window of a document that is summarized elsewhere. The signal ends it
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
        let options = given(&options)?;
        let host = JsHost { signal, on_event: None, clock: self.clock.clone() };
        let mut summarizer = self.hold()?;
        into_js(&summarizer.note(&window, &options, &host).await.map_err(|e| thrown(&e))?)
    }

    /// Reads and summarizes `text`. The signal ends the run between two chunks.
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
        let options = given(&options)?;
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
    fn hold(&self) -> Result<std::cell::RefMut<'_, Summarizer<Cpu>>, JsValue> {
        let busy = |_| thrown(&Error::Host { reason: "a run is in progress already".into() });
        self.summarizer.try_borrow_mut().map_err(busy)
    }
}

fn given(options: &Ts<Options>) -> Result<Options, JsValue> {
    options.to_rust().map_err(|e| thrown(&invalid_argument("options", &e)))
}

/// The isolate's clock, having seen whether it runs.
fn clock() -> Clock {
    let mut clock = Clock::running();
    let began = clock.now_ms();
    clock.runs = (0..LOOKS).any(|_| clock.now_ms() != began);
    clock
}
