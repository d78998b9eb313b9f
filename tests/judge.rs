//! The probe that tells from a model's states how much a sentence says, and what it is trained on.
//!
//! ```sh
//! PRECIS_DOCUMENTS=FILE PRECIS_STATES=OUT cargo test --release --test judge -- --ignored
//! ```
//!
//! writes the states at the sentences of the documents in `FILE`, a list of `{id, text}` in JSON, to
//! `OUT`, a line for each: `{id, text, at, states}` with the text as it was read. `benches/quality/judge.py` trains the weights on them.

// wasm-pack compiles every test for WebAssembly; this one needs files.
#![cfg(not(target_family = "wasm"))]

mod common;

use std::fs::{self, File};
use std::io::Write;
use std::sync::{Arc, Mutex};

use common::host::TestHost;
use common::{now, real, summarizer};
use precis::document::clean::Clean;
use precis::host::Note;
use precis::report::Report;
use precis::summarize::Options;
use precis::summarize::plan::{Length, passage};
use serde::Deserialize;

/// A letter whose point is neither first nor said with a word such as "decided".
const LETTER: &str = "Dear neighbours,

The weather has been kind to the roses this year, as most of you have seen. My sister came to visit \
and said that she had never seen so many bees. Old Mr Tanner still tells everybody about the flood of \
1987, and he tells it well.

Water in both stairwells is off from 7 to 16 o'clock on Tuesday 4 May, because the pipes in the cellar \
are replaced. Please fill a bucket the evening before.

The summer party was lovely, and I still have a bowl that belongs to somebody.

Kind regards
Wilma Ostrander
";

fn note(text: &str) -> Note {
    let options = Options { fresh: true, ..Options::default() };
    let mut summarizer = summarizer(real(&Default::default()));
    now(summarizer.note(text, &options, &TestHost::default())).expect("a note")
}

#[test]
fn what_matters_is_worth_more_than_small_talk() {
    let judged = note(LETTER).judged;
    let worth = |words: &str| {
        let at = LETTER.find(words).expect("it is there");
        judged.iter().find(|judged| judged.at == at).expect("it is judged").worth
    };
    let best = judged.iter().map(|judged| judged.worth).fold(f64::MIN, f64::max);
    assert_eq!(worth("Water in both"), best);
    for small_talk in ["My sister came", "Old Mr Tanner", "The summer party"] {
        assert!(worth("Water in both") > worth(small_talk) + 0.3, "{small_talk}");
    }
}

#[test]
fn what_was_read_before_is_judged_the_same() {
    let mut again = summarizer(real(&Default::default()));
    let mut run = |length, fresh| -> Report {
        let options = Options { length: Some(length), fresh, ..Options::default() };
        now(again.run(LETTER, &options, &TestHost::default())).expect("a summary")
    };
    run(Length::Sentence, false);
    let reused = run(Length::Short, false);
    assert!(reused.prefill.reused_tokens > 100, "{}", reused.prefill.reused_tokens);
    assert_eq!(reused.summary, run(Length::Short, true).summary);
    assert!(reused.summary.contains("off from 7 to 16"), "{}", reused.summary);
}

/// The layer that [`Judge`](precis::summarize::judge::Judge) looks at.
const LAYER: usize = 18;

#[derive(Deserialize)]
struct Document {
    id: String,
    text: String,
}

#[test]
#[ignore = "writes what the weights are trained on"]
fn states_of_documents() {
    let file = fs::read(std::env::var("PRECIS_DOCUMENTS").expect("documents")).expect("a file");
    let documents: Vec<Document> = serde_json::from_slice(&file).expect("documents");
    let mut out = File::create(std::env::var("PRECIS_STATES").expect("a path")).expect("a file");
    let mut summarizer = summarizer(real(&Default::default()));
    let seen: Arc<Mutex<Vec<Vec<f32>>>> = Arc::default();
    let probe = {
        let seen = Arc::clone(&seen);
        // Each state is kept; what is found at a token is the state's number.
        move |state: &[f32]| {
            let mut seen = seen.lock().expect("no panic");
            seen.push(state.to_vec());
            (seen.len() - 1) as f32
        }
    };
    summarizer.session().watch(LAYER, Box::new(probe));
    for Document { id, text } in documents {
        seen.lock().expect("no panic").clear();
        let options = Options { fresh: true, ..Options::default() };
        let note = now(summarizer.note(&text, &options, &TestHost::default())).expect("a note");
        let seen = seen.lock().expect("no panic");
        let states: Vec<_> =
            note.judged.iter().map(|judged| &seen[judged.worth as usize]).collect();
        let at: Vec<_> = note.judged.iter().map(|judged| judged.at).collect();
        let clean = Clean::of_text(&text);
        let text = passage(clean.text());
        let line = serde_json::json!({ "id": id, "text": text, "at": at, "states": states });
        writeln!(out, "{line}").expect("written");
    }
}
