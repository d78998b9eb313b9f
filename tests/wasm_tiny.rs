//! The tiny model compared with llama.cpp's records, and changes that must not affect its logits.
//! Runs natively and as WebAssembly.

mod common;

use common::golden::{self, Golden, Prompt, Run};
use common::reference::{EXACT, ROUNDED, Reference};
use common::tolerance::{FORWARD_PASS, LOGITS_TINY, MARGIN_TINY, SAME_ROUNDING};
use common::{TINY, logits, tiny};
use precis::Error;
use precis::backend::Backend;
use precis::backend::cpu::Cpu;
use precis::lm::session::Session;
use precis::lm::tokenizer::TextStream;
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
    let article = tiny().tokenizer.encode(ARTICLE).expect("plain text");
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
        let ids = tokenizer.encode(&text.text).expect("plain text");
        assert_eq!(ids, text.ids, "{:?}", text.text);
        // Every byte has a token here, so decoding restores the text.
        let mut stream = TextStream::default();
        let back: String = ids.iter().map(|id| stream.push(&tokenizer, *id)).collect();
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
    for id in tokenizer.encode(text).expect("plain text") {
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

/// A session of the reference backend with the tiny model.
fn reference_session(reference: Reference) -> Session<Reference> {
    let model = common::load(&reference, std::io::Cursor::new(TINY)).expect("the fixture loads");
    Session::new(reference, model)
}

/// Logits of the last position, from the reference backend.
fn reference_logits(reference: Reference, ids: &[u32]) -> Vec<f32> {
    logits(&mut reference_session(reference), ids, 64)
}

/// The smallest error in a prompt: one of its last tokens differs.
fn misread(ids: &[u32]) -> Vec<u32> {
    let mut ids = ids.to_vec();
    let at = ids.len() - 3;
    ids[at] += 1;
    ids
}

/// Without rounding of activations, keys and values no difference remains.
#[wasm_bindgen_test(unsupported = test)]
fn without_rounding_the_forward_pass_is_llama_cpps() {
    for (prompt, ids) in prompts() {
        let want = recorded_logits(&prompt.exact);
        let what = &prompt.exact.logits;
        FORWARD_PASS.check(&reference_logits(EXACT, &ids), &want, what);
        FORWARD_PASS.catches(&reference_logits(EXACT, &misread(&ids)), &want, what);
    }
}

/// Logits of the last position in a context extended to `positions`.
fn extended_logits<B: Backend>(
    session: &mut Session<B>,
    positions: usize,
    ids: &[u32],
) -> Vec<f32> {
    session.extend(positions).expect("the context reaches so far");
    logits(session, ids, 64)
}

/// The tiny model has 512 positions; 1,400 tokens take a factor of 2.75.
const LONG: usize = 1400;

#[wasm_bindgen_test(unsupported = test)]
fn an_extended_context_is_the_references() {
    let ids: Vec<u32> = {
        let article = tiny().tokenizer.encode(ARTICLE).expect("plain text");
        article.into_iter().cycle().take(LONG).collect()
    };
    let mut session = Session::new(Cpu::default(), tiny());
    let want = extended_logits(&mut reference_session(EXACT), LONG, &ids);
    let want: Vec<f64> = want.into_iter().map(f64::from).collect();
    let got = extended_logits(&mut session, LONG, &ids);
    assert_eq!(session.extension().map(|yarn| (yarn.factor, yarn.context)), Some((2.75, 512)));
    LOGITS_TINY.check(&got, &want, "1,400 tokens");
    let wrong = extended_logits(&mut session, 4 * LONG, &ids);
    LOGITS_TINY.catches(&wrong, &want, "a factor of 11");
    let cold = Reference { lukewarm: true, ..EXACT };
    let wrong = extended_logits(&mut reference_session(cold), LONG, &ids);
    LOGITS_TINY.catches(&wrong, &want, "the temperature");
}

/// Short prompts, as in [`the_processors_backend_is_the_reference_with_its_rounding`], but with the
/// angles of a long one.
#[wasm_bindgen_test(unsupported = test)]
fn an_extended_context_is_the_references_with_its_rounding() {
    let mut session = Session::new(Cpu::default(), tiny());
    let (_, all) = prompts().pop().expect("two prompts");
    let mut alike = 0;
    for ids in all.chunks_exact(10) {
        let want = extended_logits(&mut reference_session(ROUNDED), LONG, ids);
        let want: Vec<f64> = want.into_iter().map(f64::from).collect();
        let distance = SAME_ROUNDING.distance(&extended_logits(&mut session, LONG, ids), &want);
        println!("{distance:.2e}");
        alike += usize::from(distance <= SAME_ROUNDING.bound);
        for (positions, what) in [(LONG + 120, "a factor of 3"), (512, "no extension")] {
            let wrong = extended_logits(&mut session, positions, ids);
            SAME_ROUNDING.catches(&wrong, &want, what);
        }
        let cold = Reference { lukewarm: true, ..ROUNDED };
        let wrong = extended_logits(&mut reference_session(cold), LONG, ids);
        SAME_ROUNDING.catches(&wrong, &want, "the temperature");
    }
    println!("{alike} of 20 alike");
    assert!(alike > 12, "only {alike} of 20 prompts are alike: {}", SAME_ROUNDING.reason);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_extension_leaves_no_trace() {
    let (_, ids) = prompts().pop().expect("two prompts");
    let mut session = Session::new(Cpu::default(), tiny());
    let want = logits(&mut session, &ids, 64);
    // Up to the trained context nothing is extended, and keys and values stay.
    let bytes = session.cache_bytes();
    assert_eq!(session.cache_bytes_for(ids.len()), bytes as u64);
    assert_eq!(extended_logits(&mut session, ids.len(), &ids), want);
    assert_eq!((session.extension(), session.cache_bytes()), (None, bytes));

    let long = extended_logits(&mut session, LONG, &ids);
    assert_ne!(long, want);
    assert_eq!(session.cache_bytes_for(LONG), session.cache_bytes() as u64);
    // 2.75 times 512 positions, but not one more.
    assert!(session.reserve(1408 - session.position()).is_ok());
    assert_eq!(session.reserve(1409 - session.position()).err(), Some(too_long(1409, 1408)));
    assert_eq!(extended_logits(&mut session, LONG, &ids), long);

    session.start(ids.len()).expect("the prompt fits");
    assert_eq!((session.extension(), session.cache_bytes()), (None, bytes));
    assert_eq!(logits(&mut session, &ids, 64), want);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_extension_ends_somewhere() {
    let (_, ids) = prompts().pop().expect("two prompts");
    let mut session = Session::new(Cpu::default(), tiny());
    let want = logits(&mut session, &ids, 64);
    for tokens in [32 * 512 + 1, usize::MAX] {
        assert_eq!(session.extend(tokens).err(), Some(too_long(tokens, 32 * 512)));
    }
    assert_eq!(session.start(513).err(), Some(too_long(513, 512)));
    assert!(too_long(16_385, 16_384).to_string().contains("the limit is 16384"));
    assert_eq!(session.position(), ids.len(), "nothing is forgotten");
    assert!(session.extend(32 * 512).is_ok());
    session.start(ids.len()).expect("the prompt fits");
    assert_eq!(logits(&mut session, &ids, 64), want);
}

fn too_long(tokens: usize, limit: usize) -> Error {
    Error::PromptTooLong { tokens, limit }
}

/// The CPU backend adds only rounding. Two programs that round alike still diverge when a number is
/// so close to the middle of two steps that the last bits of a sum decide. Tens of thousands of
/// numbers are rounded per token, so prompts must be short to avoid this.
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
    // Another text after token 50, then back and on with the prompt.
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
