//! `cargo xtask audit`: licences, sources and known weaknesses of all packages, and lists of them.
//! Not among the tests: its tools take minutes to compile, and the weaknesses need the network.

use std::fs;
use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::build::npm;
use crate::run::{capture, command, heading, prepend_path, run};
use crate::{root, setup};

/// Checks everything, and fails at the end if one of the checks did.
///
/// # Errors
/// A tool that can't be installed, and checks that fail, by name.
pub fn audit() -> Result<()> {
    let tools = setup::audit()?;
    setup::npm_packages()?;
    lists(&tools)?;
    let mut failed = Vec::new();
    for check in ["licenses", "bans", "sources", "advisories"] {
        heading(&format!("crates: {check}"));
        let mut deny = command("cargo");
        prepend_path(&mut deny, &tools)?;
        deny.args(["deny", "check", "--hide-inclusion-graph", check]);
        if let Err(error) = run(&mut deny, "deny.toml has the rules") {
            failed.push(format!("crates, {check}: {error:#}"));
        }
    }
    heading("npm packages: advisories");
    if let Err(error) = run(npm().arg("audit"), "see npm's message above") {
        failed.push(format!("npm packages: {error:#}"));
    }
    match failed.is_empty() {
        true => Ok(()),
        false => bail!("{} checks failed:\n  {}", failed.len(), failed.join("\n  ")),
    }
}

/// Writes what Précis consists of to `target/sbom/`, in the CycloneDX format.
fn lists(tools: &[PathBuf]) -> Result<()> {
    heading("lists");
    let folder = root().join("target/sbom");
    fs::create_dir_all(&folder)?;
    let mut cyclonedx = command("cargo");
    prepend_path(&mut cyclonedx, tools)?;
    cyclonedx.args(["cyclonedx", "--format", "json", "--all-features"]);
    cyclonedx.args(["--override-filename", "sbom"]);
    run(&mut cyclonedx, "see its message above")?;
    fs::rename(root().join("sbom.json"), folder.join("crates.json"))?;
    // It writes one for each package of the workspace. These are not published.
    for package in ["benches/engine", "xtask", "xtask/fixture", "xtask/wasm-tools"] {
        fs::remove_file(root().join(package).join("sbom.json"))?;
    }
    let mut sbom = npm();
    let packages = capture(sbom.args(["sbom", "--sbom-format", "cyclonedx"]))?;
    fs::write(folder.join("npm.json"), packages)?;
    println!("   {}", folder.display());
    Ok(())
}
