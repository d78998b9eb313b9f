//! The pinned Rust toolchain, with each target and component asked for by name.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::root;
use crate::run::{capture, command, run, timed};

const ADVICE: &str = "see rustup's message above, and run the command again";

/// What rust-toolchain.toml asks for.
struct Wanted {
    channel: String,
    targets: Vec<String>,
    components: Vec<String>,
}

/// Adds what the pinned toolchain lacks, one thing at a time. rustup adds it by itself unless it is
/// told not to (RUSTUP_AUTO_INSTALL=0); and two builds that add the same target at the same time
/// damage each other's files.
pub fn set_up() -> Result<()> {
    let wanted = Wanted::read()?;
    let toolchains = capture(rustup().args(["toolchain", "list"]))
        .context("rustup manages this project's Rust: install it from https://rustup.rs")?;
    if !toolchains.lines().any(|line| line.starts_with(&wanted.channel)) {
        let mut install = rustup();
        install.args(["toolchain", "install", &wanted.channel]);
        install.args(["--profile", "minimal", "--no-self-update"]);
        timed(&format!("Rust {}", wanted.channel), || run(&mut install, ADVICE))?;
    }
    for (kind, names) in [("target", &wanted.targets), ("component", &wanted.components)] {
        for name in names {
            if !wanted.has(kind, name)? {
                wanted.add(kind, name)?;
            }
        }
    }
    Ok(())
}

impl Wanted {
    fn read() -> Result<Self> {
        let file = fs::read_to_string(root().join("rust-toolchain.toml"))
            .context("rust-toolchain.toml is missing from the repository root")?;
        let channel =
            quoted_values(&file, "channel").pop().context("rust-toolchain.toml: no channel")?;
        let [targets, components] = ["targets", "components"].map(|key| quoted_values(&file, key));
        Ok(Self { channel, targets, components })
    }

    /// `rustup KIND ACTION --toolchain CHANNEL`
    fn rustup(&self, kind: &str, action: &str) -> Command {
        let mut rustup = rustup();
        rustup.args([kind, action, "--toolchain", &self.channel]);
        rustup
    }

    /// Whether a target or component is there. Components may be listed with the host's name behind
    /// their own.
    fn has(&self, kind: &str, name: &str) -> Result<bool> {
        let installed = capture(self.rustup(kind, "list").arg("--installed"))?;
        Ok(installed.lines().any(|line| line.starts_with(name)))
    }

    fn add(&self, kind: &str, name: &str) -> Result<()> {
        timed(&format!("Rust {}: {kind} {name}", self.channel), || {
            self.clear_leftovers(kind, name)?;
            run(self.rustup(kind, "add").arg(name), ADVICE)?;
            ensure!(self.has(kind, name)?, "rustup says that it added {name} and does not list it");
            Ok(())
        })
    }

    /// Deletes the files of a target or of the sources that rustup does not know of: it was stopped
    /// while it added them, and refuses to write over them.
    fn clear_leftovers(&self, kind: &str, name: &str) -> Result<()> {
        let folder = match (kind, name) {
            ("target", target) => target,
            ("component", "rust-src") => "src",
            _ => return Ok(()),
        };
        let rustc = capture(rustup().args(["which", "rustc", "--toolchain", &self.channel]))?;
        let toolchain = Path::new(&rustc).ancestors().nth(2).context("rustc lies in no folder")?;
        let folder = toolchain.join("lib/rustlib").join(folder);
        if folder.exists() {
            println!("   deleting {}, which an interrupted set-up left", folder.display());
            fs::remove_dir_all(&folder)
                .with_context(|| format!("cannot delete {}", folder.display()))?;
        }
        Ok(())
    }
}

/// rustup as it is outside of cargo. Under cargo RUSTUP_TOOLCHAIN is set: then rustup takes that
/// toolchain as it is and does not read rust-toolchain.toml.
fn rustup() -> Command {
    let mut rustup = command("rustup");
    rustup.env_remove("RUSTUP_TOOLCHAIN");
    rustup
}

/// `key = "a"` or `key = ["a", "b"]` of a flat TOML file whose lists stand on one line.
fn quoted_values(toml: &str, key: &str) -> Vec<String> {
    toml.lines()
        .filter_map(|line| line.split_once('='))
        .filter(|(name, _)| name.trim() == key)
        .flat_map(|(_, value)| value.split('"').skip(1).step_by(2))
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_stand_in_one_place() {
        let toml = "[toolchain]\nchannel = \"1.95.0\"\ntargets = [\"a\", \"b\"]\n";
        assert_eq!(quoted_values(toml, "channel"), ["1.95.0"]);
        assert_eq!(quoted_values(toml, "targets"), ["a", "b"]);
        assert!(quoted_values(toml, "components").is_empty());
    }
}
