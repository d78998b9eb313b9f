//! `precis bench`: one measurement at each length, and its table.

use precis::backend::Backend as _;
use precis::host::native::{Native, block_on};
use precis::measure::bench::{Measurement, Summary};

use super::model::{self, ModelArguments};
use super::output::{self, Done, Output};

/// Measures prompts of these lengths `reps` times, after a time that is not counted, and prints
/// what came of it.
pub fn measure(
    lengths: &[usize],
    decode: usize,
    reps: u32,
    profile: bool,
    json: bool,
    model: &ModelArguments,
) -> Done {
    let mut engine = model::load(model)?;
    let host = Native::new(|_| ());
    let article = engine.tokenizer().encode(model::ARTICLE)?;
    // The article again and again: the longest prompts need more tokens than it has.
    let ids: Vec<u32> =
        article.iter().cycle().take(lengths.iter().copied().max().unwrap_or(0)).copied().collect();
    let mut results: Vec<Vec<_>> = vec![Vec::new(); lengths.len()];
    for repetition in 0..=reps {
        for (length, results) in lengths.iter().zip(&mut results) {
            let measured = block_on(engine.measure(&ids[..*length], decode, profile, &host))?;
            if repetition > 0 {
                results.push(measured);
            }
        }
    }
    let summaries: Vec<Summary> = results.iter().map(|r| Summary::of(r)).collect();
    if json {
        return output::print_json(&summaries);
    }
    let mut out = Output::standard();
    if profile {
        let gpu = engine.gpu();
        let peaks = gpu.map(|gpu| block_on(gpu.peaks(&|| None))).transpose()?.unwrap_or_default();
        let peak_of = |operation: &str| gpu.and_then(|gpu| gpu.peak_of(operation, &peaks));
        for measured in results.iter().filter_map(|r| r.last()) {
            print_profile(measured, &peak_of, &mut out)?;
        }
    }
    writeln!(out, "{:>8}  {:>24}  {:>24}", "prompt", "prefill tokens/s", "decode tokens/s")?;
    for s in &summaries {
        writeln!(
            out,
            "{:>8}  {:>24}  {:>24}",
            s.prompt_tokens,
            s.prefill.to_string(),
            s.decode.to_string()
        )?;
    }
    Ok(())
}

/// Shares of the time of one prompt's reading, and multiply-adds a second beside the peak.
fn print_profile(
    measured: &Measurement,
    peak_of: &dyn Fn(&str) -> Option<f64>,
    out: &mut Output,
) -> Done {
    let prefill = &measured.prefill;
    let all = prefill.ms.unwrap_or(0.0);
    writeln!(out, "{} tokens in {all:.0} ms", prefill.tokens)?;
    for operation in &measured.profile {
        let (name, share) = (&operation.name, 100.0 * operation.ms / all);
        write!(
            out,
            "{name:>22}  {share:>5.1} %  {:>9.1} ms  {:>6} calls",
            operation.ms, operation.calls
        )?;
        let speed = operation.gmacs_per_second();
        if let Some(speed) = speed {
            write!(out, "  {speed:>8.1} GMAC/s")?;
        }
        if let Some((speed, peak)) = speed.zip(peak_of(name)) {
            write!(out, "  {:>5.1} % of {peak:.1}", 100.0 * speed / peak)?;
        }
        writeln!(out)?;
    }
    let rest = all - measured.profile.iter().map(|operation| operation.ms).sum::<f64>();
    writeln!(out, "{:>22}  {:>5.1} %  {rest:>9.1} ms\n", "everything else", 100.0 * rest / all)
}
