//! Performs the steps of a suite.

use sha2::{Digest, Sha256};

use super::{Document, Outcome, Step};
use crate::backend::{Backend, peak};
use crate::error::{Error, Result};
use crate::host::{Host, elapsed, let_others_run};
use crate::lm::session::Session;
use crate::lm::tokenizer::Tokenizer;
use crate::measure::bench;
use crate::measure::card::{CERTIFIED, Certificate};
use crate::report::{MemoryReport, rate};

/// Repetitions of the article in the benchmark document.
const ITERATIONS: usize = 8;

/// Number of times the document is encoded.
const ENCODINGS: usize = 6;

/// Clock steps to observe.
const TICKS: usize = 10;

/// Maximum time to wait for them, by the clock itself.
const TICKING_MS: f64 = 50.0;

/// Logits of a prompt, recorded elsewhere (tests/fixtures/README.md).
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Golden {
    /// The prompt.
    pub ids: Vec<u32>,
    /// Logits after its last token: llama.cpp's, unquantized, as little-endian 16-bit floats.
    pub logits: Vec<u8>,
}

/// Prompts of a configuration.
pub struct Prompts {
    text: String,
    ids: Vec<u32>,
    document: Document,
    golden: Option<Golden>,
}

/// The benchmark document: the article repeated under numbered headings, then a question.
pub fn benchmark(article: &str) -> String {
    let iterations: String = (1..=ITERATIONS)
        .map(|i| format!("## Iteration {i} of {ITERATIONS}\n\n{article}\n\n"))
        .collect();
    format!(
        "# 40K Token Benchmark Prompt\n\n{iterations}Based on all the above content, provide a \
         brief one-sentence summary.\n"
    )
}

impl Prompts {
    /// Encodes the benchmark document made from `article`.
    ///
    /// # Errors
    /// The tokenizer's errors.
    pub fn new(tokenizer: &Tokenizer, article: &str, golden: Option<Golden>) -> Result<Self> {
        let text = benchmark(article);
        let tokens = tokenizer.encode_with_starts(&text)?;
        // An iteration ends at the next heading or at the question.
        let heading = |i| text.find(&format!("## Iteration {i} of")).unwrap_or(text.len());
        let question = text.trim_end().rfind('\n').unwrap_or(text.len());
        let ends = (2..=ITERATIONS)
            .map(heading)
            .chain([question])
            .map(|end| tokens.starts.partition_point(|start| *start < end))
            .collect();
        let ids = tokens.ids;
        let bytes: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        let sha256 = base16ct::lower::encode_string(&Sha256::digest(bytes));
        let document = Document { tokens: ids.len(), sha256, ends };
        Ok(Self { text, ids, document, golden })
    }

    /// Facts about the document for a suite.
    pub fn document(&self) -> &Document {
        &self.document
    }

    fn first(&self, tokens: usize) -> Result<&[u32]> {
        self.ids.get(..tokens).ok_or_else(|| {
            let (option, value) = ("tokens", tokens.to_string());
            Error::InvalidOptions { option, value, expected: "at most as many as the document has" }
        })
    }
}

/// Runs `step` on a session. The caller handles rests.
///
/// # Errors
/// The session's errors; `cancelled` if the host wants the run to end.
pub async fn perform<B: Backend>(
    session: &mut Session<B>,
    prompts: &Prompts,
    step: &Step,
    host: &impl Host,
) -> Result<Outcome> {
    Ok(match step {
        Step::Tokenize => {
            let mut tokens_per_second = Vec::new();
            for _ in 0..ENCODINGS {
                let started = host.now_ms();
                let tokens = session.model().tokenizer.encode(&prompts.text)?.len();
                tokens_per_second.extend(rate(tokens, elapsed(started, host.now_ms())));
                let_others_run(host).await?;
            }
            Outcome::Tokenized { tokens_per_second }
        }
        Step::Certify => Outcome::Certified { certificate: certify(session, prompts).await? },
        Step::WarmUp { tokens, write } => measured(session, prompts, *tokens, *write, host).await?,
        Step::Read { tokens } => measured(session, prompts, *tokens, 0, host).await?,
        Step::Write { tokens, after } => measured(session, prompts, *after, *tokens, host).await?,
        Step::Pulse => {
            let bench::Pulse { gmacs, undisturbed } = bench::pulse(session.backend(), host).await?;
            Outcome::Pulse { gmacs, undisturbed }
        }
        Step::Peaks => {
            let memory = MemoryReport {
                wasm_bytes: host.memory_bytes(),
                gpu_bytes: session.backend().device_bytes(),
                kv_bytes: session.cache_bytes() as u64,
            };
            let backend = session.backend();
            let mut peak = backend.peaks(&|| host.now_ms()).await?;
            if peak.int8_gmacs.is_none() {
                peak.int8_gmacs = peak::peak_gmacs(backend, host).await?;
            }
            Outcome::Peaks { peak, memory }
        }
        Step::Rest { .. } => Outcome::Rested,
    })
}

async fn measured<B: Backend>(
    session: &mut Session<B>,
    prompts: &Prompts,
    tokens: usize,
    write: usize,
    host: &impl Host,
) -> Result<Outcome> {
    let ids = prompts.first(tokens)?;
    Ok(Outcome::Measured { measurement: bench::measure(session, ids, write, false, host).await? })
}

/// Compares the logits after the recorded prompt with the recorded ones.
async fn certify<B: Backend>(
    session: &mut Session<B>,
    prompts: &Prompts,
) -> Result<Option<Certificate>> {
    let Some(Golden { ids, logits }) = &prompts.golden else { return Ok(None) };
    session.start(ids.len())?;
    let mut last = None;
    let widest = session.model().config.widest();
    let chunk = B::MEASURED_CHUNK.min(*session.backend().chunk_limits(widest).end());
    for ids in ids.chunks(chunk) {
        last = Some(session.prefill(ids)?);
        session.finish().await?;
    }
    let Some(last) = last else { return Ok(None) };
    let ours = session.logits(&last).await?;
    let recorded = logits.as_chunks::<2>().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f64());
    let (mut errors, mut squares) = (0.0, 0.0);
    for (ours, recorded) in ours.iter().zip(recorded.clone()) {
        errors += (f64::from(*ours) - recorded).powi(2);
        squares += recorded.powi(2);
    }
    // For a wrong length or NaN: the largest distance, because cards allow no infinity.
    let same = ours.len() == recorded.len() && f64::is_finite(errors / squares);
    let distance = if same { errors / squares } else { f64::from(f32::MAX) };
    let (tokens, logits) = (ids.len(), ours.len());
    Ok(Some(Certificate { tokens, logits, distance, bound: CERTIFIED }))
}

/// Resolution of the host's clock; `None` if it does not advance.
pub fn clock_ms(host: &impl Host) -> Option<f64> {
    let began = host.now_ms()?;
    let mut last = began;
    let mut smallest: Option<f64> = None;
    let mut ticks = 0;
    // Limits the loop if the clock never advances: each read takes some nanoseconds.
    for _ in 0..50_000_000u32 {
        let now = host.now_ms()?;
        if now > last {
            smallest = Some(smallest.map_or(now - last, |least| least.min(now - last)));
            ticks += 1;
            last = now;
        }
        if ticks == TICKS || now - began > TICKING_MS {
            break;
        }
    }
    smallest
}
