//! Shared by the integration tests.

// Each test binary uses only some of these.
#![allow(dead_code)]

pub mod gguf;
pub mod golden;
pub mod host;
pub mod random;
pub mod reference;
pub mod tolerance;

use std::fs::{self, File};
use std::io::{Cursor, Read, Seek};
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use precis::Error;
use precis::backend::Backend;
use precis::backend::cpu::Cpu;
use precis::lm::gguf::Gguf;
use precis::lm::model::{Model, ModelStream};
use precis::lm::session::Session;
use precis::report::{BackendReport, LoadReport};
use precis::summarize::Summarizer;

/// The tiny model file.
pub const TINY: &[u8] = include_bytes!("../fixtures/tiny.gguf");

/// Path of the real model file.
pub const REAL: &str = "models/SmolLM2-135M-Instruct.Q4_1.gguf";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads a file of tests/fixtures.
pub fn fixture(name: &str) -> Vec<u8> {
    fs::read(root().join("tests/fixtures").join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// Reads a text file of tests/fixtures.
pub fn text(name: &str) -> String {
    String::from_utf8(fixture(name)).expect("text")
}

/// Opens the Gemma 3 270M file.
pub fn gemma() -> File {
    const GEMMA: &str = "models/gemma-3-270m-q4_k_m.gguf";
    File::open(root().join(GEMMA))
        .unwrap_or_else(|e| panic!("{GEMMA}: {e}. Run `cargo xtask model fetch` first."))
}

/// A model with sliding windows, which discard old positions.
pub fn tiny_gemma() -> Model<Cpu> {
    let file = fixture("tiny-gemma3.gguf");
    load(&Cpu::default(), Cursor::new(file)).expect("the fixture loads")
}

/// A summarizer with a model named "tiny".
pub fn summarizer(model: Model<Cpu>) -> Summarizer<Cpu> {
    let backend = BackendReport { kind: "native".into(), threads: 1, ..Default::default() };
    let load = LoadReport { bytes: TINY.len() as u64, ..Default::default() };
    Summarizer::new(Cpu::default(), model, ("tiny".into(), None), backend, load)
}

/// A part of a document: a heading and a paragraph. Six of them far exceed the tiny model's 512
/// positions.
pub fn part(i: usize) -> String {
    let sentence = format!("Service {i} is a program with one task. It runs in its own process. ");
    format!("## Part {i}\n\n{}\n\n", sentence.repeat(9))
}

/// The 40k-token workload, as `workload` in record.py.
pub fn workload() -> String {
    let article = text("article.md");
    let iterations: String =
        (1..=8).map(|i| format!("## Iteration {i} of 8\n\n{article}\n\n")).collect();
    format!(
        "# 40K Token Benchmark Prompt\n\n{iterations}\
         Based on all the above content, provide a brief one-sentence summary.\n"
    )
}

/// Loads the real model.
pub fn real<B: Backend>(backend: &B) -> Model<B> {
    let file = File::open(root().join(REAL))
        .unwrap_or_else(|e| panic!("{REAL}: {e}. Run `cargo xtask model fetch` first."));
    load(backend, file).expect("the real model loads")
}

/// Loads a model from any reader.
pub fn load<B: Backend>(backend: &B, file: impl Read + Seek) -> Result<Model<B>, Error> {
    Model::load(backend, &mut Gguf::open(file)?, &mut |_, _| ())
}

/// Loads a file of `size` bytes from `file`, in pieces of `piece` bytes.
pub fn streamed(file: &[u8], size: usize, piece: usize, narrow: bool) -> Result<Model<Cpu>, Error> {
    let mut stream = ModelStream::new(Cpu::default(), size as u64, narrow);
    file.chunks(piece).try_for_each(|bytes| stream.push(bytes))?;
    Ok(stream.finish(None)?.1)
}

/// Loads the tiny model.
pub fn tiny() -> Model<Cpu> {
    load(&Cpu::default(), Cursor::new(TINY)).expect("the fixture loads")
}

/// The output of a future that never waits, as with the CPU backend.
pub fn now<F: Future>(future: F) -> F::Output {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => output,
        Poll::Pending => panic!("the processor's backend never waits"),
    }
}

/// Reads `ids` in chunks of the given size and returns the last position's logits.
pub fn logits<B: Backend>(session: &mut Session<B>, ids: &[u32], chunk: usize) -> Vec<f32> {
    session.reserve(ids.len()).expect("the prompt fits");
    let mut last = None;
    for chunk in ids.chunks(chunk) {
        last = Some(session.prefill(chunk).expect("the prompt is valid"));
    }
    now(session.logits(&last.expect("a prompt has tokens"))).expect("logits")
}
