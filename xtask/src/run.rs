//! Child processes: headings, timings, a clean environment, and errors that say what to do.

use std::ffi::OsString;
use std::io::{BufRead, BufReader, IsTerminal};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow, bail};

use crate::root;

/// Prints the heading of a step.
pub fn heading(title: &str) {
    println!("\n── {title}");
}

/// Prints a heading, runs `work`, and prints how long it took.
pub fn timed<T>(title: &str, work: impl FnOnce() -> Result<T>) -> Result<T> {
    heading(title);
    let start = Instant::now();
    let value = work()?;
    println!("   {title}: done in {}", seconds(start.elapsed()));
    Ok(value)
}

/// `1.2 s`, `75 s`: a duration for people.
pub fn seconds(duration: Duration) -> String {
    let s = duration.as_secs_f64();
    if s < 10.0 { format!("{s:.1} s") } else { format!("{s:.0} s") }
}

/// A command that starts in the repository root, without what `cargo run` added to the environment.
pub fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.current_dir(root());
    // Build scripts ask cargo to rerun when these change; inherited from `cargo run` they would
    // make every build through xtask differ from the same build called by hand.
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        if ["CARGO_MANIFEST_", "CARGO_PKG_", "CARGO_BIN_", "CARGO_CRATE_"]
            .iter()
            .any(|prefix| name.starts_with(prefix))
        {
            command.env_remove(&key);
        }
    }
    command
}

/// Puts folders in front of the child's PATH.
pub fn prepend_path(command: &mut Command, folders: &[PathBuf]) -> Result<()> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let all = folders.iter().cloned().chain(std::env::split_paths(&old));
    let path: OsString = std::env::join_paths(all).context("a folder on PATH holds a colon")?;
    command.env("PATH", path);
    Ok(())
}

/// Runs a command with its output on ours. `advice` says what to do when it fails.
pub fn run(command: &mut Command, advice: &str) -> Result<()> {
    let status = command.status().with_context(|| cannot_start(command))?;
    check(command, status, advice)
}

/// Runs a command and returns its output, stdout and stderr together, failed or not. Passes each line
/// to `on_line` as it comes.
pub fn tee(mut command: Command, mut on_line: impl FnMut(&[u8])) -> Result<(ExitStatus, String)> {
    if std::io::stdout().is_terminal() {
        // Without this, the children see a pipe and leave the colours out.
        command.env("CARGO_TERM_COLOR", "always").env("FORCE_COLOR", "1");
    }
    let (reader, writer) = std::io::pipe()?;
    command.stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().with_context(|| cannot_start(&command))?;
    // Our ends of the pipe: it ends when the child closes its own.
    drop(command);
    let mut text = String::new();
    let mut reader = BufReader::new(reader);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        on_line(&line);
        text.push_str(&String::from_utf8_lossy(&line));
        line.clear();
    }
    Ok((child.wait()?, text))
}

/// Runs a command silently and returns its trimmed stdout.
pub fn capture(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| cannot_start(command))?;
    if !output.status.success() {
        bail!(
            "`{}` ended with {}: {}",
            shown(command),
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Turns an exit status that is not 0 into an error.
fn check(command: &Command, status: ExitStatus, advice: &str) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    Err(anyhow!("`{}` ended with {status}: {advice}", shown(command)))
}

/// The first file called `name` on PATH that may be executed.
pub fn which(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| is_executable(file))
}

fn is_executable(file: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0)
}

fn cannot_start(command: &Command) -> String {
    format!("`{}` cannot be started: is it installed?", shown(command))
}

/// The command line, for messages.
pub fn shown(command: &Command) -> String {
    std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|part| part.to_string_lossy())
        .collect::<Vec<_>>()
        .join(" ")
}
