//! Standard output whose reader may leave, a file that takes its place, and standard error.

use std::borrow::Cow;
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
        let written = self.to.write_all(visible(&text.to_string()).as_bytes());
        self.ended(written)
    }

    /// Writes `text` at once, so that its reader has it before what follows is computed.
    pub fn send(&mut self, text: &str) -> Done {
        let sent = self.to.write_all(visible(text).as_bytes()).and_then(|()| self.to.flush());
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
    let _ = writeln!(io::stderr(), "{}", visible(&line.to_string()));
}

/// A text without the control characters that a terminal obeys: a model's words, its file and a path may
/// hold some.
pub fn visible(text: &str) -> Cow<'_, str> {
    let obeyed = |c: char| c.is_control() && !matches!(c, '\n' | '\t');
    match text.contains(obeyed) {
        true => text.replace(obeyed, "\u{fffd}").into(),
        false => text.into(),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_told_nothing_but_text() {
        assert_eq!(visible("one\n\ttwo — drei"), "one\n\ttwo — drei");
        assert_eq!(visible("\u{1b}[2J\u{9b}31m\r"), "\u{fffd}[2J\u{fffd}31m\u{fffd}");
    }
}
