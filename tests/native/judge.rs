//! The probe that tells from a model's states how much a sentence says, and what it is trained on.
//!
//! ```sh
//! PRECIS_MODEL=FILE PRECIS_LAYER=18 PRECIS_DOCUMENTS=FILE PRECIS_STATES=OUT \
//!     cargo test --release --test native judge:: -- --ignored
//! ```
//!
//! writes the states after the attention of a layer, at the sentences of the documents in `FILE`, a
//! list of `{id, text}` in JSON, to `OUT`, a line for each: `{id, text, at, states}` with the text as it
//! was read. `benches/quality/judge.py` trains the weights on them.

use std::fs::{self, File};
use std::io::Write;
use std::sync::{Arc, Mutex};

use crate::common::host::TestHost;
use crate::common::{load, now, real, summarizer};
use precis::backend::cpu::{Cpu, start_threads};
use precis::document::clean::Clean;
use precis::document::sentences::sentences;
use precis::document::structure::Structure;
use precis::host::Note;
use precis::lm::session::Session;
use precis::report::{Report, Support};
use precis::summarize::Options;
use precis::summarize::plan::{Length, passage};
use precis::summarize::profile::Wording;
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

#[test]
fn a_text_is_judged_before_its_prompt_ends_and_read_once() {
    let street: String =
        (1..=14).map(|i| format!("House {i} has a door that faces the square. ")).collect();
    let text = LETTER.replace("The summer party", &format!("{street}The summer party"));
    let mut summarizer = summarizer(real(&Default::default()));
    let mut run = |wording, length, fresh| -> Report {
        let (length, wording) = (Some(length), Some(wording));
        let background = "Wilma wrote it.".to_string();
        let options =
            Options { length, wording, fresh, context: Some(background), ..Options::default() };
        now(summarizer.run(&text, &options, &TestHost::default())).expect("a summary")
    };
    let quoted = run(Wording::Quotes, Length::Short, true).prefill.tokens;
    let own = run(Wording::Own, Length::Short, true).prefill;
    let mut read = 0;
    for chunk in &own.chunks {
        assert_eq!((chunk.prompt, chunk.position), (0, read));
        read += chunk.tokens;
    }
    assert_eq!((own.tokens, own.reused_tokens), (read, 0));
    // The same text, and eight sentences of it once more.
    assert!(read > quoted + 60, "{read} and {quoted}");
    let again = run(Wording::Own, Length::Medium, false).prefill;
    assert!(again.reused_tokens > quoted, "{} of {read}", again.reused_tokens);
    assert!(again.tokens < 100, "{}", again.tokens);
}

#[test]
fn a_question_is_answered_by_sentences_of_the_document_or_not_at_all() {
    let mut summarizer = summarizer(real(&Default::default()));
    let mut ask = |question: &str| -> Report {
        let options = Options { instruction: Some(question.into()), ..Options::default() };
        now(summarizer.run(LETTER, &options, &TestHost::default())).expect("an answer")
    };
    let report = ask("When will we have no water?");
    assert!(report.points[0].text.contains("off from 7 to 16 o'clock"), "{}", report.summary);
    let clean = Clean::of_text(LETTER);
    for point in &report.points {
        assert!(clean.text().contains(&point.text), "{}", point.text);
        assert_eq!(point.support, Support::Quoted);
    }
    assert!(report.prefill.tokens > 0);
    assert!(ask("Who told the neighbours about the flood?").summary.contains("Mr Tanner"));
    for other in ["What is the capital of Mongolia?", "How do I bake bread with rye flour?"] {
        let report = ask(other);
        assert_eq!(
            (report.summary.as_str(), report.points.len()),
            ("The document does not say.", 0)
        );
    }
}

#[test]
fn notes_in_other_words_are_other_notes() {
    let mut summarizer = summarizer(real(&Default::default()));
    let text: String = (1..=12).map(crate::common::part).collect();
    let mut remembered = |wording| -> usize {
        let options =
            Options { wording: Some(wording), length: Some(Length::Medium), ..Options::default() };
        let report = now(summarizer.run(&text, &options, &TestHost::default()));
        report.expect("a summary").plan.remembered
    };
    assert_eq!(remembered(Wording::Quotes), 0);
    assert_eq!(remembered(Wording::Own), 0);
    assert!(remembered(Wording::Own) > 0);
}

#[derive(Deserialize)]
struct Document {
    id: String,
    text: String,
}

#[test]
#[ignore = "writes what the weights are trained on"]
fn states_of_documents() {
    let given = |name: &str| std::env::var(name).unwrap_or_else(|e| panic!("{name}: {e}"));
    let file = fs::read(given("PRECIS_DOCUMENTS")).expect("a file");
    let documents: Vec<Document> = serde_json::from_slice(&file).expect("documents");
    let mut out = File::create(given("PRECIS_STATES")).expect("a file");
    let cpu = Cpu { threads: start_threads(2).expect("two threads") };
    let model = load(&cpu, File::open(given("PRECIS_MODEL")).expect("a file")).expect("a model");
    println!("fingerprint: {:#018x}", model.fingerprint);
    let mut session = Session::new(cpu, model);
    // Each state is kept, in the order of the tokens.
    let seen: Arc<Mutex<Vec<Vec<f32>>>> = Arc::default();
    let probe = {
        let seen = Arc::clone(&seen);
        move |state: &[f32]| {
            seen.lock().expect("no panic").push(state.to_vec());
            0.0
        }
    };
    session.watch(given("PRECIS_LAYER").parse().expect("a number"), Box::new(probe));
    for Document { id, text } in documents {
        seen.lock().expect("no panic").clear();
        let clean = Clean::of_text(&text);
        let text = passage(clean.text());
        let tokenizer = &session.model().tokenizer;
        // In a prompt, a request stands below.
        let read = tokenizer.encode_with_starts(&format!("{text}\n\n")).expect("tokens");
        let starts = read.starts;
        let (ids, before) = (tokenizer.chat_of(&read.ids).expect("tokens"), tokenizer.chat_start());
        session.start(ids.len()).expect("room");
        for chunk in ids.chunks(256) {
            now(session.prefill_with(chunk, async || Ok(()))).expect("it is read");
        }
        let seen = seen.lock().expect("no panic");
        let sentences = sentences(text, &Structure::new(text));
        let at: Vec<_> = sentences.iter().map(|sentence| sentence.range.start).collect();
        let states: Vec<_> = sentences
            .iter()
            .map(|sentence| starts.partition_point(|start| *start < sentence.range.end))
            .map(|tokens| &seen[before + tokens - 1])
            .collect();
        let line = serde_json::json!({ "id": id, "text": text, "at": at, "states": states });
        writeln!(out, "{line}").expect("written");
    }
}
