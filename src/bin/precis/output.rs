//! Standard output whose reader may leave, a file that takes its place, and standard error.

use std::fmt::Arguments;
use std::io::{self, ErrorKind, Write};

use precis::Error;

/// Why a command ends before it is done.
pub enum Stop {
    /// It failed.
    Failed(Error),
    /// It failed, and standard error says so already.
    Told,
    /// Nobody reads its output any more.
    Closed,
}

/// What a command ends with.
pub type Done = Result<(), Stop>;

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Where results go. `write!` and `writeln!` write to it.
pub struct Output {
    name: String,
    to: Box<dyn Write>,
}

impl Output {
    /// Standard output.
    pub fn standard() -> Self {
        Self::new("standard output", io::stdout())
    }

    /// Anything else, with the name that errors call it by.
    pub fn new(name: &str, to: impl Write + 'static) -> Self {
        Self { name: name.into(), to: Box::new(to) }
    }

    /// What `write!` calls.
    pub fn write_fmt(&mut self, text: Arguments) -> Done {
        let written = self.to.write_fmt(text);
        self.ended(written)
    }

    /// Writes `text` at once, so that its reader has it before what follows is computed.
    pub fn send(&mut self, text: &str) -> Done {
        let sent = self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush());
        self.ended(sent)
    }

    fn ended(&self, written: io::Result<()>) -> Done {
        written.map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Stop::Closed,
            _ => Stop::Failed(Error::Host { reason: format!("{}: {error}", self.name) }),
        })
    }
}

/// Writes a line to standard error. That nobody reads it is no reason to stop.
pub fn say(line: Arguments) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Prints `value` as indented JSON.
pub fn print_json(value: &impl serde::Serialize) -> Done {
    let json = serde_json::to_string_pretty(value).map_err(no_json)?;
    writeln!(Output::standard(), "{json}")
}

/// The error of a value that JSON can't express.
pub fn no_json(error: serde_json::Error) -> Error {
    Error::Host { reason: format!("the report has no JSON form: {error}") }
}
