//! Measuring: prefill at a fixed length, decode, and the peak of the kernels.

use serde::{Deserialize, Serialize};

use crate::backend::{Backend, WeightSpec};
use crate::error::{Error, Result};
use crate::quant::{BLOCK, QuantType};
use crate::report::{ChunkReport, DecodeReport, OperationReport, PrefillReport, reported};
use crate::runtime::Host;
use crate::sampler::{Sampler, Sampling};
use crate::session::Session;

/// Inputs and outputs of the product that measures the kernels' peak, the feed-forward part of
/// SmolLM2-135M; its rows are half a chunk of measurements.
const PEAK: [usize; 2] = [576, 1536];

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

reported! {
    /// What repetitions of one figure say together.
    pub struct Spread {
        /// The middle one; of an even number the mean of the two in the middle.
        pub median: Option<f64>,
        /// Median of the distances from the median (MAD), not scaled.
        pub mad: Option<f64>,
        /// The smallest.
        pub min: Option<f64>,
        /// The largest.
        pub max: Option<f64>,
        /// All in the order of measuring.
        pub values: Vec<f64>,
        /// Which of the values are outliers, from 0: farther from the median than three times
        /// 1.4826 MAD (Leys et al. 2013, doi:10.1016/j.jesp.2013.03.013) and than 2 % of it. They
        /// count all the same.
        pub outliers: Vec<usize>,
    }
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

impl Spread {
    /// Of any number of values.
    pub fn of(values: Vec<f64>) -> Self {
        let sorted = sorted(values.iter().copied());
        let median = middle(&sorted);
        let distances: Vec<f64> = median
            .iter()
            .flat_map(|median| values.iter().map(move |x| (x - median).abs()))
            .collect();
        let mad = middle(&self::sorted(distances.iter().copied()));
        let far = median.zip(mad).map(|(median, mad)| f64::max(OUTLIER * mad, 0.02 * median));
        let is_far = |at: &usize| far.is_some_and(|far| distances[*at] > far);
        let outliers = (0..values.len()).filter(is_far).collect();
        let (min, max) = (sorted.first().copied(), sorted.last().copied());
        Self { median, mad, min, max, values, outliers }
    }

    /// How far the values are from each other for their size: MAD ÷ median.
    pub fn noise(&self) -> Option<f64> {
        self.mad.zip(self.median.filter(|median| *median > 0.0)).map(|(mad, median)| mad / median)
    }
}

/// Distances in MAD that make an outlier: three standard deviations of normal values.
const OUTLIER: f64 = 3.0 * 1.4826;

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn middle(sorted: &[f64]) -> Option<f64> {
    let at = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 0 => Some(f64::midpoint(sorted[at - 1], sorted[at])),
        _ => Some(sorted[at]),
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match (self.median, self.min, self.max) {
            (Some(median), Some(min), Some(max)) => write!(f, "{median:.1} [{min:.1}-{max:.1}]"),
            _ => f.write_str("-"),
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

/// The best speed of the quantized matrix product, in 10⁹ multiply-adds a second; `None` where the
/// clock stands still. Takes about 0.1 s.
///
/// # Errors
/// `out-of-memory`, `host-failed`.
pub async fn peak_gmacs<B: Backend>(backend: &B, host: &impl Host) -> Result<Option<f64>> {
    Ok(product_gmacs(backend, host).await?.into_iter().reduce(f64::max))
}

/// How fast the same product is now, and what others take of it.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Pulse {
    /// The best speed, in 10⁹ multiply-adds a second.
    pub gmacs: Option<f64>,
    /// The median speed ÷ the best.
    pub undisturbed: Option<f64>,
}

/// [`peak_gmacs`], and how far from it most of the products are.
///
/// # Errors
/// As there.
pub async fn pulse<B: Backend>(backend: &B, host: &impl Host) -> Result<Pulse> {
    let speeds = Spread::of(product_gmacs(backend, host).await?);
    let undisturbed = speeds.median.zip(speeds.max).map(|(median, max)| median / max);
    Ok(Pulse { gmacs: speeds.max, undisturbed })
}

/// Speeds of the quantized matrix product, a batch at a time, in 10⁹ multiply-adds a second; none
/// where the clock stands still.
async fn product_gmacs<B: Backend>(backend: &B, host: &impl Host) -> Result<Vec<f64>> {
    /// Shorter times than this say little: the clock may be coarse.
    const SHORT_MS: f64 = 5.0;
    /// Nothing is begun after so long.
    const LONG_MS: f64 = 100.0;
    const BATCHES: usize = 24;
    /// Products between two looks at the clock.
    const MOST: usize = 32;
    let rows = B::MEASURED_CHUNK / 2;
    let [inputs, outputs] = PEAK;
    let spec = WeightSpec { rows: outputs, cols: inputs, quant: QuantType::Q4_1 };
    let weight = backend.load_weight(spec, &mut |range, bytes| {
        // Blocks of scale 1, minimum 0 and every 4-bit integer.
        let mut block = vec![0x00, 0x3c, 0x00, 0x00];
        block.extend((0..BLOCK as u8 / 2).map(|i| i * 0x11));
        *bytes = block.repeat(range.len() * inputs / BLOCK);
        Ok(())
    })?;
    let ids: Vec<u32> = (0..rows as u32).collect();
    let x = backend.embed(&weight, &ids);
    let mut speeds = Vec::new();
    let (mut batch, mut all_ms) = (1, 0.0);
    for _ in 0..BATCHES {
        let Some(started) = host.now_ms() else { return Ok(Vec::new()) };
        for i in 0..batch {
            let [product] = backend.matmul(&x, [&weight]);
            if i + 1 == batch {
                backend.read(&backend.last_row(&product)).await?;
            }
        }
        host.catch_up().await;
        let ms = host.now_ms().map_or(0.0, |now| now - started);
        all_ms += ms;
        if ms < SHORT_MS && batch < MOST {
            batch *= 2;
            continue;
        }
        if ms <= 0.0 {
            break;
        }
        speeds.push((batch * rows * inputs * outputs) as f64 / ms / 1e6);
        if all_ms > LONG_MS {
            break;
        }
    }
    Ok(speeds)
}
