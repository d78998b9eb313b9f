//! The command line: the same engine and the same report as in the browser.
#![cfg_attr(target_arch = "wasm32", no_main)]
#![forbid(unsafe_code)]

#[cfg(not(target_arch = "wasm32"))]
mod cli;

#[cfg(not(target_arch = "wasm32"))]
fn main() -> std::process::ExitCode {
    cli::main()
}
