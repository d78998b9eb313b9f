//! The results as Markdown.

use std::fmt::Write;

use precis::measure::stats::Spread;

use crate::Results;

/// All results as a Markdown text.
pub fn markdown(results: &Results) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = write_all(&mut text, results);
    text
}

fn write_all(text: &mut String, results: &Results) -> std::fmt::Result {
    let Results { version, system, device, peaks, prompts, kernels, .. } = results;
    writeln!(text, "# {}\n", device.adapter)?;
    if device.is_software {
        writeln!(text, "**A processor plays this GPU: these are no figures of any GPU.**\n")?;
    }
    let features = device.features.join(", ");
    let seconds = device.load_ms / 1000.0;
    writeln!(text, "Précis {version}, {system}; {features}; loaded in {seconds:.1} s.\n")?;

    writeln!(text, "| peak | |\n| --- | ---: |")?;
    for (name, peak) in [
        ("f32, GMAC/s", peaks.f32_gmacs),
        ("f16, GMAC/s", peaks.f16_gmacs),
        ("int8, GMAC/s", peaks.int8_gmacs),
        ("copy, GB/s read and written", peaks.copy_gbs),
    ] {
        writeln!(text, "| {name} | {} |", peak.map_or("-".into(), |peak| format!("{peak:.1}")))?;
    }

    writeln!(text, "\nMedian [smallest–largest].\n")?;
    writeln!(text, "| tokens | prefill tok/s | first token, ms | decode tok/s | GPU memory, MB |")?;
    writeln!(text, "| ---: | ---: | ---: | ---: | ---: |")?;
    for prompt in prompts {
        let mark = if prompt.extended { ", YaRN" } else { "" };
        write!(text, "| {}{mark} |", prompt.tokens)?;
        if let Some(reason) = &prompt.left_out {
            writeln!(text, " left out: {reason} | | | |")?;
            continue;
        }
        let memory = prompt.gpu_bytes.map_or("-".into(), |bytes| (bytes / 1_000_000).to_string());
        writeln!(
            text,
            " {} | {} | {} | {memory} |",
            shown(&prompt.prefill),
            shown(&prompt.first_token_ms),
            shown(&prompt.decode),
        )?;
    }

    writeln!(text, "\n| kernel | size | products | GMAC/s | of the peak |")?;
    writeln!(text, "| --- | --- | --- | ---: | ---: |")?;
    for kernel in kernels {
        let products = kernel.products.trim_start_matches("products in ");
        write!(text, "| {} | {} | {products} |", kernel.operation, kernel.size)?;
        if let Some(reason) = &kernel.left_out {
            writeln!(text, " left out: {reason} | |")?;
            continue;
        }
        let share =
            kernel.of_the_peak.map_or("-".into(), |share| format!("{:.1} %", 100.0 * share));
        writeln!(text, " {} | {share} |", shown(&kernel.gmacs_per_second))?;
    }
    Ok(())
}

/// Formats with the significant digits.
fn shown(spread: &Spread) -> String {
    let number = |x: f64| match x {
        x if x >= 100.0 => format!("{x:.0}"),
        x if x >= 10.0 => format!("{x:.1}"),
        x => format!("{x:.2}"),
    };
    match (spread.median, spread.min, spread.max) {
        (Some(median), Some(min), Some(max)) if spread.values.len() > 1 => {
            format!("{} [{}–{}]", number(median), number(min), number(max))
        }
        (Some(median), ..) => number(median),
        _ => "-".into(),
    }
}
