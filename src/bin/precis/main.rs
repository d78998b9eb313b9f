//! The command line: the same engine and the same report as in the browser.
#![forbid(unsafe_code)]

mod bench;
mod cli;
mod output;
mod suite;

fn main() -> std::process::ExitCode {
    cli::main()
}
