//! One measurement: prefill at a fixed length, decode, and how fast the kernels are meanwhile.

use serde::{Deserialize, Serialize};

use super::stats::Spread;
use crate::backend::{Backend, peak};
use crate::error::{Error, Result};
use crate::host::Host;
use crate::lm::sampler::{Sampler, Sampling};
use crate::lm::session::Session;
use crate::report::{ChunkReport, DecodeReport, OperationReport, PrefillReport};

/// One measurement of one prompt.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[cfg_attr(target_arch = "wasm32", tsify(missing_as_null))]
pub struct Measurement {
    /// Reading the prompt, with nothing in the cache.
    pub prefill: PrefillReport,
    /// Writing after it, always the best token, whatever it is.
    pub decode: DecodeReport,
    /// The tokens written.
    pub written: Vec<u32>,
    /// Time of each kind of operation while reading, where it was asked for.
    pub profile: Vec<OperationReport>,
}

/// Several measurements of one prompt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Length of the prompt.
    pub prompt_tokens: usize,
    /// Prefill speed, tokens a second.
    pub prefill: Spread,
    /// Decode speed, tokens a second.
    pub decode: Spread,
}

impl Summary {
    /// Of measurements of the same prompt.
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

/// Reads `ids` in one pass and then writes `decode` tokens, with no template, plan or stopping;
/// past the trained context by [`Session::extend`]. `profile` asks for the time of each operation,
/// which costs some of the speed.
///
/// # Errors
/// What the session says; `invalid-options` for an empty prompt.
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
    let mut sampler = Sampler::new(Sampling::greedy());
    let elapsed = |from: Option<f64>| Some(host.now_ms()? - from?);
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
        let (position, tokens, ms) = (i * size, chunk.len(), elapsed(started));
        measurement.prefill.add(ChunkReport { prompt: 0, position, tokens, ms });
        // A cancelled measurement is none.
        if host.yield_now().await.is_break() {
            return Err(Error::Cancelled);
        }
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
        measurement.decode.add(elapsed(started));
    }
    Ok(measurement)
}

/// How fast the same product is now, and what others take of it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pulse {
    /// The best speed, in 10⁹ multiply-adds a second.
    pub gmacs: Option<f64>,
    /// The median speed ÷ the best.
    pub undisturbed: Option<f64>,
}

/// [`peak::peak_gmacs`], and how far from it most of the products are.
///
/// # Errors
/// As there.
pub async fn pulse<B: Backend>(backend: &B, host: &impl Host) -> Result<Pulse> {
    let speeds = Spread::of(peak::product_gmacs(backend, host).await?);
    let undisturbed = speeds.median.zip(speeds.max).map(|(median, max)| median / max);
    Ok(Pulse { gmacs: speeds.max, undisturbed })
}
