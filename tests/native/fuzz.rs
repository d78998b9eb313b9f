//! The fuzz targets over their corpora, and over random changes to these: the same on every machine. Longer,
//! and guided by what the inputs reach: `cargo xtask fuzz`.

use std::fs;
use std::path::Path;

use crate::common::random::Random;
use targets::TARGETS;

#[path = "../../fuzz/src/edits.rs"]
mod edits;
#[path = "../../fuzz/src/targets.rs"]
mod targets;

/// Changed inputs for each target.
const CHANGED: usize = 400;

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let files = fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut paths: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file")).collect()
}

#[test]
fn every_target_takes_its_corpus() {
    for (name, target) in TARGETS {
        let inputs = corpus(name);
        assert!(inputs.len() > 3, "{name} has a corpus");
        inputs.iter().for_each(|input| target(input));
    }
}

#[test]
fn every_target_takes_changed_inputs() {
    let mut random = Random(2026);
    for (name, target) in TARGETS {
        let inputs = corpus(name);
        for _ in 0..CHANGED {
            let mut input = inputs[random.below(inputs.len())].clone();
            let other = &inputs[random.below(inputs.len())];
            (0..=random.below(4)).for_each(|_| change(&mut input, other, &mut random));
            target(&input);
        }
    }
}

/// One change as libFuzzer makes them: a byte, a part left out, doubled, or taken from another input.
fn change(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let part = |of: &[u8], random: &mut Random| {
        let start = random.below(of.len() + 1);
        start..start + random.below((of.len() - start).min(32) + 1)
    };
    let range = part(input, random);
    match random.below(4) {
        0 if !input.is_empty() => {
            let at = random.below(input.len());
            input[at] = random.next() as u8;
        }
        1 => drop(input.drain(range)),
        2 => input.extend_from_within(range),
        _ => drop(input.splice(range, other[part(other, random)].iter().copied())),
    }
}
