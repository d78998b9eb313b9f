//! The builds of the crate for WebAssembly: cargo, wasm-bindgen, wasm-opt.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use wasm_bindgen_cli_support::Bindgen;

use crate::root;
use crate::run::{capture, command, run, timed};
use crate::stamp::{Work, unless_fresh};

/// A build of the crate for WebAssembly.
pub struct Variant {
    /// What it is called in messages
    pub name: &'static str,
    /// Where its JavaScript and types go
    folder: &'static str,
    /// Where the module goes
    module: &'static str,
    /// What cargo is told of the crate's features
    pub features: &'static [&'static str],
    /// Compiler flags for every crate on wasm32
    flags: &'static str,
    /// Compiler flags for our crate alone: variants that differ only here share what they depend on
    own: &'static [&'static str],
    /// What lints take in place of the flags that only this variant has for every crate: so they share
    /// the check of what we depend on, and need no standard library of their own
    pub lint: &'static [&'static str],
    /// How the crates that we depend on are optimized: what computes is ours
    dependencies: &'static str,
    /// Whether the standard library is compiled with these flags too. Shared memory needs that,
    /// and cargo calls it unstable: rustc is told to let it pass.
    build_std: bool,
}

/// For browsers without relaxed SIMD (Safari, Firefox before 145): one thread.
pub const SIMD: Variant = Variant {
    name: "simd",
    folder: "www/src/package/wasm/simd",
    module: "www/src/package/assets/precis-simd.wasm",
    features: &["--no-default-features"],
    flags: "-C target-feature=+simd128",
    own: &[],
    lint: &[],
    dependencies: "z",
    build_std: false,
};

/// The fast one. Its memory is shared, so that it can have threads, and may grow to 4 GiB: the
/// worker asks for less where the browser refuses that. The exports are what wasm-bindgen needs to start a thread.
pub const RELAXED: Variant = Variant {
    name: "relaxed",
    folder: "www/src/package/wasm/relaxed",
    module: "www/src/package/assets/precis-relaxed.wasm",
    features: &["--no-default-features", "--features", "threads"],
    flags: "-C target-feature=+simd128,+relaxed-simd,+atomics,+bulk-memory,+mutable-globals \
            -C link-arg=--shared-memory -C link-arg=--import-memory \
            -C link-arg=--max-memory=4294967296 -C link-arg=--export=__wasm_init_tls \
            -C link-arg=--export=__tls_size -C link-arg=--export=__tls_align \
            -C link-arg=--export=__tls_base",
    own: &[],
    lint: &["-C", "target-feature=+relaxed-simd"],
    dependencies: "3",
    build_std: true,
};

/// An isolate on the edge has 128 MB (Cloudflare Workers), of which JavaScript and the request need
/// some: the module may have 110 MiB, 115 MB. Growing past that fails inside, where it is an error
/// with a code, instead of ending the isolate.
const EDGE_MEMORY: &str = "link-arg=--max-memory=115343360";

/// For isolates on the edge, which have one thread and little memory.
pub const EDGE: Variant = Variant {
    name: "edge",
    folder: "www/src/edge/wasm/relaxed",
    module: "www/src/edge/precis-relaxed.wasm",
    features: &["--no-default-features", "--features", "edge"],
    flags: SIMD.flags,
    own: &["-C", "target-feature=+relaxed-simd", "-C", EDGE_MEMORY],
    lint: &[],
    dependencies: "z",
    build_std: false,
};

/// For those that don't know relaxed SIMD.
pub const EDGE_SIMD: Variant = Variant {
    name: "edge-simd",
    folder: "www/src/edge/wasm/simd",
    module: "www/src/edge/precis-simd.wasm",
    own: &["-C", EDGE_MEMORY],
    ..EDGE
};

/// What wasm-opt does, and may assume of the runtime. At level 3 it takes four times as long, modules are
/// as fast, and larger when compressed (benches/README.md, "What was tried").
const WASM_OPT: [&str; 10] = [
    "-O1",
    "--enable-simd",
    "--enable-relaxed-simd",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-reference-types",
    "--enable-multivalue",
    "--enable-threads",
];

/// Makes the builds of `variants` that are not up to date.
pub fn modules(variants: &[&Variant]) -> Result<()> {
    // wasm-opt takes much of the time, on one core. Builds that compile into one folder wait for
    // each other.
    let (std, plain): (Vec<&Variant>, Vec<&Variant>) = variants.iter().partition(|v| v.build_std);
    thread::scope(|scope| {
        let std = scope.spawn(move || std.into_iter().try_for_each(module));
        let plain = plain.into_iter().try_for_each(module);
        std.join().expect("building does not panic").and(plain)
    })
}

/// Gives a cargo or wasm-pack command the flags that a variant has for every crate, for wasm32.
pub fn configure(command: &mut Command, variant: &Variant) -> Result<()> {
    let mut flags: Vec<String> = variant.flags.split_whitespace().map(str::to_owned).collect();
    flags.extend(same_folders()?);
    // Only for the target, which the commands name: build scripts and macros run on the host, which has
    // other features. A folder may have a space in its name.
    command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f"));
    // Cargo.toml says how our own crate is optimized.
    command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", variant.dependencies);
    command.env("CARGO_TARGET_DIR", variant.target());
    if variant.build_std {
        command.env("RUSTC_BOOTSTRAP", "1");
        // `test`, though only tests need it: with another list, a build would share nothing with them.
        command.env("CARGO_UNSTABLE_BUILD_STD", "std,panic_abort,test");
    }
    Ok(())
}

/// Flags that give the folders of this machine, which messages of panics name, the same names
/// everywhere: so whoever builds gets the same module, and nobody learns the name of their home.
fn same_folders() -> Result<[String; 3]> {
    let home = std::env::home_dir().context("this account has no home folder")?;
    let cargo = std::env::var_os("CARGO_HOME").map_or(home.join(".cargo"), PathBuf::from);
    let rustc = capture(command("rustc").arg("-vV"))?;
    let commit = rustc.lines().find_map(|line| line.strip_prefix("commit-hash: "));
    let commit = commit.context("`rustc -vV` names no commit")?;
    let sysroot = capture(command("rustc").args(["--print", "sysroot"]))?;
    let flag = |from: &Path, to: &str| format!("--remap-path-prefix={}={to}", from.display());
    Ok([
        flag(&cargo.join("registry/src"), "/cargo"),
        // As the standard library has it that comes compiled.
        flag(&Path::new(&sysroot).join("lib/rustlib/src/rust"), &format!("/rustc/{commit}")),
        flag(root(), "/precis"),
    ])
}

impl Variant {
    /// Where it compiles to: not in the folder of native builds, which run at the same time in tests
    /// and lock it. Build scripts look at RUSTC_BOOTSTRAP: in one folder, every change of it would
    /// have cargo compile everything again.
    fn target(&self) -> PathBuf {
        root().join(if self.build_std { "target/shared-memory" } else { "target/web" })
    }
}

fn module(variant: &Variant) -> Result<()> {
    let Variant { flags, own, features, dependencies, build_std, .. } = *variant;
    let flags = [&[flags, dependencies], own, features, &WASM_OPT].concat().join(" ");
    let flags = format!("{flags} {build_std}");
    let bound = |ending| format!("{}/precis.{ending}", variant.folder);
    let work = Work {
        name: &format!("wasm-{}", variant.name),
        inputs: &[
            "src",
            "Cargo.toml",
            "Cargo.lock",
            "rust-toolchain.toml",
            ".cargo/config.toml",
            "www/node_modules/binaryen/package.json",
        ],
        ignore: &["bin"],
        flags: &flags,
        // Not the whole folder: the edge's has a file of npm's scripts, too.
        outputs: &[&bound("js"), &bound("d.ts"), variant.module],
    };
    let folder = root().join(variant.folder);
    let step = |name: &str| format!("wasm {}: {name}", variant.name);
    let built = unless_fresh(&work, || {
        let compiled = timed(&step("compile"), || compile(variant))?;
        let bound = timed(&step("bind"), || bind(&compiled, &folder))?;
        timed(&step("optimize"), || optimize(&bound, &root().join(variant.module)))
    })?;
    if built {
        print_size(variant)?;
    }
    Ok(())
}

/// Compiles the crate and returns the module as rustc leaves it.
fn compile(variant: &Variant) -> Result<PathBuf> {
    let mut cargo = command("cargo");
    configure(&mut cargo, variant)?;
    cargo.args(["rustc", "--lib", "--release", "--target", "wasm32-unknown-unknown"]);
    cargo.args(variant.features).arg("--").args(variant.own);
    run(&mut cargo, "see the compiler's message above")?;
    Ok(variant.target().join("wasm32-unknown-unknown/release/precis.wasm"))
}

/// Writes the JavaScript and its types to `folder`, and returns the module that goes with them.
fn bind(compiled: &Path, folder: &Path) -> Result<PathBuf> {
    if folder.exists() {
        fs::remove_dir_all(folder)?;
    }
    let mut bindgen = Bindgen::new();
    bindgen.input_path(compiled).out_name("precis").typescript(true).web(true)?;
    // Whoever loads the module says where it is: bundlers would follow an address in the JavaScript.
    bindgen.omit_default_module_path(true);
    bindgen.generate(folder).context("wasm-bindgen failed")?;
    Ok(folder.join("precis_bg.wasm"))
}

/// Moves a module to its place, optimized.
fn optimize(bound: &Path, module: &Path) -> Result<()> {
    let optimized = bound.with_file_name("optimized.wasm");
    // npm's binaryen: distributions carry one too old to parse relaxed SIMD.
    let mut opt = command("www/node_modules/.bin/wasm-opt");
    opt.arg(bound).arg("-o").arg(&optimized).args(WASM_OPT);
    run(&mut opt, "see its message above")?;
    fs::create_dir_all(module.parent().expect("a module lies in a folder"))?;
    fs::remove_file(bound)?;
    fs::rename(&optimized, module)?;
    Ok(())
}

/// Prints a module's size as it is and as a static host would send it.
fn print_size(variant: &Variant) -> Result<()> {
    let mut file = File::open(root().join(variant.module))
        .with_context(|| format!("wasm-opt left no {}", variant.module))?;
    let mut gzip = GzEncoder::new(Counter(0), Compression::best());
    let raw = io::copy(&mut file, &mut gzip)?;
    let sent = gzip.finish()?.0;
    println!("   wasm {}: {} kB, gzip {} kB", variant.name, raw / 1000, sent / 1000);
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
