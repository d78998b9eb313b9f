//! The product: a document in, its summary and a report out.

mod ask;
mod check;
mod chunks;
mod find;
mod forecast;
mod headline;
mod judge;
pub mod note_cache;
mod notes;
mod options;
pub mod plan;
mod points;
pub mod profile;
mod run;
mod salience;
mod source;
mod write;

use std::collections::HashSet;

use self::chunks::Chunks;
use self::forecast::Forecast;
use self::judge::Judge;
use self::note_cache::NoteCache;
pub use self::options::{LONGEST_INSTRUCTION, MAX_DOCUMENT, Options, Windows};
use self::options::{check_notes, checked};
use self::plan::{Asking, Limits, Plan, Planned, PromptStyle, Reading, Strategy};
use self::points::{Material, as_it_is};
use self::profile::{Profile, answer_tokens};
use self::run::{Ahead, Run};
use self::source::{Document, encoded, placed};
use crate::backend::{Backend, peak};
use crate::document::clean::Clean;
use crate::document::kind;
use crate::document::structure::Structure;
use crate::error::{Error, Result};
use crate::host::{Event, Host, Note, Stage, elapsed};
use crate::lm::model::Model;
use crate::lm::session::Session;
use crate::report::{
    BackendReport, DocumentReport, LoadReport, MemoryReport, ModelReport, PlanReport, Report,
    SCHEMA,
};

/// Summarizes documents, one at a time, with one model.
pub struct Summarizer<B: Backend> {
    session: Session<B>,
    judge: Option<Judge>,
    memory: NoteCache,
    model: ModelReport,
    backend: BackendReport,
    load: LoadReport,
    peak_gmacs: Option<f64>,
    tokens_per_ms: Option<f64>,
    copy_gbs: Option<f64>,
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
            architecture: model.config.architecture.name().into(),
            quant: model.quant.name().into(),
            parameters: model.parameters,
            context: model.config.context,
            linear_macs: model.linear_macs,
            attention_macs: model.config.attention_macs(),
            window_macs: model.config.window_macs(),
        };
        let judge = Judge::of(model.fingerprint).filter(|_| model.tokenizer.has_chat());
        let mut session = Session::new(backend, model);
        if let Some(judge) = judge {
            session.watch(judge.layer, judge.probe());
        }
        Self {
            session,
            judge,
            memory: NoteCache::default(),
            model: report,
            backend: backend_report,
            load,
            peak_gmacs: None,
            tokens_per_ms: None,
            copy_gbs: None,
        }
    }

    /// Begins every run with chunks for a device that reads so fast, in tokens a millisecond.
    pub fn expecting(self, tokens_per_ms: Option<f64>) -> Self {
        Self { tokens_per_ms, ..self }
    }

    /// What reports say of the backend.
    pub fn backend(&self) -> &BackendReport {
        &self.backend
    }

    /// What reports say of the model.
    pub fn model(&self) -> &ModelReport {
        &self.model
    }

    /// What reports say of how it came into memory.
    pub fn loaded(&self) -> &LoadReport {
        &self.load
    }

    /// The session with the model, for measuring and counting.
    pub fn session(&mut self) -> &mut Session<B> {
        &mut self.session
    }

    /// Notes on what was read before.
    pub fn memory(&mut self) -> &mut NoteCache {
        &mut self.memory
    }

    /// Reads `text` and summarizes it.
    ///
    /// # Errors
    /// `empty-document`, `document-too-large`, `invalid-options`, `cancelled` when the host says
    /// so, and what the session says. After any of them the next run starts afresh.
    pub async fn run(&mut self, text: &str, options: &Options, host: &impl Host) -> Result<Report> {
        let called_ms = host.now_ms();
        let clean = checked(text, options, Clean::new)?;
        let text = clean.text();
        let (tokens, paused) = encoded(&self.session.model().tokenizer, text, host).await?;
        host.catch_up().await;
        let tokenize_ms = elapsed(called_ms, host.now_ms()).map(|ms| ms - paused);
        let document = Document::new(text, options);
        let (limits, asking) = (self.limits(options)?, self.asking(options));
        let plan = Plan::new(self.reading(&document, &tokens.starts, limits, &asking, options));
        check_notes(&options.notes, &plan)?;
        if let Some(limit) = options.positions.filter(|_| plan.is_one_pass()) {
            let tokens = tokens.ids.len() + limits.overhead + plan.answer;
            if tokens > limit {
                return Err(Error::PromptTooLong { tokens, limit });
            }
        }

        let mut report = Report {
            schema: SCHEMA.into(),
            model: self.model.clone(),
            document: DocumentReport {
                chars: clean.original_chars(),
                tokens: tokens.ids.len(),
                tokenize_ms,
                kind: Some(plan.kind),
                language: document.language.map(str::to_owned),
            },
            backend: self.backend.clone(),
            load: self.load.clone(),
            plan: PlanReport {
                strategy: plan.strategy.into(),
                windows: plan.windows.len(),
                request: plan.request.clone(),
                closing_request: plan.closing_request.clone(),
                ..PlanReport::default()
            },
            ..Report::default()
        };
        let body = plan.body();
        let as_is = as_it_is(text, body).filter(|_| options.wish().instruction.is_none());
        let digest = || points::digested(text, &plan).map(|answer| ("digest", answer));
        // Neither needs a model.
        if let Some((strategy, written)) = as_is.map(|answer| ("as-is", answer)).or_else(digest) {
            report.plan = PlanReport { strategy: strategy.into(), ..PlanReport::default() };
            host.emit(Event::Piece { text: written.text.clone() });
            (report.summary, report.points) = (written.text, placed(&clean, written.points));
            self.finish(&mut report, host).await?;
            return Ok(report);
        }
        let lengths = self.unread(&plan, options);
        host.emit(Event::Planned {
            tokens: tokens.ids.len(),
            total: lengths.iter().sum(),
            windows: plan.windows.len(),
            strategy: plan.strategy.into(),
            kv_bytes: self.session.cache_bytes_for(plan.longest_prompt(limits)),
        });
        drop(tokens);
        let Document { structure, salience, .. } = document;
        let material = Material { text, structure: &structure, plan: &plan, salience };

        let mut run = self.begin(options, host, &mut report, &lengths);
        let notes = run.take_notes(&plan, &options.notes).await?;
        let started = options.started_ms.or(called_ms);
        let mut first_ms = None;
        let mut tell = |piece: &str| {
            if first_ms.is_none() {
                first_ms = elapsed(started, host.now_ms());
            }
            host.emit(Event::Piece { text: piece.into() });
        };
        let written = run.answer(material, notes, limits.answer, &mut tell).await?;
        report.summary = written.text;
        report.points = placed(&clean, written.points);
        report.first_token_ms = first_ms;
        let operations = self.session.backend().profile(false);
        report.profile = options.profile.then_some(operations);
        self.finish(&mut report, host).await?;
        Ok(report)
    }

    /// How `text` will be read.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn plan(&self, text: &str, options: &Options) -> Result<Windows> {
        let clean = checked(text, options, Clean::new)?;
        let text = clean.text();
        let tokens = self.session.model().tokenizer.encode_with_starts(text)?;
        let document = Document::new(text, options);
        let (limits, asking) = (self.limits(options)?, self.asking(options));
        let plan = Plan::new(self.reading(&document, &tokens.starts, limits, &asking, options));
        // Without prompts for windows there is nothing that other isolates could read.
        let (tokens, kind, keys) = (tokens.ids.len(), plan.kind, plan.keys());
        if keys.iter().filter(|key| !key.is_empty()).count() < 2 {
            return Ok(Windows {
                tokens,
                kind,
                windows: vec![text.into()],
                keys: vec![String::new()],
            });
        }
        let windows = plan.windows.into_iter().map(|window| text[window].into()).collect();
        Ok(Windows { tokens, kind, windows, keys })
    }

    /// Takes a note on one window of a document that is summarized elsewhere.
    ///
    /// # Errors
    /// As [`Self::run`]; `prompt-too-long` for more than a window.
    pub async fn note(
        &mut self,
        window: &str,
        options: &Options,
        host: &impl Host,
    ) -> Result<Note> {
        let given = window;
        let clean = checked(given, options, Clean::of_text)?;
        let window = clean.text();
        let mut report = Report::default();
        let limit = self.limits(options)?.context;
        let tokens = self.session.model().tokenizer.encode(window)?.len();
        if tokens > limit {
            return Err(Error::PromptTooLong { tokens, limit });
        }
        let kind =
            options.kind.unwrap_or_else(|| kind::recognize(window, &Structure::new(window)).0);
        let mut run = self.begin(options, host, &mut report, &[tokens]);
        let prompt = run.asking.note(window, kind, run.profile);
        let planned = Planned::note(0, prompt, kind, run.profile, tokens);
        let (mut note, _) = run.take_note(&planned, kind).await?;
        // The one who asked has the same window, cleaned with the text about it.
        if window != given {
            note.judged.clear();
        }
        Ok(note)
    }

    /// Tokens of the prompts of a plan whose answers are not known yet; of those that are alike, the
    /// first.
    fn unread(&self, plan: &Plan, options: &Options) -> Vec<usize> {
        let mut known = HashSet::new();
        let unread = plan.prompts.iter().filter(|prompt| {
            if prompt.stage != Stage::Window {
                return true;
            }
            let elsewhere = options.notes.get(prompt.window).is_some_and(Option::is_some);
            let before = self.memory.note(&prompt.key).is_some() || !known.insert(&prompt.key);
            !elsewhere && (options.fresh || !before)
        });
        unread.map(|prompt| prompt.tokens).collect()
    }

    fn reading<'a>(
        &self,
        document: &'a Document<'a>,
        starts: &'a [usize],
        limits: Limits,
        asking: &'a Asking,
        options: &'a Options,
    ) -> Reading<'a> {
        let profile = self.profile(options);
        let Document { text, kind, .. } = document;
        let kind = *kind;
        let (strategy, wish) = (options.strategy, options.wish());
        Reading { text, starts, kind, profile, asking, limits, strategy, wish }
    }

    /// How the model is used.
    fn profile(&self, options: &Options) -> Profile {
        let follows = self.asking(options).style == PromptStyle::Chat;
        let profile = Profile::of(self.model.parameters, follows, self.judge);
        Profile { wording: options.wording.unwrap_or(profile.wording), ..profile }
    }

    /// How the model is asked.
    fn asking(&self, options: &Options) -> Asking {
        let style = options.prompt.unwrap_or(match self.session.model().tokenizer.has_chat() {
            true => PromptStyle::Chat,
            false => PromptStyle::Completion,
        });
        let background = options.context.as_deref().unwrap_or_default().trim().to_owned();
        Asking { style, background }
    }

    fn limits(&self, options: &Options) -> Result<Limits> {
        let model = self.session.model();
        let context = options.context_of(model.config.context);
        let most = || answer_tokens(options.wish().most());
        let answer = options.max_tokens.unwrap_or_else(most).min(context / 4);
        let background = model.tokenizer.encode(&self.asking(options).background)?.len();
        let overhead = model.tokenizer.overhead() + background;
        Ok(Limits { context, overhead, answer })
    }

    /// A run of which no prompt has been asked yet; `lengths` are their tokens.
    fn begin<'a, H: Host>(
        &'a mut self,
        options: &Options,
        host: &'a H,
        report: &'a mut Report,
        lengths: &[usize],
    ) -> Run<'a, B, H> {
        // Ends one of a run that was cancelled, too.
        self.session.backend().profile(options.profile);
        let widest = self.session.model().config.widest();
        let limits = self.session.backend().chunk_limits(widest);
        let chunks = options.chunk.map_or_else(|| Chunks::new(limits, B::CHUNK_MS), Chunks::given);
        let chunks = match self.tokens_per_ms {
            Some(tokens_per_ms) => chunks.expecting(tokens_per_ms),
            None => chunks,
        };
        let extends = options.strategy == Strategy::OnePass && options.positions.is_none();
        let (asking, profile) = (self.asking(options), self.profile(options));
        let model = self.session.model();
        let context = options.context_of(model.config.context);
        let positions = if extends { usize::MAX } else { context };
        let cost = |tokens: &usize| forecast::cost(&model.config, model.linear_macs, 0, *tokens);
        let expected = if profile.only_reads() { 0.0 } else { forecast::ANSWER };
        let forecast = Forecast::new(lengths.iter().map(cost), expected);
        let total = lengths.iter().sum();
        let (session, memory, fresh) = (&mut self.session, &mut self.memory, options.fresh);
        let (prompts, ahead) = (0, Ahead::default());
        Run {
            session,
            host,
            report,
            chunks,
            total,
            forecast,
            prompts,
            ahead,
            extends,
            positions,
            asking,
            profile,
            memory,
            fresh,
        }
    }

    /// Adds what is known only at the end, and says why what is missing is missing.
    async fn finish(&mut self, report: &mut Report, host: &impl Host) -> Result<()> {
        report.memory = MemoryReport {
            wasm_bytes: host.memory_bytes(),
            gpu_bytes: self.session.backend().device_bytes(),
            kv_bytes: self.session.cache_bytes() as u64,
        };
        if self.peak_gmacs.is_none() {
            self.peak_gmacs = peak::peak_gmacs(self.session.backend(), host).await?;
        }
        if self.copy_gbs.is_none() {
            self.copy_gbs = self.session.backend().copy_gbs().await?;
        }
        report.peak.gemm_gmacs = self.peak_gmacs;
        report.peak.bandwidth_gbs = self.copy_gbs;
        let macs = self.session.model().linear_macs as f64;
        report.peak.efficiency = (report.prefill.tokens_per_second)
            .zip(self.peak_gmacs)
            .map(|(speed, peak)| macs * speed / (peak * 1e9));
        report.environment = host.environment();
        report.environment.version = env!("CARGO_PKG_VERSION").into();
        report.forget_zeros();
        report.explain_absent();
        Ok(())
    }
}
