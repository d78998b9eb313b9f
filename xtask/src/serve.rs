//! `cargo xtask serve`: everything up to date, then the page on localhost.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt;

use anyhow::{Context, Result};

use crate::build::{build_with, npm};
use crate::run::heading;
use crate::{model, root, setup};

/// Sets up, fetches the default model, builds, and serves until Ctrl-C.
pub fn serve(port: u16) -> Result<()> {
    // Said before minutes of building rather than after.
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).with_context(|| {
        format!("port {port} is not free: stop what listens there, or choose another with --port")
    })?;
    let path = setup::for_build()?;
    model::fetch(&root().join("models/models.json"), None, &root().join("models"))?;
    build_with(&path)?;

    heading(&format!("Précis is at http://localhost:{port} (Ctrl-C ends it)"));
    let mut serve = npm();
    serve.args(["run", "--silent", "serve", "--", "--port", &port.to_string(), "--strictPort"]);
    // The server takes this process's place: a signal to it, from the keyboard or from a script,
    // reaches the server itself, and no child is left behind.
    Err(serve.exec()).context("npm cannot be started")
}
