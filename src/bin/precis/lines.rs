//! The lines that `precis summarize --json` makes of several files, and a file of them that a later
//! run continues with.

use std::collections::HashMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::Path;

use precis::report::Report;
use precis::summarize::Options;
use precis::summarize::plan::{Form, Length, Strategy};
use precis::{Error, Result};
use serde::Serialize;
use serde_json::{Value, json};

use super::model;
use super::output::{self, Output};

/// What every line begins with, so that no other file is taken for one of lines.
const START: &[u8] = br#"{"file":"#;

/// A file that was summarized.
#[derive(Serialize)]
struct Summarized<'a> {
    file: &'a str,
    text_sha256: &'a str,
    options: &'a Asked<'a>,
    #[serde(flatten)]
    report: &'a Report,
}

/// A file that could not be summarized.
#[derive(Serialize)]
struct Failed<'a> {
    file: &'a str,
    error: Failure,
}

#[derive(Serialize)]
struct Failure {
    code: &'static str,
    message: String,
}

/// The options that a summary depends on.
#[derive(Serialize)]
pub struct Asked<'a> {
    length: Option<Length>,
    form: Form,
    ask: Option<&'a str>,
    strategy: Strategy,
}

impl<'a> From<&'a Options> for Asked<'a> {
    fn from(options: &'a Options) -> Self {
        let &Options { length, form, strategy, .. } = options;
        Self { length, form, ask: options.instruction.as_deref(), strategy }
    }
}

/// What a summary follows from: SHA-256 of the text and of the model, and the options. An error's line
/// has none of them, so nothing equals it.
pub fn known(text: impl Serialize, model: impl Serialize, options: impl Serialize) -> Value {
    json!([text, model, options])
}

/// What became of the file called `name`, as one line with its end.
pub fn line(name: &str, asked: &Asked, outcome: &Result<(Report, String)>) -> Result<String> {
    let json = match outcome {
        Ok((report, text_sha256)) => {
            serde_json::to_string(&Summarized { file: name, text_sha256, options: asked, report })
        }
        Err(error) => {
            let error = Failure { code: error.code(), message: error.to_string() };
            serde_json::to_string(&Failed { file: name, error })
        }
    };
    json.map(|json| json + "\n").map_err(output::no_json)
}

/// Opens a file of lines, or a new one, to append to it, and says what is [`known`] of each file by
/// its last line there.
///
/// # Errors
/// `invalid-options` if something else stands in the file, or if another run writes to it: it is left
/// alone. `host-failed`.
pub fn open(path: &Path) -> Result<(Output, HashMap<String, Value>)> {
    let name = path.display().to_string();
    let failed = |error: io::Error| model::host(&name, &error);
    let open = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let mut file: File = open.map_err(failed)?;
    // Some file systems have no locks, and several runs may write to /dev/null.
    let is_file = file.metadata().map_err(failed)?.is_file();
    if is_file && let Err(TryLockError::WouldBlock) = file.try_lock() {
        let expected = "a file that no other run is writing to";
        return Err(Error::InvalidOptions { option: "output", value: name, expected });
    }
    let (mut reader, mut before, mut line) = (BufReader::new(&file), HashMap::new(), Vec::new());
    // Where all that was read ends, and where the last whole line does.
    let (mut end, mut whole) = (0, 0);
    while reader.read_until(b'\n', &mut line).map_err(failed)? > 0 {
        if !line.starts_with(START) && !START.starts_with(&line) {
            let expected = "a new file, or one that --output made";
            return Err(Error::InvalidOptions { option: "output", value: name, expected });
        }
        end += line.len() as u64;
        if line.ends_with(b"\n")
            && let Ok(value) = serde_json::from_slice::<Value>(&line)
        {
            whole = end;
            let known = known(&value["text_sha256"], &value["model"]["sha256"], &value["options"]);
            before.insert(value["file"].as_str().unwrap_or_default().to_owned(), known);
        }
        line.clear();
    }
    if whole < end {
        // The last line was cut off.
        file.set_len(whole).map_err(failed)?;
    }
    file.seek(SeekFrom::Start(whole)).map_err(failed)?;
    Ok((Output::new(&name, file), before))
}
