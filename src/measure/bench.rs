//! A single measurement: prefill of a fixed length, decode, and the kernels' speed meanwhile.

use serde::{Deserialize, Serialize};

use super::stats::Spread;
use crate::backend::{Backend, peak};
use crate::error::{Error, Result};
use crate::host::{Host, elapsed, let_others_run};
use crate::lm::sampler::Sampler;
use crate::lm::session::Session;
use crate::report::{ChunkReport, DecodeReport, OperationReport, PrefillReport};

/// One measurement of one prompt.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub struct Measurement {
    /// Reading the prompt, with an empty cache.
    pub prefill: PrefillReport,
    /// Greedy decoding after it, without stopping.
    pub decode: DecodeReport,
    /// The tokens written.
    pub written: Vec<u32>,
    /// Time of each kind of operation while reading, if requested.
    pub profile: Vec<OperationReport>,
}

/// Several measurements of one prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Length of the prompt.
    pub prompt_tokens: usize,
    /// Prefill speed, in tokens per second.
    pub prefill: Spread,
    /// Decode speed, in tokens per second.
    pub decode: Spread,
}

impl Summary {
    /// Summarizes measurements of the same prompt.
    pub fn of(measured: &[Measurement]) -> Self {
        let prefill = measured.iter().filter_map(|m| m.prefill.tokens_per_second);
        let decode = measured.iter().filter_map(|m| m.decode.tokens_per_second);
        Self {
            prompt_tokens: measured.first().map_or(0, |m| m.prefill.tokens),
            prefill: Spread::of(prefill.collect()),
            decode: Spread::of(decode.collect()),
        }
    }
}

/// Reads `ids` in one pass and then decodes `decode` tokens, without template, plan or stopping;
/// past the trained context by [`Session::extend`]. `profile` times each operation, which costs
/// some speed.
///
/// # Errors
/// The session's errors; `invalid-options` for an empty prompt.
pub async fn measure<B: Backend>(
    session: &mut Session<B>,
    ids: &[u32],
    decode: usize,
    profile: bool,
    host: &impl Host,
) -> Result<Measurement> {
    session.extend(ids.len() + decode)?;
    let mut measurement = Measurement::default();
    let mut next = None;
    let mut sampler = Sampler::greedy();
    session.backend().profile(profile);
    let widest = session.model().config.widest();
    let size = B::MEASURED_CHUNK.min(*session.backend().chunk_limits(widest).end());
    for (i, chunk) in ids.chunks(size).enumerate() {
        let started = host.now_ms();
        let read = session.prefill(chunk)?;
        next = match (i + 1) * size >= ids.len() {
            true => Some(session.choose(&read, &mut sampler).await?),
            false => session.finish().await.map(|()| None)?,
        };
        let (position, tokens, ms) = (i * size, chunk.len(), elapsed(started, host.now_ms()));
        measurement.prefill.add(ChunkReport { prompt: 0, position, tokens, ms });
        // Discard a cancelled measurement.
        let_others_run(host).await?;
    }
    measurement.profile = session.backend().profile(false);
    let Some(mut id) = next else {
        let (option, value, expected) = ("ids", "empty".into(), "at least one token");
        return Err(Error::InvalidOptions { option, value, expected });
    };
    for _ in 0..decode {
        let started = host.now_ms();
        measurement.written.push(id);
        let read = session.prefill(&[id])?;
        id = session.choose(&read, &mut sampler).await?;
        measurement.decode.add(elapsed(started, host.now_ms()));
    }
    Ok(measurement)
}

/// Current speed of a fixed matrix product, and disturbance by other programs.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pulse {
    /// The best speed, in 10⁹ multiply-adds per second.
    pub gmacs: Option<f64>,
    /// The median speed ÷ the best.
    pub undisturbed: Option<f64>,
}

/// [`peak::peak_gmacs`], with the ratio of the median product to the best.
///
/// # Errors
/// As there.
pub async fn pulse<B: Backend>(backend: &B, host: &impl Host) -> Result<Pulse> {
    let speeds = Spread::of(peak::product_gmacs(backend, host).await?);
    let undisturbed = speeds.median.zip(speeds.max).map(|(median, max)| median / max);
    Ok(Pulse { gmacs: speeds.max, undisturbed })
}
