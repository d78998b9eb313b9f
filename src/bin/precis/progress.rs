//! What a run shows on standard error while it works, and after it.

use precis::host::{Event, Stage};
use precis::report::Report;

use super::output::{say, visible};

/// Shows what happens in a line that begins with `place`.
pub fn progress(place: &str, event: &Event) {
    match event {
        Event::Planned { tokens, windows, kv_bytes, .. } => eprint!(
            "\r\x1b[K{place}{tokens} tokens in {windows} window(s); at most {} MB for keys and values",
            kv_bytes / 1_000_000
        ),
        Event::Read { done, total, tokens, ms: Some(ms), .. } => {
            let speed = *tokens as f64 / ms * 1000.0;
            eprint!("\r\x1b[K{place}read {done} of about {total} tokens, {speed:.0} tokens/s");
        }
        Event::Restarted { reason } => {
            eprintln!("\r\x1b[K{place}{} The document is read again.", visible(reason));
        }
        Event::Stage { stage: Stage::Answer, .. } => eprint!("\r\x1b[K"),
        _ => {}
    }
}

/// The figures of a run that are known, in a line.
pub fn summary_line(report: &Report) {
    let figure = |before: &str, value: Option<f64>, unit: &str| {
        value.map_or_else(String::new, |value| format!("; {before} {value:.0} {unit}"))
    };
    say(format_args!(
        "\n{} tokens in {} window(s){}{}{}",
        report.document.tokens,
        report.plan.windows,
        figure("read at", report.prefill.tokens_per_second, "tokens/s"),
        figure("written at", report.decode.tokens_per_second, "tokens/s"),
        figure("first words after", report.first_token_ms, "ms"),
    ));
}
