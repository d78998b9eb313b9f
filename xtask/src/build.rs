//! `cargo xtask build`: two wasm modules, the npm package and the static site.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::run::{command, heading, prepend_path, run, timed};
use crate::stamp::{Work, unless_fresh};
use crate::{root, setup};

/// A build of the crate for WebAssembly.
pub struct Variant {
    /// What it is called in messages
    pub name: &'static str,
    /// Where it goes
    folder: &'static str,
    /// What cargo is told of the crate's features
    pub features: &'static [&'static str],
    /// Compiler flags for wasm32
    flags: &'static str,
    /// How the crates that we depend on are optimized: what computes is ours
    dependencies: &'static str,
    /// Whether the standard library is compiled with these flags too. Shared memory needs that,
    /// and cargo calls it unstable: rustc is told to let it pass.
    pub build_std: bool,
}

/// For browsers without relaxed SIMD (Safari, Firefox before 145): one thread.
pub const SIMD: Variant = Variant {
    name: "simd",
    folder: "www/src/summarizer/wasm/simd",
    features: &["--no-default-features"],
    flags: "-C target-feature=+simd128",
    dependencies: "z",
    build_std: false,
};

/// The fast one. Its memory is shared, so that it can have threads, and may grow to 1 GiB: phones
/// refuse to set more aside. The exports are what wasm-bindgen needs to start a thread.
pub const RELAXED: Variant = Variant {
    name: "relaxed",
    folder: "www/src/summarizer/wasm/relaxed",
    features: &["--no-default-features"],
    flags: "-C target-feature=+simd128,+relaxed-simd,+atomics,+bulk-memory,+mutable-globals \
            -C link-arg=--shared-memory -C link-arg=--import-memory \
            -C link-arg=--max-memory=1073741824 -C link-arg=--export=__wasm_init_tls \
            -C link-arg=--export=__tls_size -C link-arg=--export=__tls_align \
            -C link-arg=--export=__tls_base",
    dependencies: "3",
    build_std: true,
};

/// For isolates on the edge, which have one thread and little memory.
pub const EDGE: Variant = Variant {
    name: "edge",
    folder: "www/src/edge/wasm/relaxed",
    features: &["--no-default-features", "--features", "edge"],
    flags: "-C target-feature=+simd128,+relaxed-simd",
    dependencies: "z",
    build_std: false,
};

/// For those that don't know relaxed SIMD.
pub const EDGE_SIMD: Variant =
    Variant { name: "edge-simd", folder: "www/src/edge/wasm/simd", flags: SIMD.flags, ..EDGE };

/// Sets up and builds everything that is not up to date.
pub fn build() -> Result<()> {
    let path = setup::for_build()?;
    build_with(&path)?;
    print_outputs()
}

/// Builds with the tools that `setup::for_build` found.
pub fn build_with(path: &[PathBuf]) -> Result<()> {
    wasm_modules(path)?;
    site()
}

/// All builds of the crate for WebAssembly, with their TypeScript declarations.
pub fn wasm_modules(path: &[PathBuf]) -> Result<()> {
    // wasm-opt takes most of the time, on one core. Those that compile into one folder wait for each
    // other.
    thread::scope(|scope| {
        let relaxed = scope.spawn(|| wasm(&RELAXED, path));
        let others = [&SIMD, &EDGE, &EDGE_SIMD].into_iter().try_for_each(|v| wasm(v, path));
        relaxed.join().expect("building does not panic").and(others)
    })
}

/// A cargo or wasm-pack command for wasm32 in one variant.
pub fn wasm_command(
    program: &str,
    variant: &Variant,
    path: &[PathBuf],
) -> Result<std::process::Command> {
    let mut command = command(program);
    prepend_path(&mut command, path)?;
    // Only for the target: build scripts and macros run on the host, which has other features.
    command.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUSTFLAGS", variant.flags);
    // Cargo.toml says how our own crate is optimized.
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", variant.dependencies);
    // These two would take precedence, and the build would lose SIMD without a word.
    command.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    if variant.build_std {
        command.env("RUSTC_BOOTSTRAP", "1").env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort");
        // Build scripts look at that variable: in one folder, every change of it would have cargo
        // compile everything again.
        command.env("CARGO_TARGET_DIR", root().join("target/shared-memory"));
    }
    Ok(command)
}

fn wasm(variant: &Variant, path: &[PathBuf]) -> Result<()> {
    let folder = variant.folder.to_owned();
    let name = format!("wasm-{}", variant.name);
    let work = Work {
        name: &name,
        inputs: &[
            "src",
            "build.rs",
            "Cargo.toml",
            "Cargo.lock",
            "rust-toolchain.toml",
            ".cargo/config.toml",
            "www/node_modules/binaryen/package.json",
        ],
        ignore: &["bin"],
        flags: variant.flags,
        outputs: &[&folder],
    };
    let built = unless_fresh(&work, || {
        timed(&format!("wasm, {} (wasm-pack, wasm-opt)", variant.name), || {
            // A build that was stopped half-way leaves modules that wasm-opt would take for its own.
            if root().join(&folder).exists() {
                fs::remove_dir_all(root().join(&folder))?;
            }
            let mut pack = wasm_command("wasm-pack", variant, path)?;
            pack.args(["build", "--target", "web", "--release", "--no-pack", "--no-gitignore"]);
            pack.args(["--out-dir", &folder, "--out-name", "precis"]);
            // Otherwise cargo would compile again what the tests have compiled.
            pack.arg("--").args(variant.features);
            run(&mut pack, "see the compiler's message above")
        })
    })?;
    if built {
        print_size(variant, &root().join(&folder).join("precis_bg.wasm"))?;
    }
    Ok(())
}

/// The npm package and the page, from the wasm modules and the TypeScript.
pub fn site() -> Result<()> {
    let work = Work {
        name: "site",
        inputs: &["www", "models/models.json", "tests/fixtures/article.md"],
        ignore: &["node_modules", "dist", "pkg", "tests", "test-results", "playwright-report"],
        flags: "",
        outputs: &["www/dist", "www/pkg", "www/node_modules/.package-lock.json"],
    };
    unless_fresh(&work, || {
        timed("npm package and page (tsc, Vite)", || {
            run(npm().args(["run", "--silent", "build"]), "see the message above")
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

/// Prints a module's size as it is and as a static host would send it.
fn print_size(variant: &Variant, wasm: &Path) -> Result<()> {
    let mut file =
        File::open(wasm).with_context(|| format!("wasm-pack left no {}", wasm.display()))?;
    let mut gzip = GzEncoder::new(Counter(0), Compression::best());
    let raw = io::copy(&mut file, &mut gzip)?;
    let sent = gzip.finish()?.0;
    println!("   wasm, {}: {} kB, gzip {} kB", variant.name, raw / 1000, sent / 1000);
    Ok(())
}

/// Counts what is written to it.
struct Counter(u64);

impl io::Write for Counter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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
