//! `cargo xtask test`: every check and every test. Native and web steps run at the same time.

use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

use crate::build::{self, ALL, npm, package, site};
use crate::run::{command, heading, prepend_path, run, seconds, shown, tee};
use crate::wasm::{self, EDGE_SIMD, RELAXED, SIMD, Variant};
use crate::{root, setup, tidy};

/// Tests that passed and failed.
#[derive(Clone, Copy, Default, PartialEq, Debug)]
struct Count {
    passed: u64,
    failed: u64,
}

/// The steps that ran: title, duration, count of a step that runs tests. Two chains of steps may run
/// at the same time.
struct Steps {
    start: Instant,
    /// Whether two chains run now: the output of a command is then printed as a whole at its end.
    parallel: AtomicBool,
    done: Mutex<Vec<(String, Duration, Option<Count>)>>,
}

impl Steps {
    fn new() -> Self {
        Self { start: Instant::now(), parallel: AtomicBool::new(false), done: Mutex::default() }
    }

    /// Runs two chains of steps at the same time, both to their ends.
    fn in_parallel(
        &self,
        one: impl FnOnce() -> Result<()> + Send,
        other: impl FnOnce() -> Result<()>,
    ) -> Result<()> {
        self.parallel.store(true, Relaxed);
        let outcome = thread::scope(|scope| {
            let one = scope.spawn(one);
            let other = other();
            one.join().expect("a step does not panic").and(other)
        });
        self.parallel.store(false, Relaxed);
        outcome
    }

    fn step(&self, title: &str, work: impl FnOnce() -> Result<Option<Count>>) -> Result<()> {
        heading(title);
        let start = Instant::now();
        let outcome = work();
        // A step that fails without a count (a lint, a crash) counts as one failure, so that the
        // closing line never says "0 failed" after one.
        let count = match &outcome {
            Ok(count) => *count,
            Err(error) => match error.downcast_ref::<FailedTests>() {
                Some(failed) => Some(failed.0),
                None => Some(Count { passed: 0, failed: 1 }),
            },
        };
        self.done().push((title.to_owned(), start.elapsed(), count));
        outcome.map(|_| ())
    }

    fn done(&self) -> MutexGuard<'_, Vec<(String, Duration, Option<Count>)>> {
        self.done.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, title: &str, command: Command, advice: &'static str) -> Result<()> {
        self.step(title, || self.output(title, command, advice).map(|_| None))
    }

    /// A step whose output tells how many tests passed and failed.
    fn tests(&self, title: &str, command: Command) -> Result<()> {
        self.step(title, || {
            let output = self.output(title, command, "see its output above");
            let counted = counted(match &output {
                Ok(text) => text,
                Err(error) => error.downcast_ref::<Ended>().map_or("", |ended| &ended.output),
            });
            if counted.failed > 0 {
                return Err(FailedTests(counted).into());
            }
            output?;
            ensure!(
                counted.passed > 0,
                "no test ran: a runner that finds nothing must not look green"
            );
            Ok(Some(counted))
        })
    }

    /// Runs a command and returns its output.
    fn output(&self, title: &str, command: Command, advice: &'static str) -> Result<String> {
        let command_line = shown(&command);
        let live = !self.parallel.load(Relaxed);
        let (status, output) = tee(command, |line| {
            if live {
                print!("{}", String::from_utf8_lossy(line));
            }
        })?;
        if !live {
            println!("\n── {title}: output\n{}", output.trim_end());
        }
        if status.success() {
            return Ok(output);
        }
        Err(Ended { command_line, status, output, advice }.into())
    }

    fn print(&self) {
        heading("steps");
        let done = self.done();
        for (title, time, count) in done.iter() {
            let count = match count {
                Some(Count { passed, failed: 0 }) => format!("{passed:>5} passed"),
                Some(Count { passed, failed }) => format!("{passed:>5} passed, {failed} failed"),
                None => String::new(),
            };
            let row = format!("   {:>7}  {title:<52}{count}", seconds(*time));
            println!("{}", row.trim_end());
        }
        println!("   {:>7}  in all\n", seconds(self.start.elapsed()));
        let counts = || done.iter().filter_map(|(_, _, count)| *count);
        let passed: u64 = counts().map(|count| count.passed).sum();
        let failed: u64 = counts().map(|count| count.failed).sum();
        println!("{passed} passed, {failed} failed");
    }
}

/// A command that failed.
#[derive(Debug)]
struct Ended {
    command_line: String,
    status: ExitStatus,
    output: String,
    advice: &'static str,
}

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "`{}` ended with {}: {}", self.command_line, self.status, self.advice)
    }
}

impl std::error::Error for Ended {}

/// A runner's own account of its failures.
#[derive(Debug)]
struct FailedTests(Count);

impl std::fmt::Display for FailedTests {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(f, "{} tests failed: see above", self.0.failed)
    }
}

impl std::error::Error for FailedTests {}

/// Runs everything and prints a table. A step that fails is the last of its chain.
pub fn test() -> Result<()> {
    let steps = Steps::new();
    let outcome = all(&steps);
    steps.print();
    outcome
}

/// Builds the npm package and tries it wherever people may use it.
pub fn consumers() -> Result<()> {
    setup::browser()?;
    build::build()?;
    let mut node = command("node");
    node.arg("www/scripts/consumers.mjs");
    run(&mut node, "see its table above")
}

/// What would be published compiles by itself.
fn crate_package() -> Result<()> {
    let mut package = cargo(&["package", "--package", "precis", "--no-verify", "--allow-dirty"]);
    run(&mut package, "see its message above")?;
    let name = format!("precis-{}", crate_version()?);
    let folder = tempfile::tempdir()?;
    let mut unpack = command("tar");
    unpack.arg("xzf").arg(root().join(format!("target/package/{name}.crate")));
    run(unpack.arg("-C").arg(folder.path()), "see its message above")?;
    // With the compiled dependencies of the other steps, where they are the same.
    let mut check = cargo(&["check", "--release", "--locked", "--all-features", "--target-dir"]);
    check.arg(root().join("target")).current_dir(folder.path().join(name));
    run(&mut check, "what the package lacks must be in `include` of Cargo.toml")
}

fn crate_version() -> Result<String> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml"))?;
    let version =
        manifest.lines().find_map(|line| line.strip_prefix("version = \"")?.strip_suffix('"'));
    version.map(str::to_owned).context("Cargo.toml has no version")
}

fn all(steps: &Steps) -> Result<()> {
    let mut path = Vec::new();
    let mut driver = PathBuf::new();
    steps.step("set-up", || {
        driver = setup::browser()?;
        setup::gpu_driver()?;
        path = setup::for_tests()?;
        Ok(None)
    })?;
    steps.check("formatting", cargo(&["fmt", "--all", "--check"]), "run `cargo fmt --all`")?;
    steps.step("tidy", || tidy::tidy(false).map(|()| None))?;
    // Each compiles mostly on one core. The lints for wasm are done before the tests in Node need
    // their folder; if not, cargo waits.
    steps
        .in_parallel(|| lints(steps).and_then(|()| native(steps)), || web(steps, &driver, &path))?;
    // A bundler, another origin, and types; `--consumers` tries all of them.
    let mut few = command("node");
    few.args(["www/scripts/consumers.mjs", "vite8-build", "cdn-isolated", "types", "publint"]);
    steps.tests("the packed package on other people's pages", few)?;
    steps.tests("page and package in Chromium (Playwright)", npm_run(&["test", "--silent"]))
}

/// Left out: they only call wasm-bindgen, whose dependencies would be compiled once more.
const WITHOUT_TOOLS: [&str; 2] = ["--exclude", "precis-wasm-tools"];

/// Lints of all that is Rust.
fn lints(steps: &Steps) -> Result<()> {
    // In the profile of the tests: macros and build scripts are then compiled once for both.
    let mut lint = cargo(&["clippy", "--release", "--workspace", "--all-targets"]);
    lint.args(WITHOUT_TOOLS).args(["--all-features", "--", "-D", "warnings"]);
    steps.check("clippy, native", lint, "see its messages above")?;
    for variant in [&SIMD, &RELAXED, &EDGE_SIMD] {
        let mut lint = command("cargo");
        // Every crate has the flags of `simd`; `Variant::lint` says why.
        wasm::configure(&mut lint, &SIMD)?;
        lint.args(["clippy", "--release", "--target", "wasm32-unknown-unknown"]);
        lint.args(variant.features).args(WASM_TARGETS);
        lint.args(["--", "-D", "warnings"]).args(variant.lint);
        steps.check(&format!("clippy, wasm {}", variant.name), lint, "see its messages above")?;
    }
    Ok(())
}

/// The package and tests of the crate and the command line.
fn native(steps: &Steps) -> Result<()> {
    steps.step("the crate as it would be published", || crate_package().map(|()| None))?;
    let mut native = cargo(&["test", "--release", "--workspace", "--exclude", "xtask"]);
    native.args(WITHOUT_TOOLS).args(["--all-features", "--no-fail-fast"]);
    steps.tests("native tests", native)?;
    // In the profile that this program was built in, so that its dependencies stand already.
    let own = ["test", "--profile", "xtask", "--package", "xtask", "--no-fail-fast"];
    steps.tests("tests of xtask", cargo(&own))
}

/// Tests and builds for WebAssembly, the package and the page.
fn web(steps: &Steps, driver: &Path, path: &[PathBuf]) -> Result<()> {
    let driver = driver.to_string_lossy();
    let browser = ["--headless", "--chrome", "--chromedriver", &driver];
    let browser = wasm_tests(&RELAXED, &browser, path)?;
    steps.tests("wasm tests in Chromium (relaxed)", browser)?;
    let node = wasm_tests(&SIMD, &["--node"], path)?;
    steps.tests("wasm tests in Node (simd)", node)?;
    // The declarations that tsc checks against come from the Rust types.
    steps.step("wasm builds", || wasm::modules(&ALL).map(|()| None))?;
    let check = npm_run(&["run", "--silent", "check"]);
    steps.check("TypeScript", check, "see tsc's messages above")?;
    steps.step("package and page", || package().and_then(|()| site()).map(|()| None))
}

fn cargo(arguments: &[&str]) -> Command {
    let mut cargo = command("cargo");
    cargo.args(arguments);
    cargo
}

fn npm_run(arguments: &[&str]) -> Command {
    let mut npm = npm();
    npm.args(arguments);
    npm
}

fn wasm_tests(variant: &Variant, runner: &[&str], path: &[PathBuf]) -> Result<Command> {
    let mut pack = command("wasm-pack");
    prepend_path(&mut pack, path)?;
    wasm::configure(&mut pack, variant)?;
    pack.args(["test", "--release"])
        .args(runner)
        .arg("--")
        .args(variant.features)
        .args(WASM_TARGETS);
    // The same tests run in both places; in a browser they run where the engine does.
    if runner.contains(&"--chrome") {
        pack.env("WASM_BINDGEN_USE_DEDICATED_WORKER", "1");
        // In seconds, for all of them: those of the GPU run on SwiftShader, a program.
        pack.env("WASM_BINDGEN_TEST_TIMEOUT", "300");
    }
    Ok(pack)
}

/// What is compiled for wasm's tests: the library and the integration tests whose name begins with
/// `wasm`. Others use files and threads. None says `wasm_bindgen_test_configure!`: all run in Node
/// and in the browser.
const WASM_TARGETS: [&str; 3] = ["--lib", "--test", "wasm*"];

/// Adds up the closing lines of the runners: libtest and wasm-bindgen (`test result: ok. 3 passed;
/// 0 failed; …`), Playwright (`  3 passed (2s)`, `  1 failed`), node (`ℹ pass 3`, `# fail 0`) and our
/// own (`3 passed, 0 failed`).
fn counted(output: &str) -> Count {
    let mut total = Count::default();
    for line in output.lines() {
        let line = without_colours(line);
        let words: Vec<&str> = line.split_whitespace().collect();
        let at = |i: usize| words.get(i).and_then(|word| word.parse::<u64>().ok());
        match words.as_slice() {
            ["test", "result:", _, _, "passed;", _, "failed;", ..] => {
                total.passed += at(3).unwrap_or(0);
                total.failed += at(5).unwrap_or(0);
            }
            // scripts/consumers.mjs
            [_, "passed,", _, "failed"] => {
                total.passed += at(0).unwrap_or(0);
                total.failed += at(2).unwrap_or(0);
            }
            [_, "passed"] => total.passed += at(0).unwrap_or(0),
            [_, "passed", time, ..] if time.starts_with('(') => total.passed += at(0).unwrap_or(0),
            // "interrupted" and "did not run" follow from a failure; a flaky test is one.
            [_, "failed" | "flaky"] => total.failed += at(0).unwrap_or(0),
            ["#" | "ℹ", "pass", _] => total.passed += at(2).unwrap_or(0),
            ["#" | "ℹ", "fail", _] => total.failed += at(2).unwrap_or(0),
            _ => {}
        }
    }
    total
}

/// A line without its terminal escape sequences (`ESC [ … letter`).
fn without_colours(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            chars.by_ref().find(|c| c.is_ascii_alphabetic());
        } else {
            plain.push(c);
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_runner_is_counted() {
        let count = |passed, failed| Count { passed, failed };
        let libtest = "test a ... ok\ntest result: ok. 12 passed; 0 failed; 1 ignored; 0 measured\n\
                       test result: FAILED. 3 passed; 2 failed; 0 ignored\n";
        assert_eq!(counted(libtest), count(15, 2));
        assert_eq!(
            counted("\u{1b}[32m  7 passed\u{1b}[0m\u{1b}[2m (3.4s)\u{1b}[0m\n"),
            count(7, 0)
        );
        assert_eq!(counted("  1 failed\n  1 flaky\n  2 skipped\n  5 passed (1.2m)\n"), count(5, 2));
        assert_eq!(counted("ℹ tests 4\nℹ pass 3\nℹ fail 1\n"), count(3, 1));
        assert_eq!(counted("4 passed, 1 failed\n"), count(4, 1));
        assert_eq!(counted("3 passed over the bridge\nwhat failed\n"), count(0, 0));
    }

    #[test]
    fn a_failed_step_is_a_failure() {
        let steps = Steps::new();
        let failed = steps.step("lint", || anyhow::bail!("no"));
        assert!(failed.is_err());
        assert_eq!(steps.done()[0].2, Some(Count { passed: 0, failed: 1 }));
        let ran_nothing = steps.tests("none", command("true"));
        assert!(ran_nothing.is_err());
        assert_eq!(steps.done()[1].2, Some(Count { passed: 0, failed: 1 }));
    }
}
