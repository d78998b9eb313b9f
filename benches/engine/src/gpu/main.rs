//! Benchmarks a GPU natively: its peak speeds, how close the engine's shaders come to them, and how
//! fast whole prompts are read and decoded. See benches/README.md; `cargo xtask bench --gpu` runs
//! this.

mod kernels;
mod prompts;
mod table;

use std::fs::File;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Parser;
use precis::backend::Backend as _;
use precis::backend::cpu::{self, Cpu};
use precis::engine::{Compute, Engine, Setup};
use precis::host::native::block_on;
use precis::report::BackendReport;
use precis::report::Peaks;
use serde::Serialize;

use self::kernels::Kernel;
use self::prompts::Prompt;

/// Measures a GPU natively, and this engine on it.
#[derive(Parser)]
struct Arguments {
    /// Print JSON instead of Markdown.
    #[arg(long)]
    json: bool,
    /// A GGUF file; `cargo xtask model fetch` brings the default one.
    #[arg(long, default_value = "models/SmolLM2-135M-Instruct.Q4_1.gguf")]
    model: PathBuf,
    #[command(flatten)]
    effort: Effort,
}

/// What to measure, and for how long.
#[derive(clap::Args)]
struct Effort {
    /// Lengths of the prompts, in tokens; the whole document comes after them.
    #[arg(long, value_delimiter = ',', default_value = "512,2048,8000")]
    tokens: Vec<usize>,
    /// Tokens to write after each prompt.
    #[arg(long, default_value_t = 32)]
    decode_tokens: usize,
    /// Measured repetitions, after one that is not counted.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    repetitions: u32,
    /// Time for one size of a prompt or a kernel, all repetitions together. What would take longer
    /// is repeated less often, and left out where not even one would be done by then.
    #[arg(long, default_value_t = 60.0)]
    limit_seconds: f64,
}

/// All results.
#[derive(Serialize)]
struct Results {
    schema: &'static str,
    version: &'static str,
    system: String,
    device: Device,
    peaks: Peaks,
    prompts: Vec<Prompt>,
    kernels: Vec<Kernel>,
}

#[derive(Serialize)]
struct Device {
    /// Name of the GPU and its driver.
    adapter: String,
    /// Whether it is a software renderer.
    is_software: bool,
    /// Its features, and the number format of products that was fastest in a trial.
    features: Vec<String>,
    /// Time to load the model, including the trial and shader compilation.
    load_ms: f64,
}

fn main() -> Result<()> {
    let Arguments { json, model, effort } = Arguments::parse();
    let started = Instant::now();
    let mut engine = load(model)?;
    let load_ms = started.elapsed().as_secs_f64() * 1000.0;
    let Some(gpu) = engine.gpu().cloned() else {
        let reason = engine.backend().reason.clone();
        bail!("there is no GPU to measure: {}", reason.unwrap_or_default());
    };
    let device = Device {
        adapter: gpu.adapter().into(),
        is_software: gpu.is_software(),
        features: gpu.features(),
        load_ms,
    };
    eprintln!("{}", device.adapter);
    let peaks = block_on(gpu.peaks(&|| None))?;
    let prompts = prompts::measure(&mut engine, &effort)?;
    // The model's weights and cache are no longer needed.
    drop(engine);
    let kernels = kernels::measure(&gpu, &peaks, &effort)?;
    let results = Results {
        schema: "precis.bench-gpu/1",
        version: env!("CARGO_PKG_VERSION"),
        system: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        device,
        peaks,
        prompts,
        kernels,
    };
    match json {
        true => println!("{}", serde_json::to_string_pretty(&results)?),
        false => print!("{}", table::markdown(&results)),
    }
    Ok(())
}

/// Loads the model, on the GPU if one computes correctly.
fn load(path: PathBuf) -> Result<Engine<File>> {
    File::open(&path).with_context(|| path.display().to_string())?;
    let processors = std::thread::available_parallelism().map_or(1, Into::into);
    let threads = cpu::start_threads(processors)?;
    let started = Instant::now();
    let setup = Setup {
        compute: Compute::WebGpu,
        open: Box::new(move || {
            let refused = |e| precis::Error::Host { reason: format!("{}: {e}", path.display()) };
            File::open(&path).map_err(refused)
        }),
        now_ms: Rc::new(move || Some(started.elapsed().as_secs_f64() * 1000.0)),
        cpu: Cpu { threads },
        cpu_report: BackendReport::default(),
        model: (String::new(), None),
        read_ms: None,
    };
    Ok(block_on(Engine::load(setup, &mut |_, _| ()))?)
}

impl Effort {
    /// How often something that takes `seconds` fits the limit, up to the requested count; `None`
    /// if not even once.
    fn times(&self, seconds: f64) -> Option<Times> {
        let fit = (self.limit_seconds / seconds.max(1e-9)) as u32;
        match fit {
            0 => None,
            1 => Some(Times { uncounted: 0, counted: 1 }),
            fit => Some(Times { uncounted: 1, counted: self.repetitions.min(fit - 1) }),
        }
    }

    /// The reason for leaving something out.
    fn too_long(&self, seconds: f64) -> String {
        format!("would take about {seconds:.0} s, of {:.0} s allowed", self.limit_seconds)
    }
}

/// Number of repetitions.
#[derive(Clone, Copy)]
struct Times {
    uncounted: u32,
    counted: u32,
}
