//! The kernels' peak: the best speed of a matrix product of realistic size.

use super::{Backend, WeightSpec};
use crate::error::Result;
use crate::host::Host;
use crate::quant::{BLOCK, QuantType};

/// Inputs and outputs of the measured product, the feed-forward part of SmolLM2-135M. It has half a
/// measured chunk of rows.
const PEAK: [usize; 2] = [576, 1536];

/// Best speed of the quantized matrix product, in 10⁹ multiply-adds per second; `None` if the clock
/// does not advance during computation. Takes about 0.1 s.
///
/// # Errors
/// `out-of-memory`, `host-failed`.
pub async fn peak_gmacs<B: Backend>(backend: &B, host: &impl Host) -> Result<Option<f64>> {
    Ok(product_gmacs(backend, host).await?.into_iter().reduce(f64::max))
}

/// Speeds of the quantized matrix product, one per batch, in 10⁹ multiply-adds per second; empty if
/// the clock does not advance during computation.
///
/// # Errors
/// As [`peak_gmacs`].
pub async fn product_gmacs<B: Backend>(backend: &B, host: &impl Host) -> Result<Vec<f64>> {
    /// Shorter times are unreliable: the clock may be coarse.
    const SHORT_MS: f64 = 5.0;
    /// No batch starts after this time.
    const LONG_MS: f64 = 100.0;
    const BATCHES: usize = 24;
    /// Maximum number of products between two clock reads.
    const MOST: usize = 32;
    let rows = B::MEASURED_CHUNK / 2;
    let [inputs, outputs] = PEAK;
    let spec = WeightSpec { rows: outputs, cols: inputs, quant: QuantType::Q4_1 };
    let weight = backend.load_weight(spec, &mut |range, bytes| {
        // Blocks with scale 1, minimum 0 and every 4-bit integer.
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
