//! wasm-bindgen's own command line, in the version of `Cargo.lock`. wasm-pack asks for its version.

fn main() -> anyhow::Result<()> {
    wasm_bindgen_cli::wasm_bindgen::run_cli_with_args(std::env::args_os())
}
