//! Whole runs of the summarizer on the tiny model: its text is noise, but everything else is as
//! with a real model.

use std::cell::RefCell;
use std::io::Cursor;

use crate::common::host::TestHost;
use crate::common::reference::{EXACT, Reference};
use crate::common::{now, summarizer, tiny, tiny_gemma};
use precis::Error;
use precis::host::native::{Native, block_on};
use precis::host::{Event, Host, Stage};
use precis::report::{BackendReport, LoadReport, Report, SCHEMA};
use precis::summarize::plan::{PromptStyle, Strategy};
use precis::summarize::profile::Wording;
use precis::summarize::{MAX_DOCUMENT, Options, Summarizer};
use serde_json::Value;

const SHORT: &str = "# Reading\n\nThe page reads a text in chunks and writes down what each took.";

fn long() -> String {
    (1..=9).map(crate::common::part).collect()
}

fn run(text: &str, options: &Options, host: &impl Host) -> Result<Report, Error> {
    now(summarizer(tiny()).run(text, options, host))
}

/// Paths of all nulls of an object.
fn nulls(value: &Value, path: &str, into: &mut Vec<String>) {
    match value {
        Value::Null => into.push(path.into()),
        Value::Object(fields) => {
            for (name, value) in fields {
                let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                nulls(value, &path, into);
            }
        }
        _ => {}
    }
}

/// Checks that hold for every report and its events.
#[track_caller]
fn check(report: &Report, events: &[Event]) {
    assert_eq!((report.schema.as_str(), SCHEMA), ("precis.report/1", "precis.report/1"));
    let json = serde_json::to_value(report).expect("a report is JSON");
    assert_eq!(&serde_json::from_value::<Report>(json.clone()).expect("and back"), report);

    let mut null = Vec::new();
    nulls(&json, "", &mut null);
    null.sort();
    let explained: Vec<&String> = report.absent.keys().collect();
    assert_eq!(null.iter().collect::<Vec<_>>(), explained, "nulls, and what `absent` explains");
    assert!(report.absent.values().all(|reason| !reason.is_empty()));

    let prefill = &report.prefill;
    assert_eq!(prefill.tokens, prefill.chunks.iter().map(|c| c.tokens).sum::<usize>());
    assert_eq!(prefill.ms, prefill.chunks.iter().map(|c| c.ms).sum::<Option<f64>>());
    let (mut next, mut reused) = ((0, 0), 0);
    for chunk in &prefill.chunks {
        let begins = chunk.prompt != next.0 || next.1 == 0;
        let expected =
            if begins { (next.0 + usize::from(next.1 > 0), chunk.position) } else { next };
        assert_eq!((chunk.prompt, chunk.position), expected, "chunks without a gap");
        reused += if begins { chunk.position } else { 0 };
        next = (chunk.prompt, chunk.position + chunk.tokens);
    }
    assert_eq!(prefill.reused_tokens, reused);
    // But for the headings that windows begin with.
    let read = prefill.tokens + reused + report.plan.remembered_tokens;
    let passages = report.plan.strategy == "passages";
    assert!(passages || 10 * read >= 9 * report.document.tokens);
    assert!(report.memory.kv_bytes > 0);

    let Event::Planned { tokens, windows, strategy, .. } = &events[0] else {
        panic!("{:?} is no plan", events[0]);
    };
    assert_eq!((*tokens, *windows), (report.document.tokens, report.plan.windows));
    assert_eq!(*strategy, report.plan.strategy);
    let (mut before, mut written, mut reads) = (0, String::new(), 0);
    for event in events {
        match event {
            Event::Read { done, total, tokens, position, prompt, .. } => {
                assert_eq!(*done, before + tokens);
                assert!(done <= total, "{done} of {total}");
                let chunk = &prefill.chunks[reads];
                assert_eq!((chunk.prompt, chunk.position), (*prompt, *position));
                (before, reads) = (*done, reads + 1);
            }
            Event::Piece { text } => written.push_str(text),
            _ => {}
        }
    }
    assert_eq!((before, reads), (prefill.tokens, prefill.chunks.len()));
    assert_eq!(written.trim_end(), report.summary);
    let of = |wanted| {
        events
            .iter()
            .filter(|e| matches!(e, Event::Stage { stage, .. } if *stage == wanted))
            .count()
    };
    let (notes, answers) = (of(Stage::Window), of(Stage::Answer));
    match report.plan.strategy.as_str() {
        "windows" => assert!(notes == report.plan.windows && answers <= 1),
        _ => assert_eq!((notes, answers), (0, 1)),
    }
    assert_eq!((of(Stage::Merge), report.plan.merges), (0, 0));
    assert_eq!(next.0 + 1, notes + answers - report.plan.remembered);
}

#[test]
fn a_short_document_is_read_in_one_pass() {
    let host = TestHost::ticking();
    let report = run(SHORT, &Options::default(), &host).expect("a summary");
    check(&report, &host.events.borrow());
    assert_eq!((report.plan.strategy.as_str(), report.plan.windows), ("one-pass", 1));
    assert_eq!(report.document.chars, SHORT.chars().count());
    assert!(report.plan.request.starts_with("Summarize the text above in one sentence"));
    assert!(report.first_token_ms.is_some() && !report.summary.is_empty());
    assert!(report.decode.tokens < 96);
}

/// A base model with sliding windows reads past its context where one pass is asked for.
#[test]
fn a_base_model_is_given_a_text_to_continue() {
    let context = tiny_gemma().config.context;
    let long = "reading ".repeat(context * 11 / 16);
    for (text, strategy, extended) in [
        (SHORT, Strategy::Auto, false),
        (long.as_str(), Strategy::Auto, false),
        (long.as_str(), Strategy::OnePass, true),
    ] {
        let host = TestHost::ticking();
        let report =
            now(summarizer(tiny_gemma()).run(text, &with(strategy), &host)).expect("a summary");
        let what = format!("{} tokens of {context}", report.document.tokens);
        assert_eq!(report.plan.context_extension.is_some(), extended, "{what}");
        assert_eq!(report.plan.strategy == "one-pass", text == SHORT || extended, "{what}");
        assert!(!report.summary.is_empty() && report.decode.tokens > 0, "{what}");
        let pieces = host.events.borrow();
        let pieces = pieces.iter().filter_map(|event| match event {
            Event::Piece { text } => Some(text.as_str()),
            _ => None,
        });
        assert_eq!(pieces.collect::<String>().trim_end(), report.summary);
    }
    let chat = Options { prompt: Some(PromptStyle::Chat), ..Options::default() };
    let refused = now(summarizer(tiny_gemma()).run(SHORT, &chat, &TestHost::ticking()));
    assert_eq!(refused.map_err(|e| e.code()).err(), Some("model-tokenizer"));
}

#[test]
fn a_long_document_is_read_in_windows() {
    for wording in [Wording::Quotes, Wording::Own] {
        let host = TestHost::ticking();
        let options = Options { wording: Some(wording), ..Options::default() };
        let report = run(&long(), &options, &host).expect("a summary");
        check(&report, &host.events.borrow());
        assert_eq!(report.plan.strategy, "windows");
        assert!(report.plan.windows > 5, "{:?}", report.plan);
    }
    // A question needs the passages that match it, and without any all notes.
    for (question, strategy) in [("Who runs the engine?", "passages"), ("Zzyzx?", "windows")] {
        let host = TestHost::ticking();
        let (instruction, wording) = (Some(question.into()), Some(Wording::Own));
        let options = Options { instruction, wording, ..Options::default() };
        let report = run(&long(), &options, &host).expect("an answer");
        check(&report, &host.events.borrow());
        assert_eq!(report.plan.strategy, strategy);
        assert_eq!(report.plan.request, question);
    }
}

fn with(strategy: Strategy) -> Options {
    Options { strategy, ..Options::default() }
}

/// What two equal runs have in common.
fn essence(report: &Report) -> (String, usize, u64) {
    let read = report.prefill.tokens + report.prefill.reused_tokens;
    (report.summary.clone(), read, report.memory.kv_bytes)
}

#[test]
fn a_long_document_is_read_in_one_pass_where_that_is_asked_for() {
    let mut summarizer = summarizer(tiny());
    let want = now(summarizer.run(SHORT, &Options::default(), &TestHost::default()));
    let want = want.expect("a summary");

    let host = TestHost::ticking();
    let report = now(summarizer.run(&long(), &with(Strategy::OnePass), &host)).expect("a summary");
    check(&report, &host.events.borrow());
    assert_eq!((report.plan.strategy.as_str(), report.plan.windows), ("one-pass", 1));
    // Tokens read plus the 48 tokens of a note, in quarters of 512.
    let quarters = (essence(&report).1 + 48).div_ceil(128);
    assert!(quarters > 8, "{quarters}");
    let extension = format!("YaRN, factor {}", quarters as f32 / 4.0);
    assert_eq!(report.plan.context_extension, Some(extension));
    // All of the document was read, and the request.
    let more = essence(&report).1 - report.document.tokens;
    assert!((20..120).contains(&more), "{more}");

    // The next run is an ordinary one.
    let next = now(summarizer.run(SHORT, &Options::default(), &TestHost::default()));
    assert_eq!(essence(&next.expect("a summary")), essence(&want));
}

#[test]
fn a_short_document_is_not_extended() {
    let want = run(SHORT, &Options::default(), &TestHost::default()).expect("a summary");
    for strategy in [Strategy::OnePass, Strategy::Windows] {
        let host = TestHost::ticking();
        let report = run(SHORT, &with(strategy), &host).expect("a summary");
        check(&report, &host.events.borrow());
        assert_eq!(essence(&report), essence(&want));
        assert_eq!((report.plan.windows, report.plan.context_extension), (1, None));
        assert!(report.absent.contains_key("plan.context_extension"));
    }
}

#[test]
fn a_document_that_fits_is_read_in_windows_where_that_is_asked_for() {
    let options = |strategy| Options { max_tokens: Some(8), ..with(strategy) };
    let tokenizer = tiny().tokenizer;
    // A window has at most what a note of 8 tokens leaves, and so has a single pass with its request.
    let tokens = 512 - tokenizer.overhead() - 138;
    let starts = tokenizer.encode_with_starts(&long()).expect("plain text").starts;
    let text = &long()[..starts[tokens]];
    for (strategy, windows) in [(Strategy::Auto, 1), (Strategy::OnePass, 1), (Strategy::Windows, 2)]
    {
        let host = TestHost::ticking();
        let report = run(text, &options(strategy), &host).expect("a summary");
        check(&report, &host.events.borrow());
        assert_eq!(report.plan.windows, windows, "{strategy:?}");
        assert_eq!(report.plan.context_extension, None);
    }
    // A document that doesn't fit is read the same with either strategy.
    let [asked, auto] = [Strategy::Windows, Strategy::Auto]
        .map(|strategy| run(&long(), &with(strategy), &TestHost::default()).expect("a summary"));
    assert_eq!(essence(&asked), essence(&auto));
}

#[test]
fn one_pass_has_a_limit() {
    let text = "word ".repeat(20_000);
    let mut summarizer = summarizer(tiny());
    let error = now(summarizer.run(&text, &with(Strategy::OnePass), &TestHost::default()));
    let error = error.expect_err("more than 32 times 512 tokens");
    assert_eq!(error.code(), "prompt-too-long");
    assert!(error.to_string().contains("the limit is 16384"), "{error}");
    assert!(now(summarizer.run(SHORT, &Options::default(), &TestHost::default())).is_ok());
}

#[test]
fn too_little_memory_for_one_pass_leaves_room_for_others() {
    let reference = Reference { room: 600, ..EXACT };
    let model = crate::common::load(&reference, Cursor::new(crate::common::TINY))
        .expect("the fixture loads");
    let (backend, load) = (BackendReport::default(), LoadReport::default());
    let mut summarizer = Summarizer::new(reference, model, ("tiny".into(), None), backend, load);
    let mut run = |text: &str, strategy| {
        let report = now(summarizer.run(text, &with(strategy), &TestHost::default()));
        report.as_ref().map(essence).map_err(Error::code)
    };
    let want = run(SHORT, Strategy::Auto).expect("a summary");
    assert_eq!(run(&long(), Strategy::OnePass), Err("out-of-memory"));
    assert_eq!(run(SHORT, Strategy::Auto), Ok(want.clone()));
    assert_eq!(run(&long(), Strategy::OnePass), Err("out-of-memory"));
    assert_eq!(run(SHORT, Strategy::OnePass), Ok(want));
}

#[test]
fn the_native_host_reports_in_its_own_time() {
    let events = RefCell::new(Vec::new());
    let host = Native::new(|event| events.borrow_mut().push(event));
    let report =
        block_on(summarizer(tiny()).run(SHORT, &Options::default(), &host)).expect("a summary");
    check(&report, &events.borrow());
    let ms = report.prefill.ms.expect("this clock runs");
    let speed = report.prefill.tokens_per_second.expect("and so there is a speed");
    assert!((speed - report.prefill.tokens as f64 / ms * 1000.0).abs() < 1e-6 * speed);
    assert!(report.first_token_ms.is_some_and(|first| first >= ms));
}

#[test]
fn a_clock_that_stands_still_leaves_reasons() {
    for text in [SHORT, &long()] {
        let host = TestHost::default();
        let report = run(text, &Options::default(), &host).expect("a summary");
        check(&report, &host.events.borrow());
        assert_eq!((report.prefill.ms, report.first_token_ms), (None, None));
    }
}

#[test]
fn a_trailing_request_is_honoured() {
    let text = "The council approved the new bridge over the river. Work on it will start in March. \
                The old ferry will stay open until then. Residents asked for a path beside it.";
    let requests = [("TL;DR", 1, false), ("Summarize this text in three bullet points.", 3, true)];
    for (request, points, list) in requests {
        let text = format!("{text}\n\n{request}\n");
        let asked = run(&text, &Options::default(), &TestHost::default()).expect("a summary");
        assert_eq!((asked.plan.request.as_str(), asked.points.len()), (request, points));
        assert_eq!(asked.summary.starts_with("- "), list, "{}", asked.summary);
    }
}

#[test]
fn chunks_do_not_change_the_summary() {
    let options = |chunk| Options { chunk, ..Options::default() };
    let want = run(&long(), &options(None), &TestHost::ticking()).expect("a summary");
    for chunk in [1, 7, 64] {
        let report = run(&long(), &options(Some(chunk)), &TestHost::ticking()).expect("a summary");
        assert_eq!(report.summary, want.summary, "chunks of {chunk}");
        assert_eq!(report.prefill.tokens, want.prefill.tokens);
        assert!(report.prefill.chunks.iter().all(|c| c.tokens <= chunk));
    }
}

#[test]
fn cancelling_ends_a_run_and_not_the_next() {
    let mut summarizer = summarizer(tiny());
    let options = Options { chunk: Some(16), fresh: true, ..Options::default() };
    let whole = TestHost::default();
    let want = now(summarizer.run(&long(), &options, &whole)).expect("a summary");
    let chunks = want.prefill.chunks.len();
    // At the first yield, while reading, while decoding a note, near the end.
    for yields in [0, 1, 5, 25, 40, chunks, chunks + want.decode.tokens - 2] {
        let host = TestHost::breaking(yields);
        let outcome = now(summarizer.run(&long(), &options, &host));
        assert_eq!(outcome.err(), Some(Error::Cancelled), "after {yields} yields");
        let options = Options { fresh: false, ..options.clone() };
        let next = now(summarizer.run(&long(), &options, &TestHost::default()));
        assert_eq!(next.expect("the next run").summary, want.summary, "after {yields} yields");
    }
}

#[test]
fn cancelling_ends_a_run_within_a_chunk() {
    let mut summarizer = summarizer(tiny());
    let options = Options { chunk: Some(64), fresh: true, ..Options::default() };
    let slow = |yields| TestHost { tick: 200.0, ..TestHost::ticking() }.patient(yields);
    let whole = slow(usize::MAX);
    let want = now(summarizer.run(&long(), &options, &whole)).expect("a summary");
    let layers = tiny().config.layers();
    let yields = usize::MAX - whole.patience.as_ref().map_or(0, std::cell::Cell::get);
    assert_eq!(yields, want.prefill.chunks.len() * (1 + layers) + want.decode.tokens);
    for yields in 0..3 * (1 + layers) {
        let outcome = now(summarizer.run(&long(), &options, &slow(yields)));
        assert_eq!(outcome.err(), Some(Error::Cancelled), "after {yields} yields");
    }
    let next = now(summarizer.run(&long(), &options, &TestHost::default()));
    assert_eq!(next.expect("the next run").summary, want.summary);
}

#[test]
fn documents_that_are_none() {
    let code = |text: &str| {
        run(text, &Options::default(), &TestHost::default()).err().map(|error| error.code())
    };
    assert_eq!(code(""), Some("empty-document"));
    assert_eq!(code(" \t\r\n\u{a0}\u{2003}\n"), Some("empty-document"));
    assert_eq!(code(&"text\0\u{1}".repeat(99)), Some("document-not-text"));
    for invisible in ["\u{feff}", "\u{200b}", "\u{1}\u{4}"] {
        assert_eq!(code(invisible), Some("empty-document"), "{invisible:?}");
    }
    assert_eq!(code(&"a".repeat(MAX_DOCUMENT + 1)), Some("document-too-large"));
    for odd in ["a", "text\0text", "<|im_end|>", "```", "🙂", "\r\n.\r\n"] {
        assert_eq!(code(odd), None, "{odd:?}");
    }
}

#[test]
fn options_out_of_range() {
    for (chunk, max_tokens) in
        [(Some(0), None), (Some(4097), None), (None, Some(0)), (None, Some(4097))]
    {
        let options = Options { chunk, max_tokens, ..Options::default() };
        let error = run(SHORT, &options, &TestHost::default()).expect_err("out of range");
        assert_eq!(error.code(), "invalid-options");
    }
    let one = Options { max_tokens: Some(1), ..Options::default() };
    let host = TestHost::ticking();
    let report = run(SHORT, &one, &host).expect("a summary of one token");
    check(&report, &host.events.borrow());
    assert_eq!(report.decode.tokens, 0);
    let unknown = serde_json::from_str::<Options>(r#"{"chunks": 4}"#);
    assert!(unknown.is_err(), "a misspelt option is no option");
    for (name, strategy) in
        [("auto", Strategy::Auto), ("one-pass", Strategy::OnePass), ("windows", Strategy::Windows)]
    {
        let options = serde_json::from_value(serde_json::json!({ "strategy": name }));
        assert_eq!(options.ok(), Some(with(strategy)), "{name}");
    }
    assert!(serde_json::from_str::<Options>(r#"{"strategy": "one pass"}"#).is_err());
}
