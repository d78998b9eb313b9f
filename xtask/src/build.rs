//! `cargo xtask build`: the wasm modules, the npm package and the static site.

use std::{fs, io, path::Path};

use anyhow::Result;

use crate::run::{command, heading, run, timed};
use crate::stamp::{Work, unless_fresh};
use crate::wasm::{self, EDGE, EDGE_SIMD, RELAXED, SIMD, Variant};
use crate::{root, setup};

/// All builds of the crate for WebAssembly.
pub const ALL: [&Variant; 4] = [&RELAXED, &SIMD, &EDGE, &EDGE_SIMD];

/// Those that the page needs.
pub const PAGE: [&Variant; 2] = [&RELAXED, &SIMD];

/// Sets up and builds everything that is not up to date.
pub fn build() -> Result<()> {
    setup::for_build()?;
    wasm::modules(&ALL)?;
    package()?;
    site()?;
    print_outputs()
}

/// The npm package, from the wasm modules and the TypeScript.
pub fn package() -> Result<()> {
    npm_script("package", &["ui", "summarize", "benchmark", "gallery", "offline"], "www/pkg")
}

/// The static site, from the page's two modules and the TypeScript.
pub fn site() -> Result<()> {
    npm_script("site", &["edge"], "www/dist")
}

fn npm_script(name: &str, ignore: &[&str], output: &str) -> Result<()> {
    let mut ignored =
        vec!["node_modules", "dist", "pkg", "tests", "test-results", "playwright-report"];
    // What the scripts themselves write.
    ignored.extend(["precis-worker.js", "precis-thread.js", "instance.js", "instance.d.ts"]);
    ignored.extend(ignore);
    let work = Work {
        name,
        inputs: &[
            "www",
            "models/models.json",
            "tests/fixtures/article.md",
            "Cargo.toml",
            "CHANGELOG.md",
        ],
        ignore: &ignored,
        flags: "",
        outputs: &[output, "www/node_modules/.package-lock.json"],
    };
    unless_fresh(&work, || {
        timed(&format!("npm run {name} (tsc, Vite)"), || {
            run(npm().args(["run", "--silent", name]), "see the message above")
        })
    })?;
    Ok(())
}

/// npm in www/.
pub fn npm() -> std::process::Command {
    let mut npm = command("npm");
    npm.current_dir(root().join("www"));
    npm
}

/// Lists what a build left, for people.
fn print_outputs() -> Result<()> {
    heading("built");
    for folder in ["www/dist", "www/pkg"] {
        let bytes = folder_bytes(&root().join(folder))?;
        println!("   {folder}: {} kB", bytes / 1000);
    }
    Ok(())
}

fn folder_bytes(folder: &Path) -> io::Result<u64> {
    let mut total = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let meta = entry.metadata()?;
        total += if meta.is_dir() { folder_bytes(&entry.path())? } else { meta.len() };
    }
    Ok(total)
}
