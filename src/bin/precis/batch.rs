//! `precis summarize` for several files and folders: one file after the other with one model, and a
//! run that is started again continues where it stopped.

use std::collections::HashMap;
use std::fs::File;
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use precis::engine::Engine;
use precis::host::native::{Native, block_on};
use precis::report::Report;
use precis::summarize::Options;
use precis::{Error, Result};
use sha2::{Digest, Sha256};
use walkdir::{DirEntry, WalkDir};

use super::input;
use super::lines::{self, Asked};
use super::model::{self, ModelArguments};
use super::output::{Done, Output, Stop, say, visible};
use super::progress;

/// A file to summarize.
struct Document {
    path: PathBuf,
    /// Of its text; `None` if there is none.
    sha256: Option<String>,
    /// What can't be read a second time: standard input, a pipe, or an error.
    held: Option<Result<String>>,
}

/// Summarizes `files` and what is in folders among them. Lines of JSON go to `output`, or with `json`
/// to standard output; else summaries go there.
///
/// # Errors
/// What prevents all of it. A file that fails is told and the rest is done; then it is [`Stop::Told`].
pub fn summarize(
    files: &[PathBuf],
    json: bool,
    output: Option<&Path>,
    options: &Options,
    model: &ModelArguments,
) -> Done {
    let asked = Asked::from(options);
    let (mut out, before) = match output {
        Some(path) => lines::open(path)?,
        None => (Output::standard(), HashMap::new()),
    };
    let documents = find(files, output);
    let model_sha256 = match before.is_empty() {
        true => None,
        false => Some(model::hash(&mut model::open(&model.model, model::FETCH)?)?),
    };
    let is_done = |document: &Document| {
        let wanted = lines::known(&document.sha256, &model_sha256, &asked);
        before.get(&document.name()) == Some(&wanted)
    };
    let (total, done) = (documents.len(), documents.iter().filter(|d| is_done(d)).count());
    if total == 0 {
        say(format_args!("found no text to summarize"));
    }
    if done > 0 {
        let were = if done == 1 { "was" } else { "were" };
        say(format_args!("{done} of {total} files {were} done before"));
    }
    let (mut engine, mut first, mut any_failed) = (None, true, false);
    for (index, document) in documents.into_iter().enumerate() {
        if is_done(&document) {
            continue;
        }
        let name = document.name();
        let outcome = match document.held.unwrap_or_else(|| input::read_text(&document.path)) {
            Ok(text) => {
                let engine = match &mut engine {
                    Some(engine) => engine,
                    none => none.insert(model::load(model)?),
                };
                let place = format!("[{}/{total}] {}: ", index + 1, visible(&name));
                let report = run(engine, &text, options, &place);
                report.map(|report| (report, sha256(&text)))
            }
            Err(error) => Err(error),
        };
        if let Err(error) = &outcome {
            say(format_args!("error[{}]: {name}: {error}", error.code()));
            any_failed = true;
        }
        if json || output.is_some() {
            out.send(&lines::line(&name, &asked, &outcome)?)?;
        } else if let Ok((report, _)) = outcome {
            let gap = if first { "" } else { "\n" };
            out.send(&format!("{gap}== {name} ==\n{}\n", report.summary))?;
            first = false;
        }
    }
    if any_failed { Err(Stop::Told) } else { Ok(()) }
}

/// Summarizes one text; a person sees at which place it stands.
fn run(engine: &mut Engine<File>, text: &str, options: &Options, place: &str) -> Result<Report> {
    if !std::io::stderr().is_terminal() {
        return block_on(engine.run(text, options, &Native::new(|_| ())));
    }
    eprint!("\r\x1b[K{place}");
    let host = Native::new(|event| progress::progress(place, &event));
    let report = block_on(engine.run(text, options, &host));
    eprint!("\r\x1b[K");
    report
}

/// The files that were named, and those in folders that are text, in order. What is not text is
/// counted on standard error. `output` is no file to summarize.
fn find(files: &[PathBuf], output: Option<&Path>) -> Vec<Document> {
    let own = output.and_then(|path| path.canonicalize().ok());
    let (mut documents, mut skipped) = (Vec::new(), 0);
    for file in files {
        if !input::is_folder(file) {
            documents.push(Document::read(file.clone()));
            continue;
        }
        let walk = WalkDir::new(file).sort_by_file_name().into_iter();
        for entry in walk.filter_entry(|entry| !is_hidden(entry)) {
            match entry {
                Ok(entry) if !entry.file_type().is_file() => {}
                Ok(entry) if own.is_some() && entry.path().canonicalize().ok() == own => {}
                Ok(entry) => match Document::read(entry.into_path()) {
                    document if document.is_text() => documents.push(document),
                    _ => skipped += 1,
                },
                Err(error) => {
                    let path = error.path().unwrap_or(file).to_path_buf();
                    let held = Some(Err(Error::Host { reason: error.to_string() }));
                    documents.push(Document { path, sha256: None, held });
                }
            }
        }
    }
    if skipped > 0 {
        let (s, are) = if skipped == 1 { ("", "is") } else { ("s", "are") };
        say(format_args!("skipped {skipped} file{s} that {are} not text"));
    }
    documents
}

fn is_hidden(entry: &DirEntry) -> bool {
    entry.depth() > 0 && entry.file_name().as_encoded_bytes().starts_with(b".")
}

impl Document {
    /// Looks at a file. Its text is let go if it can be read again: a folder may hold a lot of it.
    fn read(path: PathBuf) -> Self {
        let text = input::read_text(&path);
        let sha256 = text.as_ref().ok().filter(|text| is_text(text)).map(|text| sha256(text));
        let again = text.is_ok() && path.is_file() && !input::is_standard_input(&path);
        Self { path, sha256, held: (!again).then_some(text) }
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// A file that can't be read may be text all the same, and a PDF without letters is told, not skipped.
    fn is_text(&self) -> bool {
        let told =
            matches!(self.held, Some(Err(Error::Host { .. } | Error::DocumentUnreadable { .. })));
        self.sha256.is_some() || told
    }
}

/// What the engine would read; it refuses the rest, too.
fn is_text(text: &str) -> bool {
    !text.trim().is_empty() && !text.contains('\0')
}

fn sha256(text: &str) -> String {
    base16ct::lower::encode_string(&Sha256::digest(text))
}
