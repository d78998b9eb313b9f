//! Skipping work whose inputs and outputs are those of last time.
//!
//! cargo knows when to rebuild, but wasm-opt, npm, tsc and Vite start over at each call. A stamp is
//! one digest of everything that goes in and everything that came out. Outputs are part of it
//! because a person may have run the tool by hand with other flags, or deleted half of the result.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use sha2::{Digest, Sha256};

use crate::root;

/// What a piece of work reads and writes. Paths are relative to the repository root; a folder
/// stands for all its files.
pub struct Work<'a> {
    /// Name of the stamp
    pub name: &'a str,
    pub inputs: &'a [&'a str],
    /// Names of files and folders below the inputs that are not inputs
    pub ignore: &'a [&'a str],
    /// What else decides the result: flags, versions
    pub flags: &'a str,
    pub outputs: &'a [&'a str],
}

/// Does `work` unless its stamp still holds. Returns whether it was done.
pub fn unless_fresh(what: &Work, work: impl FnOnce() -> Result<()>) -> Result<bool> {
    unless_fresh_in(root(), what, work)
}

fn unless_fresh_in(root: &Path, what: &Work, work: impl FnOnce() -> Result<()>) -> Result<bool> {
    let file = root.join(".tools/stamps").join(what.name);
    let outputs_exist = what.outputs.iter().all(|path| root.join(path).exists());
    if outputs_exist && fs::read_to_string(&file).is_ok_and(|old| old == digest(root, what)) {
        return Ok(false);
    }
    // The inputs are read before the work, so that an edit made during it is not taken as built.
    let inputs = inputs_digest(root, what);
    work()?;
    let stamp = format!("{inputs} {}", outputs_digest(root, what));
    let write = || -> io::Result<()> {
        fs::create_dir_all(file.parent().expect("a stamp lies in a folder"))?;
        fs::write(&file, stamp)
    };
    write().with_context(|| format!("cannot write {}", file.display()))?;
    Ok(true)
}

fn digest(root: &Path, what: &Work) -> String {
    format!("{} {}", inputs_digest(root, what), outputs_digest(root, what))
}

fn inputs_digest(root: &Path, what: &Work) -> String {
    let mut hash = Sha256::new();
    hash.update(what.flags);
    for path in what.inputs {
        add(&mut hash, root, &root.join(path), what.ignore);
    }
    hex(&hash.finalize())
}

fn outputs_digest(root: &Path, what: &Work) -> String {
    let mut hash = Sha256::new();
    for path in what.outputs {
        add(&mut hash, root, &root.join(path), &[]);
    }
    hex(&hash.finalize())
}

/// Adds a file, or all files of a folder in the order of their names. What cannot be read counts
/// as absent: the work itself will say what is wrong.
fn add(hash: &mut Sha256, root: &Path, path: &Path, ignore: &[&str]) {
    if path.is_dir() {
        let entries = fs::read_dir(path).into_iter().flatten().flatten();
        let mut children: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        children.sort();
        for child in children {
            let name = child.file_name().unwrap_or_default().to_string_lossy();
            if !ignore.contains(&name.as_ref()) {
                add(hash, root, &child, ignore);
            }
        }
    } else if let Ok(bytes) = fs::read(path) {
        let name = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
        // Lengths keep two different lists of files from running into the same bytes.
        hash.update((name.len() as u64).to_le_bytes());
        hash.update(name.as_bytes());
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(&bytes);
    }
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Work<'static> = Work {
        name: "test",
        inputs: &["in", "Cargo.toml"],
        ignore: &["skipped"],
        flags: "-O",
        outputs: &["out"],
    };

    /// Runs the work in `root` once and tells whether it was done; the work writes `out`.
    fn once(root: &Path, work: &Work) -> bool {
        unless_fresh_in(root, work, || Ok(fs::write(root.join("out"), "built")?)).unwrap()
    }

    #[test]
    fn work_is_redone_exactly_when_something_changed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::create_dir_all(root.join("in/deep")).unwrap();
        fs::write(root.join("in/deep/a"), "1").unwrap();

        assert!(once(root, &WORK), "first time");
        assert!(!once(root, &WORK), "nothing changed");
        fs::write(root.join("in/deep/a"), "2").unwrap();
        assert!(once(root, &WORK), "contents changed");
        fs::rename(root.join("in/deep/a"), root.join("in/deep/b")).unwrap();
        assert!(once(root, &WORK), "name changed");
        fs::write(root.join("in/skipped"), "noise").unwrap();
        assert!(!once(root, &WORK), "an ignored name does not count");
        fs::write(root.join("out"), "by hand").unwrap();
        assert!(once(root, &WORK), "output changed");
        fs::remove_file(root.join("out")).unwrap();
        assert!(once(root, &WORK), "output gone");
        assert!(once(root, &Work { flags: "-O3", ..WORK }), "flags changed");
        assert!(!once(root, &Work { flags: "-O3", ..WORK }));
    }

    #[test]
    fn failed_work_leaves_no_stamp() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs::write(root.join("out"), "old").unwrap();
        let failed = unless_fresh_in(root, &WORK, || anyhow::bail!("no"));
        assert!(failed.is_err());
        assert!(once(root, &WORK));
    }
}
