//! `precis card check`: whether result cards of others are consistent.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use precis::Error;
use precis::measure::card::{Card, MAX_BYTES};

use super::output::{Done, Output, Stop, say};

/// Checks cards and says what was found. Fails if one is no card, is invalid, or contradicts itself.
pub fn check(files: &[PathBuf]) -> Done {
    let mut out = Output::standard();
    let mut fails = false;
    for file in files {
        match read(file).and_then(|json| Ok(Card::check(&json)?)) {
            Ok((card, contradictions)) => {
                fails |= !card.invalid.is_empty() || !contradictions.is_empty();
                describe(&mut out, file, &card, &contradictions)?;
            }
            Err(Stop::Failed(error)) => {
                say(format_args!("{}: error[{}]: {error}", file.display(), error.code()));
                fails = true;
            }
            Err(stop) => return Err(stop),
        }
    }
    if fails { Err(Stop::Told) } else { Ok(()) }
}

fn read(file: &Path) -> Result<String, Stop> {
    let failed = |error| Error::Host { reason: format!("{}: {error}", file.display()) };
    let mut json = Vec::new();
    // One byte more than a card may have: reading it says that there are too many.
    let most = MAX_BYTES as u64 + 1;
    File::open(file).map_err(failed)?.take(most).read_to_end(&mut json).map_err(failed)?;
    // What is no text is no card, either.
    Ok(String::from_utf8_lossy(&json).into_owned())
}

fn describe(out: &mut Output, file: &Path, card: &Card, contradictions: &[String]) -> Done {
    let Card { name, created, model, environment, method, .. } = card;
    let unknown = "unknown".to_owned();
    writeln!(out, "{}: {name}, {created}", file.display())?;
    writeln!(out, "  suite {} of Précis {}", method.suite, environment.version)?;
    writeln!(out, "  model {}, SHA-256 {}", model.id, model.sha256.as_ref().unwrap_or(&unknown))?;
    writeln!(
        out,
        "  document of {} tokens, SHA-256 {}",
        method.document_tokens, method.document_sha256
    )?;
    for configuration in &card.configurations {
        let module = configuration.module_sha256.as_ref().unwrap_or(&unknown);
        writeln!(out, "  {}: engine with SHA-256 {module}", configuration.name)?;
    }
    for (title, lines) in
        [("invalid", &card.invalid[..]), ("unsteady", &card.unsteady), ("wrong", contradictions)]
    {
        for line in lines {
            writeln!(out, "  {title}: {line}")?;
        }
    }
    if card.invalid.is_empty() && contradictions.is_empty() {
        writeln!(
            out,
            "  consistent: its medians, intervals and score follow from its measurements"
        )?;
    }
    writeln!(out, "  The measurements and hashes are self-reported: no check can prove them.")
}
