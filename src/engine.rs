//! A summarizer on the fastest available backend: the only module that knows more than one backend.
//!
//! The GPU may be missing, wrong, slow or lost during a run. None of these ends a run: it restarts
//! from the beginning of the document on a new device or on the CPU, and the report says why.

mod trial;

use std::io::{Read, Seek};
use std::rc::Rc;

use self::trial::Trial;
use crate::backend::cpu::Cpu;
use crate::backend::profiled::Profiled;
use crate::backend::webgpu::{Products, Restrictions, WebGpu};
use crate::backend::{Backend, peak};
use crate::error::{Error, Result};
use crate::host::{Event, Host, elapsed};
use crate::lm::gguf::Gguf;
use crate::lm::model::{Config, Model};
use crate::lm::tokenizer::Tokenizer;
use crate::measure::bench::{self, Measurement};
use crate::measure::suite::{self, Facts, Golden, Outcome, Prompts, Step};
use crate::report::{BackendReport, LoadReport, Report};
use crate::summarize::note_cache::NoteCache;
use crate::summarize::{Options, Summarizer};

/// Restarts on a new device before a run moves to the CPU.
const NEW_DEVICES: usize = 1;

/// The requested backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub enum Compute {
    /// Whichever reads faster in a trial. Software renderers are not tried.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The GPU, if available and correct.
    WebGpu,
}

/// Parameters for loading a model.
pub struct Setup<R> {
    /// The requested backend.
    pub compute: Compute,
    /// Opens the model file; called again if a run moves to another backend.
    pub open: Box<dyn Fn() -> Result<R>>,
    /// A clock in milliseconds; `None` where the clock does not advance during computation.
    pub now_ms: Rc<dyn Fn() -> Option<f64>>,
    /// The CPU backend.
    pub cpu: Cpu,
    /// Describes the CPU in reports.
    pub cpu_report: BackendReport,
    /// The model's catalogue id or file name, and the file's verified SHA-256.
    pub model: (String, Option<String>),
    /// Time to fetch the file, or to find it in storage.
    pub read_ms: Option<f64>,
}

/// A summarizer with a loaded model.
pub struct Engine<R> {
    setup: Setup<R>,
    on: On,
    /// Devices lost so far.
    lost: usize,
}

enum On {
    Cpu(Box<Summarizer<Profiled<Cpu>>>),
    Gpu(Box<Summarizer<WebGpu>>),
}

/// Evaluates the expression on either backend.
macro_rules! on_either {
    ($engine:expr, $summarizer:ident => $what:expr) => {
        match &mut $engine.on {
            On::Cpu($summarizer) => $what,
            On::Gpu($summarizer) => $what,
        }
    };
}

impl<R: Read + Seek> Engine<R> {
    /// Loads a model on the fastest backend; `progress` receives the bytes read and the total.
    ///
    /// # Errors
    /// See [`Model::load`]. A missing GPU is not an error.
    pub async fn load(setup: Setup<R>, progress: &mut dyn FnMut(u64, u64)) -> Result<Self> {
        let on = match setup.choose().await? {
            Choice::Gpu(tried) => setup.load_on_gpu(tried, progress).await,
            Choice::Cpu(reason) => setup.load_on_cpu(reason, progress),
        };
        let on = match on {
            Err(error) if of_the_gpu(&error) => {
                setup.load_on_cpu(Some(error.to_string()), progress)?
            }
            on => on?,
        };
        Ok(Self { setup, on, lost: 0 })
    }

    /// Reads `text` and summarizes it. If the GPU fails, the run restarts and emits
    /// [`Event::Restarted`].
    ///
    /// # Errors
    /// See [`Summarizer::run`].
    pub async fn run(&mut self, text: &str, options: &Options, host: &impl Host) -> Result<Report> {
        loop {
            let outcome = on_either!(self, summarizer => summarizer.run(text, options, host).await);
            match outcome {
                Err(error) if of_the_gpu(&error) => {
                    host.emit(Event::Restarted { reason: error.to_string() });
                    self.move_on(&error).await?;
                }
                outcome => return outcome,
            }
        }
    }

    /// Loads the model on another device.
    async fn move_on(&mut self, error: &Error) -> Result<()> {
        self.lost += 1;
        let memory = std::mem::take(self.memory());
        let again = matches!(error, Error::GpuLost { .. }) && self.lost <= NEW_DEVICES;
        let because = format!("the run was restarted: {error}");
        let gpu = if again { self.load_on_new_device(&because).await } else { None };
        self.on = match gpu {
            Some(on) => on,
            None => self.setup.load_on_cpu(Some(because), &mut |_, _| ())?,
        };
        *self.memory() = memory;
        Ok(())
    }

    async fn load_on_new_device(&self, because: &str) -> Option<On> {
        let mut gpu = self.setup.try_gpu().await.ok()?;
        gpu.reason = because.into();
        self.setup.load_on_gpu(gpu, &mut |_, _| ()).await.ok()
    }

    /// Cached notes on documents read before.
    pub fn memory(&mut self) -> &mut NoteCache {
        on_either!(self, summarizer => summarizer.memory())
    }

    /// The model's configuration.
    pub fn config(&mut self) -> &Config {
        on_either!(self, summarizer => &summarizer.session().model().config)
    }

    /// The model's tokenizer.
    pub fn tokenizer(&mut self) -> &Tokenizer {
        on_either!(self, summarizer => &summarizer.session().model().tokenizer)
    }

    /// Describes the backend in reports.
    pub fn backend(&mut self) -> &BackendReport {
        on_either!(self, summarizer => summarizer.backend())
    }

    /// Multiply-adds per prompt token in the linear layers.
    pub fn linear_macs(&mut self) -> usize {
        on_either!(self, summarizer => summarizer.session().model().linear_macs)
    }

    /// Bytes of packed weights read per decoded token.
    pub fn weight_bytes(&mut self) -> usize {
        on_either!(self, summarizer => {
            let session = summarizer.session();
            session.model().decoder.weight_bytes(session.backend())
        })
    }

    /// Facts for a suite, except the origin of model and program: one entry for the CPU, or one for
    /// each number format that a GPU multiplies in.
    pub fn facts(&mut self, host: &impl Host) -> Vec<Facts> {
        let clock_ms = suite::clock_ms(host);
        let facts = on_either!(self, summarizer => {
            let (model, backend) = (summarizer.model().clone(), summarizer.backend().clone());
            let load = summarizer.loaded().clone();
            let name = format!("{}, {}", backend.kind, counted(backend.threads));
            Facts { name, model, backend, load, clock_ms, ..Facts::default() }
        });
        let Some(gpu) = self.gpu() else { return vec![facts] };
        let of = |products: Products| {
            let name = format!("webgpu, {}, {}", gpu.adapter(), products.name());
            let backend =
                BackendReport { features: gpu.features_in(products), ..facts.backend.clone() };
            Facts { name, backend, products: Some(products), ..facts.clone() }
        };
        gpu.products().into_iter().map(of).collect()
    }

    /// The prompts that this engine reads in a suite.
    ///
    /// # Errors
    /// See [`Prompts::new`].
    pub fn prompts(&mut self, article: &str, golden: Option<Golden>) -> Result<Prompts> {
        Prompts::new(self.tokenizer(), article, golden)
    }

    /// Runs a step of a suite. A GPU switches to `products` and keeps them. The caller handles
    /// rests.
    ///
    /// # Errors
    /// The session's errors; `cancelled` if the host wants the run to end.
    pub async fn perform(
        &mut self,
        prompts: &Prompts,
        products: Option<Products>,
        step: &Step,
        host: &impl Host,
    ) -> Result<Outcome> {
        if let (Some(products), Some(gpu)) = (products, self.gpu()) {
            gpu.multiply_in(products);
        }
        on_either!(self, summarizer => {
            suite::perform(summarizer.session(), prompts, step, host).await
        })
    }

    /// See [`bench::measure`].
    ///
    /// # Errors
    /// See there.
    pub async fn measure(
        &mut self,
        ids: &[u32],
        decode: usize,
        profile: bool,
        host: &impl Host,
    ) -> Result<Measurement> {
        on_either!(self, summarizer => {
            bench::measure(summarizer.session(), ids, decode, profile, host).await
        })
    }

    /// See [`peak::peak_gmacs`].
    ///
    /// # Errors
    /// See there.
    pub async fn peak_gmacs(&mut self, host: &impl Host) -> Result<Option<f64>> {
        on_either!(self, summarizer => {
            peak::peak_gmacs(summarizer.session().backend(), host).await
        })
    }

    /// The GPU, if in use.
    pub fn gpu(&mut self) -> Option<&WebGpu> {
        match &mut self.on {
            On::Cpu(_) => None,
            On::Gpu(summarizer) => Some(summarizer.session().backend()),
        }
    }
}

/// The backend to load a model on.
enum Choice {
    Gpu(Tried),
    /// With the reason; `None` if it is obvious.
    Cpu(Option<String>),
}

/// A GPU that has passed its trial.
struct Tried {
    gpu: WebGpu,
    /// Time of the fastest trial on the GPU, and on the CPU.
    on_gpu: Option<f64>,
    on_cpu: Option<f64>,
    /// Total time of first runs, which include shader compilation.
    compiling: Option<f64>,
    reason: String,
}

impl<R: Read + Seek> Setup<R> {
    async fn choose(&self) -> Result<Choice> {
        if self.compute == Compute::Cpu {
            return Ok(Choice::Cpu(None));
        }
        let tried = match self.try_gpu().await {
            Ok(tried) => tried,
            Err(error) if of_the_gpu(&error) => return Ok(Choice::Cpu(Some(error.to_string()))),
            Err(error) => return Err(error),
        };
        if self.compute == Compute::WebGpu {
            return Ok(Choice::Gpu(tried));
        }
        let (Some(on_gpu), Some(on_cpu)) = (tried.on_gpu, tried.on_cpu) else {
            return Ok(Choice::Cpu(Some("WebGPU's speed could not be measured".into())));
        };
        let times = format!("a trial took {on_gpu:.1} ms with WebGPU, {on_cpu:.1} ms without");
        Ok(match on_gpu < on_cpu {
            true => Choice::Gpu(Tried { reason: times, ..tried }),
            false => Choice::Cpu(Some(times)),
        })
    }

    /// Opens a GPU and compares its results with the CPU's.
    async fn try_gpu(&self) -> Result<Tried> {
        let now_ms = Rc::clone(&self.now_ms);
        let gpu = WebGpu::open(Restrictions::default(), Box::new(move || now_ms())).await?;
        if gpu.is_software() && self.compute == Compute::Auto {
            let reason = format!("{} is a software renderer", gpu.adapter());
            return Err(Error::GpuUnavailable { reason });
        }
        let config = Config::from_gguf(&Gguf::open((self.open)()?)?)?;
        let now_ms = &*self.now_ms;
        let on_cpu = Trial::load(&self.cpu, &config)?.run(now_ms).await?;
        let trial = Trial::load(&gpu, &config)?;
        let mut compiling = Some(0.0);
        let mut fastest: Option<(Products, Option<f64>)> = None;
        for products in gpu.products() {
            gpu.multiply_in(products);
            let outcome = trial.run(now_ms).await?;
            if !outcome.agrees(&on_cpu) {
                let reason = format!("{} computes wrongly ({})", gpu.adapter(), products.name());
                return Err(Error::GpuFailed { reason });
            }
            compiling = compiling.zip(outcome.first_ms).map(|(sum, ms)| sum + ms);
            let best = fastest.map(|(_, ms)| ms);
            if best.is_none_or(|best| outcome.ms.zip(best).is_some_and(|(ms, best)| ms < best)) {
                fastest = Some((products, outcome.ms));
            }
        }
        let (products, on_gpu) = fastest.unwrap_or((Products::F32, None));
        gpu.multiply_in(products);
        let reason = "asked for".into();
        Ok(Tried { gpu, on_gpu, on_cpu: on_cpu.ms, compiling, reason })
    }

    async fn load_on_gpu(&self, tried: Tried, progress: &mut dyn FnMut(u64, u64)) -> Result<On> {
        let Tried { gpu, compiling, reason, on_gpu, .. } = tried;
        let report = BackendReport {
            kind: "webgpu".into(),
            threads: 1,
            adapter: Some(gpu.adapter().into()),
            features: gpu.features(),
            reason: Some(reason),
        };
        let started = (self.now_ms)();
        let model = Model::load(&gpu, &mut Gguf::open((self.open)()?)?, progress)?;
        // Uploads of weights are asynchronous.
        gpu.finish().await?;
        let load = LoadReport { pipelines_ms: compiling, ..self.loaded(started, &model) };
        let speed = on_gpu.map(|ms| trial::Outcome::tokens_per_ms(ms, model.config.layers()));
        let summarizer = Summarizer::new(gpu, model, self.model.clone(), report, load);
        Ok(On::Gpu(Box::new(summarizer.expecting(speed))))
    }

    /// `reason` says why the GPU is not used.
    fn load_on_cpu(
        &self,
        reason: Option<String>,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<On> {
        let reasons = [self.cpu_report.reason.clone(), reason];
        let reasons: Vec<String> = reasons.into_iter().flatten().collect();
        let reason = (!reasons.is_empty()).then(|| reasons.join("; "));
        let report = BackendReport { reason, ..self.cpu_report.clone() };
        let started = (self.now_ms)();
        let clock = Rc::clone(&self.now_ms);
        let backend = Profiled::new(self.cpu, Box::new(move || clock()));
        let model = Model::load(&backend, &mut Gguf::open((self.open)()?)?, progress)?;
        let load = self.loaded(started, &model);
        Ok(On::Cpu(Box::new(Summarizer::new(backend, model, self.model.clone(), report, load))))
    }

    /// The load report of a model just loaded.
    fn loaded<B: Backend>(&self, started: Option<f64>, model: &Model<B>) -> LoadReport {
        LoadReport {
            read_ms: self.read_ms,
            prepare_ms: elapsed(started, (self.now_ms)()),
            pipelines_ms: None,
            bytes: model.file_bytes,
        }
    }
}

/// "1 thread", "2 threads".
fn counted(threads: usize) -> String {
    match threads {
        1 => "1 thread".into(),
        _ => format!("{threads} threads"),
    }
}

/// Whether this is an error of the GPU, so that the CPU may succeed.
fn of_the_gpu(error: &Error) -> bool {
    matches!(error.code(), "gpu-unavailable" | "gpu-lost" | "gpu-failed")
        || *error == Error::GpuOutOfMemory
}
