//! The project's commands: `cargo xtask serve`, `test`, `build`, `model fetch`.
//!
//! Each command does the set-up that it needs first, and every piece of set-up is skipped when it
//! stands already, so that nothing has to be installed by hand beyond git, rustup, Node and Python.

mod audit;
mod build;
#[cfg(test)]
mod docs;
mod download;
mod fuzz;
mod model;
mod run;
mod rust;
mod serve;
mod setup;
mod stamp;
mod test;
mod tidy;
mod wasm;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Build, serve and test Précis")]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Set up, build and serve the page with cross-origin isolation
    Serve {
        /// Port on localhost
        #[arg(long, default_value_t = 8080)]
        port: u16,
    },
    /// Set up and run every check and every test
    Test {
        /// Instead: the packed npm package in every bundler, in Chromium, and its types
        #[arg(long)]
        consumers: bool,
    },
    /// Set up and build the static site (www/dist) and the npm package (www/pkg)
    Build,
    /// Measure the engine's kernels, and reading speed beside other engines (see benches/README.md)
    Bench {
        /// The processor's kernels alone
        #[arg(long, conflicts_with = "arguments")]
        kernels: bool,
        /// The GPU instead: its peaks, its kernels and whole prompts, natively
        #[arg(long, conflicts_with = "kernels")]
        gpu: bool,
        /// The measuring suite instead (docs/measuring.md), natively and in headless Chromium: quick,
        /// standard or full. The cards come into target/suite/
        #[arg(long, value_name = "KIND", conflicts_with_all = ["kernels", "gpu", "arguments"])]
        suite: Option<String>,
        /// What the cards call this machine
        #[arg(long, requires = "suite", default_value = "unnamed")]
        name: String,
        /// Arguments of benches/browser/run.mjs, such as --tokens 512,2048; with --gpu those of
        /// precis-bench-gpu, such as --json
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Check the rules of ARCHITECTURE.md: who imports whom, what stands where, how long files are
    Tidy {
        /// Print the modules, floor by floor, and what each imports
        #[arg(long)]
        graph: bool,
    },
    /// Give the engine hostile inputs: models, documents, options, cards (fuzz/)
    Fuzz {
        /// Targets, such as html; all when absent
        targets: Vec<String>,
        /// Inputs for each target
        #[arg(long, default_value_t = 100_000)]
        runs: u64,
    },
    /// Check licences, sources and known weaknesses of all packages, and list them in target/sbom
    Audit,
    /// Write tests/fixtures/tiny*.gguf, the small generated models that most tests run on
    Fixture,
    /// The models of models/models.json
    #[command(subcommand)]
    Model(ModelCommand),
}

#[derive(Subcommand)]
enum ModelCommand {
    /// Fetch a model and verify its SHA-256; an interrupted download is resumed
    Fetch {
        /// Identifier in models/models.json; the first entry when absent
        id: Option<String>,
        /// Folder that receives the file; models/ when absent
        #[arg(long, value_name = "DIR")]
        into: Option<PathBuf>,
    },
}

fn main() -> ExitCode {
    let outcome = dispatch(Cli::parse().command);
    if let Err(error) = outcome {
        // `{:#}` puts the whole chain of causes on one line.
        eprintln!("\nerror: {error:#}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Measures the GPU, with an optimized program of its own.
fn bench_gpu(arguments: &[String]) -> Result<()> {
    model::fetch_tested()?;
    let mut bench = run::command("cargo");
    bench.args(["run", "--release", "--package", "precis-bench", "--bin", "precis-bench-gpu"]);
    bench.arg("--").args(arguments);
    run::run(&mut bench, "see its message above")
}

/// Measures this machine natively and then in Chromium.
fn bench_suite(kind: &str, name: &str) -> Result<()> {
    model::fetch_tested()?;
    build::build()?;
    let folder = root().join("target/suite");
    fs::create_dir_all(&folder)?;
    let [native, browser] = ["native.json", "browser.json"].map(|file| folder.join(file));
    let mut precis = run::command("cargo");
    precis.args(["run", "--release", "--quiet", "--bin", "precis", "--", "bench", "--json"]);
    precis.args(["--backend", "cpu", "--suite", kind, "--name", name]);
    precis.stdout(fs::File::create(&native)?);
    run::run(&mut precis, "see its message above")?;
    let mut node = run::command("node");
    node.current_dir(root().join("www")).arg("scripts/suite.mjs");
    node.args(["--kind", kind, "--name", name, "--out"]).arg(&browser);
    node.arg("--beside").arg(&native);
    run::run(&mut node, "see its message above")?;
    println!("\nThe cards are {} and {}", native.display(), browser.display());
    Ok(())
}

/// Measures the kernels; then builds, fetches the model and runs the bench, which brings its own
/// peers.
fn bench(kernels_alone: bool, arguments: &[String]) -> Result<()> {
    let mut kernels = run::command("cargo");
    kernels.args(["bench", "--package", "precis-bench"]);
    run::run(&mut kernels, "see its message above")?;
    if kernels_alone {
        return Ok(());
    }
    model::fetch_tested()?;
    build::build()?;
    let mut node = run::command("node");
    node.arg("benches/browser/run.mjs").args(arguments);
    run::run(&mut node, "see its message above")
}

fn dispatch(command: Command) -> Result<()> {
    match command {
        Command::Serve { port } => serve::serve(port),
        Command::Test { consumers: false } => test::test(),
        Command::Test { consumers: true } => test::consumers(),
        Command::Build => build::build(),
        Command::Bench { gpu: true, arguments, .. } => bench_gpu(&arguments),
        Command::Bench { suite: Some(kind), name, .. } => bench_suite(&kind, &name),
        Command::Bench { kernels, arguments, .. } => bench(kernels, &arguments),
        Command::Tidy { graph } => tidy::tidy(graph),
        Command::Fuzz { targets, runs } => fuzz::fuzz(&targets, runs),
        Command::Audit => audit::audit(),
        Command::Fixture => write_fixture(),
        Command::Model(ModelCommand::Fetch { id, into }) => {
            let into = into.unwrap_or_else(|| root().join("models"));
            let path = model::fetch(&root().join("models/models.json"), id.as_deref(), &into)?;
            println!("{}", path.display());
            Ok(())
        }
    }
}

/// The repository root: the folder above this crate.
fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in a folder of the repository")
}

/// The writer needs candle, which would make everyone's first `cargo xtask` four times as long. So
/// it is a program of its own.
fn write_fixture() -> Result<()> {
    let mut writer = run::command("cargo");
    writer.args(["run", "--release", "--package", "precis-fixture"]);
    run::run(&mut writer, "see its message above")
}
