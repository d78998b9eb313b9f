//! The cost of packing the tensors of a file: `precis-bench-quants MODEL`
//!
//! Prints, for each storage format, the bits per weight in the file and in memory, and the error of
//! packed weights relative to the file: the sum of squared errors divided by the sum of squared
//! weights, over all matrices of that format.

use std::collections::BTreeMap;
use std::fs::File;

use anyhow::{Context, Result};
use precis::lm::gguf::Gguf;
use precis::quant::{BLOCK, QuantType};

/// Rows read at a time.
const ROWS: usize = 256;

/// Sums over the matrices of a format.
struct Sums {
    quant: QuantType,
    weights: usize,
    error: f64,
    squares: f64,
}

fn main() -> Result<()> {
    let path = std::env::args().nth(1).context("usage: precis-bench-quants MODEL")?;
    let mut file = Gguf::open(File::open(&path).with_context(|| path.clone())?)?;
    let names: Vec<String> = file.tensor_names().cloned().collect();
    let mut formats = BTreeMap::new();
    let mut bytes = Vec::new();
    for name in names {
        let tensor = file.tensor(&name)?;
        if tensor.rows == 1 {
            continue;
        }
        let quant = tensor.quant;
        let sums = formats.entry(quant.name()).or_insert(Sums {
            quant,
            weights: 0,
            error: 0.0,
            squares: 0.0,
        });
        for first in (0..tensor.rows).step_by(ROWS) {
            let rows = first..tensor.rows.min(first + ROWS);
            let mut weights = vec![0.0; rows.len() * tensor.cols];
            file.read_rows(&tensor, rows, &mut bytes)?;
            quant.decode(&bytes, &mut weights);
            sums.weights += weights.len();
            quant.split(&bytes, |i, block| {
                let (scale, min) = (block.scale.to_f64(), block.min.to_f64());
                for (int, weight) in block.ints.iter().zip(&weights[i * BLOCK..]) {
                    let weight = f64::from(*weight);
                    sums.error += (scale * f64::from(*int) + min - weight).powi(2);
                    sums.squares += weight * weight;
                }
            });
        }
    }
    println!("| type | weights | bits in the file | bits in memory | NMSE of packing |");
    println!("| --- | ---: | ---: | ---: | ---: |");
    for (name, Sums { quant, weights, error, squares }) in formats {
        let stored = 8.0 * quant.block_bytes() as f64 / quant.block_weights() as f64;
        let scales = if quant.has_min() { 4 } else { 2 };
        let packed = 8.0 * (quant.bits().block_bytes() + scales) as f64 / BLOCK as f64;
        println!("| {name} | {weights} | {stored:.2} | {packed:.2} | {:.1e} |", error / squares);
    }
    Ok(())
}
