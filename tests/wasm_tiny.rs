//! The tiny model against llama.cpp's records, and what must not change its logits. Runs natively
//! and as WebAssembly.

mod common;

use common::golden::{self, Golden, Prompt, Run};
use common::reference::{EXACT, ROUNDED, Reference};
use common::tolerance::{FORWARD_PASS, LOGITS_TINY, MARGIN_TINY, SAME_ROUNDING};
use common::{TINY, logits, tiny};
use precis::backend::cpu::Cpu;
use precis::session::Session;
use precis::tokenizer::TextStream;
use wasm_bindgen_test::wasm_bindgen_test;

const GOLDEN: &str = include_str!("fixtures/golden-tiny.json");
const ARTICLE: &str = include_str!("fixtures/article.md");

fn recorded_logits(run: &Run) -> Vec<f64> {
    golden::halves(match run.logits.as_str() {
        "tiny-8.logits.f16" => include_bytes!("fixtures/tiny-8.logits.f16"),
        "tiny-8-exact.logits.f16" => include_bytes!("fixtures/tiny-8-exact.logits.f16"),
        "tiny-200.logits.f16" => include_bytes!("fixtures/tiny-200.logits.f16"),
        "tiny-200-exact.logits.f16" => include_bytes!("fixtures/tiny-200-exact.logits.f16"),
        other => panic!("{other} is recorded but not compiled in"),
    })
}

fn prompts() -> Vec<(Prompt, Vec<u32>)> {
    let article = tiny().tokenizer.encode(ARTICLE).expect("plain text").ids;
    let prompts = golden::parse::<Golden>(GOLDEN).prompts;
    assert_eq!(prompts.len(), 2);
    prompts
        .into_iter()
        .map(|prompt| {
            let ids = prompt.ids(&article);
            (prompt, ids)
        })
        .collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn tokenizer_and_chat_template_are_llama_cpps() {
    let tokenizer = tiny().tokenizer;
    let record: Golden = golden::parse(GOLDEN);
    assert!(record.strings.len() > 100);
    for text in &record.strings {
        let tokens = tokenizer.encode(&text.text).expect("plain text");
        assert_eq!(tokens.ids, text.ids, "{:?}", text.text);
        // Every byte has a token here, so nothing is lost on the way back.
        let mut stream = TextStream::default();
        let back: String = tokens.ids.iter().map(|id| stream.push(&tokenizer, *id)).collect();
        assert_eq!(back, text.text);
    }
    assert_eq!(tokenizer.chat(&record.chat.message), Ok(record.chat.ids));
}

#[wasm_bindgen_test(unsupported = test)]
fn half_a_character_is_never_written() {
    let tokenizer = tiny().tokenizer;
    let text = "naïve 日本語 👩‍👩‍👧 e\u{301}";
    let mut stream = TextStream::default();
    let mut written = String::new();
    for id in tokenizer.encode(text).expect("plain text").ids {
        let piece = stream.push(&tokenizer, id);
        assert!(!piece.contains('\u{fffd}'), "{piece:?} after {written:?}");
        written.push_str(&piece);
        assert!(text.starts_with(&written), "{written:?}");
    }
    assert_eq!(written, text);
}

#[wasm_bindgen_test(unsupported = test)]
fn logits_and_greedy_tokens_are_llama_cpps() {
    let mut session = Session::new(Cpu::default(), tiny());
    for (prompt, ids) in prompts() {
        for run in [&prompt.exact, &prompt.quantized] {
            session.truncate(0);
            let logits = logits(&mut session, &ids, 64);
            LOGITS_TINY.check(&logits, &recorded_logits(run), &run.logits);
            let held = golden::check_greedy(&mut session, logits, run, &MARGIN_TINY, &run.logits);
            assert!(2 * held > run.greedy.len(), "{}: only {held} steps count", run.logits);
        }
    }
}

/// The last position's logits by the slow and obvious backend.
fn reference_logits(reference: Reference, ids: &[u32]) -> Vec<f32> {
    let model = common::load(&reference, std::io::Cursor::new(TINY)).expect("the fixture loads");
    logits(&mut Session::new(reference, model), ids, 64)
}

/// The smallest mistake of a prompt: one of its last tokens is another one.
fn misread(ids: &[u32]) -> Vec<u32> {
    let mut ids = ids.to_vec();
    let at = ids.len() - 3;
    ids[at] += 1;
    ids
}

/// What remains without any rounding of activations, keys and values: nothing.
#[wasm_bindgen_test(unsupported = test)]
fn without_rounding_the_forward_pass_is_llama_cpps() {
    for (prompt, ids) in prompts() {
        let want = recorded_logits(&prompt.exact);
        let what = &prompt.exact.logits;
        FORWARD_PASS.check(&reference_logits(EXACT, &ids), &want, what);
        FORWARD_PASS.catches(&reference_logits(EXACT, &misread(&ids)), &want, what);
    }
}

/// And rounding is all that the processor's backend adds. Two programs that round alike part where
/// a number lies so near to the middle of two steps that the last bits of a sum decide: with tens of
/// thousands of numbers rounded for each token, prompts must be short for none to.
#[wasm_bindgen_test(unsupported = test)]
fn the_processors_backend_is_the_reference_with_its_rounding() {
    let mut session = Session::new(Cpu::default(), tiny());
    let (_, all) = prompts().pop().expect("two prompts");
    let mut alike = 0;
    for ids in all.chunks_exact(10) {
        let want = reference_logits(ROUNDED, ids);
        let want: Vec<f64> = want.into_iter().map(f64::from).collect();
        session.truncate(0);
        let distance = SAME_ROUNDING.distance(&logits(&mut session, ids, 64), &want);
        println!("{distance:.2e}");
        alike += usize::from(distance <= SAME_ROUNDING.bound);
        session.truncate(0);
        let wrong = logits(&mut session, &misread(ids), 64);
        SAME_ROUNDING.catches(&wrong, &want, "a token");
    }
    println!("{alike} of 20 alike");
    assert!(alike > 12, "only {alike} of 20 prompts are alike: {}", SAME_ROUNDING.reason);
}

#[wasm_bindgen_test(unsupported = test)]
fn chunks_and_going_back_do_not_matter_to_the_bit() {
    let (_, ids) = prompts().pop().expect("two prompts");
    let mut session = Session::new(Cpu::default(), tiny());
    let whole = logits(&mut session, &ids, ids.len());
    for chunk in [1, 7, 64] {
        session.truncate(0);
        assert_eq!(logits(&mut session, &ids, chunk), whole, "chunks of {chunk}");
    }
    // Something else after token 50, then back and on with the prompt.
    session.truncate(50);
    logits(&mut session, &[300; 100], 64);
    session.truncate(50);
    assert_eq!(session.position(), 50);
    assert_eq!(logits(&mut session, &ids[50..], 33), whole);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_context_is_a_limit_and_leaves_the_session_whole() {
    let mut session = Session::new(Cpu::default(), tiny());
    let first = logits(&mut session, &[9; 510], 64);
    assert_eq!(session.reserve(3).err().map(|e| e.code()), Some("prompt-too-long"));
    assert_eq!(session.prefill(&[9; 3]).err().map(|e| e.code()), Some("prompt-too-long"));
    assert_eq!(session.prefill(&[512]).err().map(|e| e.code()), Some("invalid-options"));
    assert_eq!(session.position(), 510);
    assert!(session.prefill(&[9; 2]).is_ok());
    session.truncate(0);
    assert_eq!(logits(&mut session, &[9; 510], 510), first);
}
