//! Which model, on what: the arguments that say so, and loading it.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Instant;

use precis::backend::cpu::{self, Cpu, Threads};
use precis::engine::{Compute, Engine, Setup};
use precis::host::native::block_on;
use precis::report::BackendReport;
use precis::{Error, Result};
use sha2::{Digest, Sha256};

/// The article that prompts for measuring are taken from.
pub const ARTICLE: &str = include_str!("../../../tests/fixtures/article.md");

/// The model, and what computes with it.
#[derive(clap::Args)]
pub struct ModelArguments {
    /// A GGUF file; `cargo xtask model fetch` brings the default one.
    #[arg(long, default_value = "models/SmolLM2-135M-Instruct.Q4_1.gguf")]
    pub model: PathBuf,
    /// Threads to compute on [default: one for each processor].
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    pub threads: Option<u16>,
    /// What computes; "auto" is whichever is faster in a trial.
    #[arg(long, default_value = "auto")]
    pub backend: Backend,
}

#[derive(Clone, Copy, clap::ValueEnum)]
pub enum Backend {
    Auto,
    Cpu,
    Webgpu,
}

impl From<Backend> for Compute {
    fn from(backend: Backend) -> Self {
        match backend {
            Backend::Auto => Self::Auto,
            Backend::Cpu => Self::Cpu,
            Backend::Webgpu => Self::WebGpu,
        }
    }
}

/// Loads the model that the arguments name.
pub fn load(arguments: &ModelArguments) -> Result<Engine<File>> {
    open_engine(&arguments.model, arguments.backend.into(), start_threads(arguments)?)
}

/// The threads that were asked for.
///
/// # Errors
/// `host-failed`.
pub fn start_threads(arguments: &ModelArguments) -> Result<Threads> {
    let processors = || std::thread::available_parallelism().map_or(1, Into::into);
    cpu::start_threads(arguments.threads.map_or_else(processors, usize::from))
}

/// Loads the model file at `path`.
pub fn open_engine(path: &Path, compute: Compute, threads: Threads) -> Result<Engine<File>> {
    let started = Instant::now();
    let now_ms = Rc::new(move || Some(started.elapsed().as_secs_f64() * 1000.0));
    let sha256 = hash(&mut open(path, FETCH)?)?;
    let id = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let file = path.to_path_buf();
    let setup = Setup {
        compute,
        open: Box::new(move || open(&file, FETCH)),
        read_ms: now_ms(),
        now_ms,
        cpu: Cpu { threads },
        cpu_report: BackendReport {
            kind: "native".into(),
            threads: threads.count(),
            adapter: None,
            features: cpu::features(),
            reason: None,
        },
        model: (id, Some(sha256)),
    };
    block_on(Engine::load(setup, &mut |_, _| ()))
}

/// SHA-256 in lower-case hexadecimal.
pub fn hash(file: &mut File) -> Result<String> {
    let mut state = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer).map_err(|e| host("the model file", &e))? {
            0 => break,
            n => state.update(&buffer[..n]),
        }
    }
    Ok(base16ct::lower::encode_string(&state.finalize()))
}

/// What to do where the model is not there.
pub const FETCH: &str = "run `cargo xtask model fetch`, or name another with --model";

/// Opens the file at `path` for reading; `advice` says what to do where there is none.
pub fn open(path: &Path, advice: &str) -> Result<File> {
    File::open(path).map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Error::Host { reason: format!("there is no file {}: {advice}", path.display()) }
        }
        _ => host(&path.display().to_string(), &error),
    })
}

/// A failure of this machine, and of what on it.
pub fn host(what: &str, error: &std::io::Error) -> Error {
    Error::Host { reason: format!("{what}: {error}") }
}
