//! The command line: the same engine and the same report as in the browser.
#![forbid(unsafe_code)]

mod batch;
mod bench;
mod card;
mod cli;
mod formats;
mod input;
mod lines;
mod model;
mod output;
mod progress;
mod suite;

fn main() -> std::process::ExitCode {
    cli::main()
}
