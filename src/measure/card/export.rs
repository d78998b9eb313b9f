//! A card as text: CSV for spreadsheets, Markdown for reading.

use std::fmt::Write;

use super::{Card, Configuration, Writing};
use crate::measure::stats::Spread;
use crate::measure::suite::BEFORE_WRITING;

/// One figure of a configuration.
struct Row<'a> {
    figure: String,
    /// Its name in llama-bench.
    peer: String,
    unit: &'static str,
    spread: &'a Spread,
}

impl Card {
    /// As CSV (RFC 4180): a line for each figure of each configuration.
    pub fn csv(&self) -> String {
        let head = "device,created,version,model,suite,configuration,figure,peers,unit,median,mad,values,low,high\r\n";
        let mut csv = head.to_string();
        let Self { name, created, environment, model, method, .. } = self;
        for configuration in &self.configurations {
            for Row { figure, peer, unit, spread } in configuration.rows() {
                let values: Vec<String> = spread.values.iter().map(f64::to_string).collect();
                let cells = [
                    name,
                    created,
                    &environment.version,
                    &model.id,
                    &method.suite,
                    &configuration.name,
                    &figure,
                    &peer,
                    unit,
                    &number(spread.median),
                    &number(spread.mad),
                    &values.join(" "),
                    &number(spread.low),
                    &number(spread.high),
                ];
                csv += &cells.map(csv_cell).join(",");
                csv += "\r\n";
            }
        }
        csv
    }

    /// As Markdown.
    pub fn markdown(&self) -> String {
        let Self { name, created, environment, model, method, .. } = self;
        let mut text = format!(
            "## {}\n\n{} {}, suite {} of Précis {}, {}\n\n| configuration | figure | peers | median | 95 % | MAD | unit |\n|---|---|---|---:|---:|---:|---|\n",
            plain(name),
            plain(&model.id),
            plain(&model.quant),
            plain(&method.suite),
            plain(&environment.version),
            plain(created),
        );
        for configuration in &self.configurations {
            for Row { figure, peer, unit, spread } in configuration.rows() {
                // Writing to a string cannot fail.
                let _ = writeln!(
                    text,
                    "| {} | {figure} | {peer} | {} | {} | {} | {unit} |",
                    plain(&configuration.name),
                    number(spread.median),
                    interval(spread),
                    number(spread.mad),
                );
            }
        }
        for (title, marks) in [("Invalid", &self.invalid), ("Unsteady", &self.unsteady)] {
            for mark in marks {
                let _ = write!(text, "\n{title}: {}\n", plain(mark));
            }
        }
        text
    }
}

impl Configuration {
    fn rows(&self) -> Vec<Row<'_>> {
        let mut rows = Vec::new();
        let speed = "tokens/s";
        for reading in &self.prefill {
            let tokens = reading.tokens;
            let mut row = |figure, peer, unit, spread| {
                rows.push(Row { figure, peer, unit, spread });
            };
            row(
                format!("prefill {tokens}"),
                format!("pp{tokens}"),
                speed,
                &reading.tokens_per_second,
            );
            row(format!("first token {tokens}"), String::new(), "ms", &reading.first_token_ms);
        }
        for writing in &self.decode {
            let Writing { tokens, after, .. } = writing;
            let (figure, peer) = match *after <= BEFORE_WRITING {
                true => (format!("decode {tokens}"), format!("tg{tokens}")),
                false => {
                    (format!("decode {tokens} after {after}"), format!("tg{tokens} @ d{after}"))
                }
            };
            rows.push(Row { figure, peer, unit: speed, spread: &writing.tokens_per_second });
        }
        let (figure, peer) = ("tokenize".into(), String::new());
        rows.push(Row { figure, peer, unit: speed, spread: &self.tokenize });
        rows
    }
}

fn interval(spread: &Spread) -> String {
    let ends = spread.low.zip(spread.high);
    ends.map_or(String::new(), |(low, high)| {
        format!("{}–{}", number(Some(low)), number(Some(high)))
    })
}

fn number(value: Option<f64>) -> String {
    value.map_or(String::new(), |value| match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 1.0 => format!("{value:.2}"),
        value => format!("{value:.4}"),
    })
}

/// Quotes a cell if needed, and escapes formulas, which a spreadsheet would compute.
fn csv_cell(text: &str) -> String {
    let text = match text.starts_with(['=', '+', '-', '@']) {
        true => format!("'{text}"),
        false => text.to_string(),
    };
    match text.contains([',', '"', '\n', '\r', ';']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text,
    }
}

/// Escapes Markdown syntax.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        if c.is_ascii_punctuation() && !",.:;()+-/%'".contains(c) {
            plain.push('\\');
        }
        plain.push(c);
    }
    plain
}
