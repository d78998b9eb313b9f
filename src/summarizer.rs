//! The product: a document in, its summary and a report out.

use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

use crate::backend::Backend;
use crate::bench;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::plan::{self, Limits, Plan};
use crate::report::{
    BackendReport, ChunkReport, DocumentReport, LoadReport, MemoryReport, ModelReport, PlanReport,
    Report, SCHEMA,
};
use crate::runtime::{Event, Host, Stage};
use crate::sampler::{Sampler, Sampling};
use crate::session::Session;
use crate::tokenizer::TextStream;

/// The largest document, in bytes.
pub const MAX_DOCUMENT: usize = 10_000_000;

/// Tokens that a summary may have unless the caller says otherwise.
const ANSWER: usize = 96;

/// A small model repeats itself without it.
const REPETITION_PENALTY: f32 = 1.1;

/// What a run may be told.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
pub struct Options {
    /// When the person asked, on the host's clock; [`Report::first_token_ms`] counts from here.
    pub started_ms: Option<f64>,
    /// Tokens of a prefill chunk. Without it chunks are as large as [`Chunks`] finds possible.
    pub chunk: Option<usize>,
    /// Tokens that the summary may have.
    pub max_tokens: Option<usize>,
}

/// Summarizes documents, one at a time, with one model.
pub struct Summarizer<B: Backend> {
    session: Session<B>,
    model: ModelReport,
    backend: BackendReport,
    load: LoadReport,
    peak_gmacs: Option<f64>,
}

impl<B: Backend> Summarizer<B> {
    /// Takes a loaded model; the reports say what the caller knows of how it came about.
    pub fn new(
        backend: B,
        model: Model<B>,
        (id, sha256): (String, Option<String>),
        backend_report: BackendReport,
        load: LoadReport,
    ) -> Self {
        let report = ModelReport {
            id,
            sha256,
            architecture: model.config.architecture.clone(),
            quant: model.quant.name().into(),
            parameters: model.parameters,
            context: model.config.context,
        };
        let session = Session::new(backend, model);
        Self { session, model: report, backend: backend_report, load, peak_gmacs: None }
    }

    /// The session with the model, for measuring and counting.
    pub fn session(&mut self) -> &mut Session<B> {
        &mut self.session
    }

    /// Reads `text` and summarizes it.
    ///
    /// # Errors
    /// `empty-document`, `document-too-large`, `invalid-options`, `cancelled` when the host says
    /// so, and what the session says. After any of them the next run starts afresh.
    pub async fn run(&mut self, text: &str, options: &Options, host: &impl Host) -> Result<Report> {
        let called_ms = host.now_ms();
        check(text, options)?;
        let model = self.session.model();
        let context = model.config.context;
        let answer = options.max_tokens.unwrap_or(ANSWER).min(context / 4);

        let before = host.now_ms();
        let tokens = model.tokenizer.encode_with_starts(text)?;
        let tokenize_ms = elapsed(before, host.now_ms());
        let limits = Limits { context, overhead: model.tokenizer.chat_overhead(), answer };
        let plan = Plan::new(text, &tokens.starts, limits);
        let strategy = if plan.is_one_pass() { "one-pass" } else { "windows" };

        let mut report = Report {
            schema: SCHEMA.into(),
            model: self.model.clone(),
            document: DocumentReport {
                chars: text.chars().count(),
                tokens: tokens.ids.len(),
                tokenize_ms,
            },
            backend: self.backend.clone(),
            load: self.load.clone(),
            plan: PlanReport {
                strategy: strategy.into(),
                windows: plan.windows.len(),
                request: plan.request.clone(),
                ..PlanReport::default()
            },
            ..Report::default()
        };
        let prompts = if plan.is_one_pass() { 1 } else { plan.windows.len() + 1 };
        let total = tokens.ids.len() + prompts * limits.overhead;
        let total = total + if plan.is_one_pass() { 0 } else { 3 * plan.notes_budget / 2 };
        host.emit(Event::Planned {
            tokens: tokens.ids.len(),
            total,
            windows: plan.windows.len(),
            strategy: strategy.into(),
        });
        drop(tokens);

        let chunks = Chunks::new(options.chunk);
        let mut run = Run {
            session: &mut self.session,
            host,
            report: &mut report,
            chunks,
            total,
            prompts: 0,
        };
        let notes = run.take_notes(text, &plan).await?;
        run.host.emit(Event::Stage { stage: Stage::Answer, index: 0, of: 1 });
        let started = options.started_ms.or(called_ms);
        let mut first_ms = None;
        let prompt = plan.answer_prompt(text, &notes);
        let length = Length { tokens: answer, one_sentence: plan.asks_for_one_sentence() };
        let summary = run
            .ask(&prompt, length, |piece| {
                if first_ms.is_none() {
                    first_ms = elapsed(started, host.now_ms());
                }
                host.emit(Event::Piece { text: piece.into() });
            })
            .await?;
        report.summary = summary;
        report.first_token_ms = first_ms;
        self.finish(&mut report, host).await?;
        Ok(report)
    }

    /// Adds what is known only at the end, and says why what is missing is missing.
    async fn finish(&mut self, report: &mut Report, host: &impl Host) -> Result<()> {
        report.memory = MemoryReport {
            wasm_bytes: host.memory_bytes(),
            gpu_bytes: None,
            kv_bytes: self.session.cache_bytes() as u64,
        };
        if self.peak_gmacs.is_none() {
            self.peak_gmacs = bench::peak_gmacs(self.session.backend(), host).await?;
        }
        report.peak.gemm_gmacs = self.peak_gmacs;
        let macs = self.session.model().linear_macs as f64;
        report.peak.efficiency = (report.prefill.tokens_per_second)
            .zip(self.peak_gmacs)
            .map(|(speed, peak)| macs * speed / (peak * 1e9));
        report.environment = host.environment();
        report.environment.version = env!("CARGO_PKG_VERSION").into();
        let clock = "the clock stands still during computation here";
        for (path, is_null, reason) in [
            ("model.sha256", report.model.sha256.is_none(), "the file was not hashed"),
            ("document.tokenize_ms", report.document.tokenize_ms.is_none(), clock),
            ("backend.adapter", report.backend.adapter.is_none(), "no GPU was used"),
            (
                "load.read_ms",
                report.load.read_ms.is_none(),
                "the file was read while it was prepared",
            ),
            ("load.prepare_ms", report.load.prepare_ms.is_none(), clock),
            ("load.pipelines_ms", report.load.pipelines_ms.is_none(), "no GPU was used"),
            (
                "plan.context_extension",
                report.plan.context_extension.is_none(),
                "no position past the trained context was used",
            ),
            ("prefill.ms", report.prefill.ms.is_none(), clock),
            ("prefill.tokens_per_second", report.prefill.tokens_per_second.is_none(), clock),
            ("first_token_ms", report.first_token_ms.is_none(), "no text was written"),
            ("decode.ms", report.decode.ms.is_none(), "no token was fed back"),
            (
                "decode.tokens_per_second",
                report.decode.tokens_per_second.is_none(),
                "no token was fed back",
            ),
            ("memory.wasm_bytes", report.memory.wasm_bytes.is_none(), "this is not WebAssembly"),
            ("memory.gpu_bytes", report.memory.gpu_bytes.is_none(), "no GPU was used"),
            ("peak.gemm_gmacs", report.peak.gemm_gmacs.is_none(), clock),
            (
                "peak.bandwidth_gbs",
                report.peak.bandwidth_gbs.is_none(),
                "measuring it takes more memory than a summary may; the benchmark does",
            ),
            ("peak.efficiency", report.peak.efficiency.is_none(), clock),
            (
                "environment.user_agent",
                report.environment.user_agent.is_none(),
                "the host has no name",
            ),
            (
                "environment.logical_cores",
                report.environment.logical_cores.is_none(),
                "the host does not tell",
            ),
            (
                "environment.cross_origin_isolated",
                report.environment.cross_origin_isolated.is_none(),
                "there is no page",
            ),
            (
                "environment.hidden_during_run",
                report.environment.hidden_during_run.is_none(),
                "there is no page",
            ),
        ] {
            if is_null {
                report.explain(path, reason);
            }
        }
        Ok(())
    }
}

/// One run in progress.
struct Run<'a, B: Backend, H> {
    session: &'a mut Session<B>,
    host: &'a H,
    report: &'a mut Report,
    chunks: Chunks,
    /// Prompt tokens in all, estimated.
    total: usize,
    prompts: usize,
}

impl<B: Backend, H: Host> Run<'_, B, H> {
    /// Notes on every window, merged until they fit the prompt of the answer; none in one pass.
    async fn take_notes(&mut self, text: &str, plan: &Plan) -> Result<Vec<String>> {
        let mut notes = Vec::new();
        if plan.is_one_pass() {
            return Ok(notes);
        }
        for index in 0..plan.windows.len() {
            let of = plan.windows.len();
            self.host.emit(Event::Stage { stage: Stage::Window, index, of });
            notes.push(self.ask(&plan.note_prompt(text, index), NOTE, |_| ()).await?);
        }
        loop {
            let mut lengths = Vec::new();
            for note in &mut notes {
                // A text can have more tokens when it is encoded than it was written in.
                let starts = self.session.model().tokenizer.encode_with_starts(note)?.starts;
                let end = starts.get(plan::NOTE).copied().unwrap_or(note.len());
                note.truncate(note.floor_char_boundary(end));
                // With the marks of the list.
                lengths.push(starts.len().min(plan::NOTE) + 3);
            }
            if lengths.iter().sum::<usize>() <= plan.notes_budget || notes.len() == 1 {
                return Ok(notes);
            }
            self.report.plan.merges += 1;
            let groups = plan::groups(&lengths, plan.notes_budget);
            let of = groups.len();
            let mut merged = Vec::new();
            for (index, group) in groups.into_iter().enumerate() {
                self.host.emit(Event::Stage { stage: Stage::Merge, index, of });
                merged.push(self.ask(&plan.merge_prompt(&notes[group]), NOTE, |_| ()).await?);
            }
            notes = merged;
        }
    }

    /// Asks the model one question and returns its answer, telling `on_piece` as it comes.
    async fn ask(
        &mut self,
        prompt: &str,
        length: Length,
        mut on_piece: impl FnMut(&str),
    ) -> Result<String> {
        let ids = self.session.model().tokenizer.chat(prompt)?;
        self.session.truncate(0);
        self.session.reserve(ids.len() + length.tokens)?;
        let mut logits = self.read(&ids).await?;

        let sampling = Sampling { repetition_penalty: REPETITION_PENALTY, ..Sampling::greedy() };
        let mut sampler = Sampler::new(sampling);
        let mut stream = TextStream::default();
        let mut text = String::new();
        let mut yielded = self.host.now_ms();
        for left in (0..length.tokens).rev() {
            let started = self.host.now_ms();
            let id = sampler.choose(logits);
            let tokenizer = &self.session.model().tokenizer;
            if tokenizer.ends_answer(id) {
                break;
            }
            let piece = stream.push(tokenizer, id);
            // The answer begins with its first visible character.
            let piece = if text.is_empty() { piece.trim_start() } else { &piece };
            let before = text.len();
            text.push_str(piece);
            // That a sentence has ended shows when the next one begins.
            let first = first_sentence(&text);
            let ended = length.one_sentence && first < text.len();
            if ended {
                text.truncate(first.max(before));
            }
            if text.len() > before {
                on_piece(&text[before..]);
            }
            if ended {
                break;
            }
            if left == 0 {
                break;
            }
            logits = self.session.decode(id).await?;
            let now = self.host.now_ms();
            self.report.decode.add(elapsed(started, now));
            if elapsed(yielded, now).is_none_or(|ms| ms >= CHUNK_MS / 2.0) {
                self.let_others_run().await?;
                yielded = self.host.now_ms();
            }
        }
        text.truncate(text.trim_end().len());
        Ok(text)
    }

    /// Reads a whole prompt in chunks and returns the scores of what follows.
    async fn read(&mut self, ids: &[u32]) -> Result<Vec<f32>> {
        let prompt = self.prompts;
        self.prompts += 1;
        let mut position = 0;
        loop {
            self.let_others_run().await?;
            let end = ids.len().min(position + self.chunks.next());
            let tokens = end - position;
            let started = self.host.now_ms();
            let chunk = self.session.prefill(&ids[position..end])?;
            let logits = match end == ids.len() {
                true => Some(self.session.logits(&chunk).await?),
                false => None,
            };
            let ms = elapsed(started, self.host.now_ms());
            self.chunks.took(tokens, ms);
            self.report.plan.chunk = self.report.plan.chunk.max(tokens);
            self.report.prefill.add(ChunkReport { prompt, position, tokens, ms });
            let done = self.report.prefill.tokens;
            self.total = self.total.max(done);
            self.host.emit(Event::Read { done, total: self.total, position, tokens, ms, prompt });
            position = end;
            if let Some(logits) = logits {
                return Ok(logits);
            }
        }
    }

    async fn let_others_run(&self) -> Result<()> {
        match self.host.yield_now().await {
            std::ops::ControlFlow::Continue(()) => Ok(()),
            std::ops::ControlFlow::Break(()) => Err(Error::Cancelled),
        }
    }
}

/// How long an answer may be.
#[derive(Clone, Copy)]
struct Length {
    tokens: usize,
    /// Whether it ends with its first sentence.
    one_sentence: bool,
}

/// A note is one sentence.
const NOTE: Length = Length { tokens: plan::NOTE, one_sentence: true };

/// How long a chunk should take: the host hears of a cancellation between two chunks, and within
/// 250 ms of it the run must have ended.
const CHUNK_MS: f64 = 150.0;

/// Sizes of prefill chunks: given, or as many tokens as this device reads in [`CHUNK_MS`]. What is
/// computed does not depend on them, only when the host gets its turn.
struct Chunks {
    size: usize,
    adapts: bool,
}

impl Chunks {
    /// Rows that kernels handle well together; sizes are multiples of this.
    const STEP: usize = 16;
    const LARGEST: usize = 512;

    fn new(given: Option<usize>) -> Self {
        Self { size: given.unwrap_or(2 * Self::STEP), adapts: given.is_none() }
    }

    fn next(&self) -> usize {
        self.size
    }

    fn took(&mut self, tokens: usize, ms: Option<f64>) {
        let Some(ms) = ms.filter(|ms| self.adapts && *ms > 0.0 && tokens == self.size) else {
            return;
        };
        let ideal = (tokens as f64 * CHUNK_MS / ms) as usize / Self::STEP * Self::STEP;
        // Growing by doubles at most: one lucky time of a coarse clock must not make a long chunk.
        self.size = ideal.clamp(Self::STEP, Self::LARGEST).min(2 * self.size);
    }
}

fn check(text: &str, options: &Options) -> Result<()> {
    if text.len() > MAX_DOCUMENT {
        return Err(Error::DocumentTooLarge { bytes: text.len(), limit: MAX_DOCUMENT });
    }
    if text.trim().is_empty() {
        return Err(Error::EmptyDocument);
    }
    if let Some(at) = text.find('\0') {
        return Err(Error::DocumentNotText { at });
    }
    for (option, value) in [("chunk", options.chunk), ("max_tokens", options.max_tokens)] {
        if let Some(value) = value.filter(|value| !(1..=4096).contains(value)) {
            let expected = "between 1 and 4096";
            return Err(Error::InvalidOptions { option, value: value.to_string(), expected });
        }
    }
    Ok(())
}

/// Bytes of the first sentence by the rules of Unicode (UAX #29), white space after it included.
/// What is shorter than a sentence can be, such as the number before an item of a list, is taken
/// together with what follows.
fn first_sentence(text: &str) -> usize {
    const SHORTEST: usize = 20;
    let mut end = 0;
    for sentence in text.split_sentence_bounds() {
        end += sentence.len();
        if end >= SHORTEST {
            break;
        }
    }
    end
}

fn elapsed(from: Option<f64>, to: Option<f64>) -> Option<f64> {
    Some(to? - from?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use wasm_bindgen_test::wasm_bindgen_test;

    #[wasm_bindgen_test(unsupported = test)]
    fn a_sentence_ends_where_the_next_begins() {
        let first = |text: &str| text[..first_sentence(text)].to_string();
        assert_eq!(first("The cat sat on the mat. It was"), "The cat sat on the mat. ");
        assert_eq!(
            first("The cat sat on 3.5 mats, e.g. this"),
            "The cat sat on 3.5 mats, e.g. this"
        );
        assert_eq!(first("1. The cat sat on the mat.\n- And"), "1. The cat sat on the mat.\n");
        assert_eq!(first(""), "");
    }

    #[wasm_bindgen_test(unsupported = test)]
    fn chunks_take_as_long_as_a_cancellation_may() {
        let mut chunks = Chunks::new(None);
        for _ in 0..20 {
            let tokens = chunks.next();
            chunks.took(tokens, Some(tokens as f64 * 2.0));
        }
        assert_eq!(chunks.next(), 64);
        chunks.took(64, Some(0.0));
        chunks.took(3, Some(1.0));
        assert_eq!(chunks.next(), 64);
        chunks.took(64, Some(10_000.0));
        assert_eq!(chunks.next(), Chunks::STEP);
        let mut given = Chunks::new(Some(7));
        given.took(7, Some(1.0));
        assert_eq!(given.next(), 7);
    }
}
