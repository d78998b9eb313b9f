//! `cargo xtask serve`: everything up to date, then the page on localhost.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;
use std::thread;

use anyhow::{Context, Result};

use crate::build::{PAGE, site};
use crate::run::{command, heading};
use crate::{model, root, setup, wasm};

/// Sets up, fetches the default model, builds what the page needs, and serves until Ctrl-C.
pub fn serve(port: u16) -> Result<()> {
    // Said before minutes of building rather than after.
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| {
        format!("port {port} is not free: stop what listens there, or choose another with --port")
    })?;
    setup::for_build()?;
    // The network is busy with the one, the processors with the other.
    thread::scope(|scope| {
        let model = scope.spawn(model::fetch_default);
        let modules = wasm::modules(&PAGE);
        model.join().expect("fetching does not panic").and(modules)
    })?;
    site()?;

    heading(&format!("Précis is at http://localhost:{port} (Ctrl-C ends it)"));
    // What `npm run serve` runs, without npm and its shell between: they do not pass a signal on,
    // and the server would outlive them. Taking this process's place, it gets every signal itself,
    // from the keyboard or from a script.
    let mut serve = command("./node_modules/.bin/vite");
    serve.current_dir(root().join("www"));
    serve.args(["preview", "--port", &port.to_string(), "--strictPort"]);
    Err(serve.exec()).context(
        "www/node_modules/.bin/vite cannot be started: delete www/node_modules and try again",
    )
}
