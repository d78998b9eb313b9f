//! A summarizer on whatever computes best here: the one place that knows more than one backend.
//!
//! The GPU may be missing, wrong, slow or lost in the middle of a run. None of that ends a run: it
//! moves to a new device or to the processor, from the beginning of the document, and the report
//! says why.

mod trial;

use std::io::{Read, Seek};
use std::rc::Rc;

use self::trial::Trial;
use crate::backend::cpu::Cpu;
use crate::backend::profiled::Profiled;
use crate::backend::webgpu::{Products, Restrictions, WebGpu};
use crate::backend::{Backend, peak};
use crate::error::{Error, Result};
use crate::host::{Event, Host};
use crate::lm::gguf::Gguf;
use crate::lm::model::{Config, Model};
use crate::lm::tokenizer::Tokenizer;
use crate::measure::bench::{self, Measurement};
use crate::measure::suite::{self, Facts, Golden, Outcome, Prompts, Step};
use crate::report::{BackendReport, LoadReport, Report};
use crate::summarize::note_cache::NoteCache;
use crate::summarize::{Options, Summarizer};

/// How often a run is begun anew on a new device before the processor takes over.
const NEW_DEVICES: usize = 1;

/// What should compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compute {
    /// Whichever reads faster in a trial. A processor that plays a GPU is not tried.
    #[default]
    Auto,
    /// The processor.
    Cpu,
    /// The GPU, if there is one that computes right.
    WebGpu,
}

/// What the surface knows when it loads a model.
pub struct Setup<R> {
    /// What should compute.
    pub compute: Compute,
    /// Opens the model file; once more when a run has to move.
    pub open: Box<dyn Fn() -> Result<R>>,
    /// A clock in milliseconds; `None` where time stands still during computation.
    pub now_ms: Rc<dyn Fn() -> Option<f64>>,
    /// The processor's backend.
    pub cpu: Cpu,
    /// What reports say of the processor.
    pub cpu_report: BackendReport,
    /// The model's id in the catalogue, or its file name, and the file's verified SHA-256.
    pub model: (String, Option<String>),
    /// Time to fetch the file or to find it in storage.
    pub read_ms: Option<f64>,
}

/// A loaded model that summarizes.
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

/// The same on either backend.
macro_rules! on_either {
    ($engine:expr, $summarizer:ident => $what:expr) => {
        match &mut $engine.on {
            On::Cpu($summarizer) => $what,
            On::Gpu($summarizer) => $what,
        }
    };
}

impl<R: Read + Seek> Engine<R> {
    /// Loads a model where it runs best; `progress` is told how many of the file's bytes have been
    /// read, and of how many.
    ///
    /// # Errors
    /// As [`Model::load`]. That there is no GPU is no error.
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

    /// Reads `text` and summarizes it. When the GPU fails on the way, the run begins anew, and
    /// [`Event::Restarted`] says so.
    ///
    /// # Errors
    /// As [`Summarizer::run`].
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

    /// Loads the model elsewhere.
    async fn move_on(&mut self, error: &Error) -> Result<()> {
        self.lost += 1;
        let memory = std::mem::take(self.memory());
        let again = matches!(error, Error::GpuLost { .. }) && self.lost <= NEW_DEVICES;
        let because = format!("the run was begun anew: {error}");
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

    /// Notes on what was read before.
    pub fn memory(&mut self) -> &mut NoteCache {
        on_either!(self, summarizer => summarizer.memory())
    }

    /// The model's sizes.
    pub fn config(&mut self) -> &Config {
        on_either!(self, summarizer => &summarizer.session().model().config)
    }

    /// Text to tokens and back.
    pub fn tokenizer(&mut self) -> &Tokenizer {
        on_either!(self, summarizer => &summarizer.session().model().tokenizer)
    }

    /// What reports say of the backend.
    pub fn backend(&mut self) -> &BackendReport {
        on_either!(self, summarizer => summarizer.backend())
    }

    /// Multiplications that one prompt token takes in the linear layers.
    pub fn linear_macs(&mut self) -> usize {
        on_either!(self, summarizer => summarizer.session().model().linear_macs)
    }

    /// Bytes of packed weights that writing one token reads.
    pub fn weight_bytes(&mut self) -> usize {
        on_either!(self, summarizer => {
            let session = summarizer.session();
            session.model().decoder.weight_bytes(session.backend())
        })
    }

    /// What a suite has to know of this engine, but for where its model and its program came from:
    /// of each way in which it computes, one on the processor, and one for each kind of numbers
    /// that a GPU multiplies in.
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

    /// What this engine has to read in a suite.
    ///
    /// # Errors
    /// As [`Prompts::new`].
    pub fn prompts(&mut self, article: &str, golden: Option<Golden>) -> Result<Prompts> {
        Prompts::new(self.tokenizer(), article, golden)
    }

    /// Does a step of a suite, on a GPU in these products, which it stays with; but for a rest,
    /// which is the caller's own.
    ///
    /// # Errors
    /// What the session says; `cancelled` when the host wants the run to end.
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

    /// [`bench::measure`].
    ///
    /// # Errors
    /// As there.
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

    /// [`bench::peak_gmacs`].
    ///
    /// # Errors
    /// As there.
    pub async fn peak_gmacs(&mut self, host: &impl Host) -> Result<Option<f64>> {
        on_either!(self, summarizer => {
            peak::peak_gmacs(summarizer.session().backend(), host).await
        })
    }

    /// The GPU, where one computes.
    pub fn gpu(&mut self) -> Option<&WebGpu> {
        match &mut self.on {
            On::Cpu(_) => None,
            On::Gpu(summarizer) => Some(summarizer.session().backend()),
        }
    }
}

/// What a model is loaded on.
enum Choice {
    Gpu(Tried),
    /// And why; `None` where that goes without saying.
    Cpu(Option<String>),
}

/// A GPU that has passed its trial.
struct Tried {
    gpu: WebGpu,
    /// Time of its fastest trial, and of the processor's.
    on_gpu: Option<f64>,
    on_cpu: Option<f64>,
    /// Time of the first runs, in which shaders are compiled.
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

    /// Opens a GPU and holds what it computes against the processor.
    async fn try_gpu(&self) -> Result<Tried> {
        let now_ms = Rc::clone(&self.now_ms);
        let gpu = WebGpu::open(Restrictions::default(), Box::new(move || now_ms())).await?;
        if gpu.is_software() && self.compute == Compute::Auto {
            let reason = format!("{} is no GPU but a program", gpu.adapter());
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
        // Until then weights may still be on their way.
        gpu.finish().await?;
        let load = LoadReport { pipelines_ms: compiling, ..self.loaded(started, &model) };
        let speed = on_gpu.map(|ms| trial::Outcome::tokens_per_ms(ms, model.config.layers()));
        let summarizer = Summarizer::new(gpu, model, self.model.clone(), report, load);
        Ok(On::Gpu(Box::new(summarizer.expecting(speed))))
    }

    /// `reason` says why not the GPU.
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

    /// What reports say of a model that has just been loaded.
    fn loaded<B: Backend>(&self, started: Option<f64>, model: &Model<B>) -> LoadReport {
        let now = (self.now_ms)();
        LoadReport {
            read_ms: self.read_ms,
            prepare_ms: now.zip(started).map(|(now, started)| now - started),
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

/// Whether the processor could do what failed with this.
fn of_the_gpu(error: &Error) -> bool {
    matches!(error.code(), "gpu-unavailable" | "gpu-lost" | "gpu-failed")
        || *error == Error::GpuOutOfMemory
}
