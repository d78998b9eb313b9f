//! `cargo xtask fuzz`: the targets of `fuzz/` under libFuzzer, without a sanitizer: these need a nightly
//! compiler. Almost all that the targets reach is safe Rust; the kernels, which are not, have tests of their own.

use std::fs;

use anyhow::{Context, Result, ensure};

use crate::run::{command, heading, prepend_path, run};
use crate::{root, setup};

/// Bounds of one execution: seconds, megabytes in all and in one allocation, bytes of the input, which may
/// be long from the start.
const BOUNDS: [&str; 5] =
    ["-len_control=0", "-timeout=5", "-rss_limit_mb=2048", "-malloc_limit_mb=256", "-max_len=4096"];

/// Runs each target, or those that are named, until it has executed `runs` inputs. New inputs that reach
/// more code stay in `target/fuzz/corpus`; an input that fails stays in `fuzz/artifacts`.
pub fn fuzz(named: &[String], runs: u64) -> Result<()> {
    let tools = setup::cargo_fuzz()?;
    for target in chosen(named)? {
        heading(&format!("fuzz: {target}"));
        let grown = root().join("target/fuzz/corpus").join(&target);
        fs::create_dir_all(&grown)?;
        let mut fuzz = command("cargo");
        prepend_path(&mut fuzz, &tools)?;
        fuzz.args(["fuzz", "run", "--sanitizer", "none", "--target-dir", "target/fuzz", &target]);
        fuzz.arg(grown).arg(format!("fuzz/corpus/{target}"));
        fuzz.arg("--").args(BOUNDS).arg(format!("-runs={runs}")).arg("-print_final_stats=1");
        run(&mut fuzz, "mend the cause, and put the input into fuzz/corpus, where tests run it")?;
    }
    Ok(())
}

/// The targets that are named, or all.
fn chosen(named: &[String]) -> Result<Vec<String>> {
    let files = fs::read_dir(root().join("fuzz/fuzz_targets")).context("no fuzz targets")?;
    let mut all = Vec::new();
    for file in files {
        let path = file?.path();
        all.extend(path.file_stem().and_then(|name| Some(name.to_str()?.to_owned())));
    }
    all.sort();
    let unknown = named.iter().find(|name| !all.contains(name));
    ensure!(unknown.is_none(), "there is no target {unknown:?}, only {}", all.join(", "));
    Ok(if named.is_empty() { all } else { named.to_vec() })
}
