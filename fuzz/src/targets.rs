//! The fuzz targets: what comes from outside goes through one part of the engine. A target fails when it
//! panics; most also check a property of the result. An error is a sound answer everywhere.

use std::io::Cursor;

use arbitrary::{Arbitrary, Unstructured};
use precis::backend::cpu::Cpu;
use precis::document::clean::Clean;
use precis::document::structure::Structure;
use precis::document::{decode, digest, html, kind, sentences, words};
use precis::lm::gguf::Gguf;
use precis::lm::model::{Model, inspect};
use precis::lm::tokenizer::Tokenizer;
use precis::measure::card::Card;
use precis::summarize::plan::{Form, Length, split_request};
use precis::summarize::profile::Wording;
use precis::summarize::{LONGEST_INSTRUCTION, Options, Summarizer};

use super::edits::{Edits, Vocabulary};
use crate::common::host::TestHost;
use crate::common::{now, streamed, summarizer, tiny};

/// A target: its name, and what runs.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: [Target; 11] = [
    ("card", card),
    ("clean", clean),
    ("decode", decode),
    ("gguf", gguf),
    ("html", html),
    ("model", model),
    ("options", options),
    ("plan", plan),
    ("sentences", sentences),
    ("summarize", summarize),
    ("tokenizer", tokenizer),
];

/// A result card that somebody shared.
pub fn card(data: &[u8]) {
    let Ok(card) = Card::parse(&text(data)) else { return };
    let json = card.json().expect("a card that was taken has a JSON form");
    let again = Card::parse(&json).expect("a card that was written can be read");
    assert_eq!(again.json().expect("as before"), json);
    card.csv();
    card.markdown();
}

/// The bytes of a file.
pub fn decode(data: &[u8]) {
    let _ = decode::decode(data);
}

/// The source of a web page.
pub fn html(data: &[u8]) {
    let source = text(data);
    let chars = source.chars().count();
    html::is_html(&source);
    let page = html::to_text(&source).text;
    assert_eq!(page.origins().count(), page.text().chars().count());
    assert!(page.origins().all(|at| at < chars), "a character comes from beyond the source");
}

/// A text as it was pasted.
pub fn clean(data: &[u8]) {
    let original = text(data);
    let chars = original.chars().count();
    for clean in [Clean::new(&original), Clean::of_text(&original)] {
        let places = clean.text().char_indices().map(|(at, _)| clean.original(at));
        assert!(places.clone().all(|at| at < chars), "a character comes from beyond the text");
        assert_eq!(clean.original(clean.text().len()), chars);
    }
    let plain = Clean::of_text(&original);
    let places = plain.text().char_indices().map(|(at, _)| plain.original(at));
    assert!(places.is_sorted(), "characters of a plain text changed places");
}

/// A clean text, to blocks, sentences and kind.
pub fn sentences(data: &[u8]) {
    let text = text(data);
    let structure = Structure::new(&text);
    let mut lines = structure.blocks.iter().flat_map(|block| &block.lines);
    assert!(lines.all(|line| text.get(line.clone()).is_some()), "a line has no place");
    let sentences = sentences::sentences(&text, &structure);
    assert!(sentences.is_sorted_by_key(|sentence| sentence.range.start), "{sentences:?}");
    for sentence in &sentences {
        assert!(text.get(sentence.range.clone()).is_some(), "{sentence:?} has no place");
        words::names(&sentence.text);
        words::masked(&sentence.text);
    }
    let (kind, _) = kind::recognize(&text, &structure);
    digest::digest(&text, kind);
    let (body, _) = split_request(&text);
    assert!(text.is_char_boundary(body));
}

/// A document, to windows.
pub fn plan(data: &[u8]) {
    thread_local!(static TINY: Summarizer<Cpu> = summarizer(tiny()));
    let text = text(data);
    let planned = TINY.with(|summarizer| summarizer.plan(&text, &Options::default()));
    let Ok(planned) = planned else { return };
    assert!(planned.windows.iter().all(|window| !window.is_empty()), "a window is empty");
}

/// Options as JSON.
pub fn options(data: &[u8]) {
    let Ok(options) = serde_json::from_slice::<Options>(data) else { return };
    run(TEXT, options, None);
}

const TEXT: &str = "# The library moves\n\nThe council decided to move the library in May. The new \
                    house has 40 rooms and costs 3 million.\n\nSummarize the text above.";

/// What is done with a document, beside the document.
#[derive(Debug, Arbitrary)]
struct Request {
    length: u8,
    points: bool,
    own: bool,
    windows: bool,
    /// Turns of the host before the run is broken off, if it is.
    patience: Option<u8>,
    question: Option<String>,
}

/// A document, to its summary by a tiny model.
pub fn summarize(data: &[u8]) {
    let mut unstructured = Unstructured::new(data);
    let Ok(request) = Request::arbitrary(&mut unstructured) else { return };
    let text = text(unstructured.take_rest());
    let lengths = [Length::Headline, Length::Sentence, Length::Short, Length::Medium, Length::Long];
    let question = request.question.map(|q| q.chars().take(LONGEST_INSTRUCTION).collect());
    let options = Options {
        length: lengths.get(usize::from(request.length)).copied(),
        form: if request.points { Form::KeyPoints } else { Form::Paragraph },
        wording: Some(if request.own { Wording::Own } else { Wording::Quotes }),
        positions: request.windows.then_some(256),
        instruction: question,
        ..Options::default()
    };
    run(&text, options, request.patience);
}

fn run(text: &str, options: Options, patience: Option<u8>) {
    let host = TestHost::default();
    let host = match patience {
        Some(turns) => host.patient(turns.into()),
        None => host,
    };
    let Ok(report) = now(summarizer(tiny()).run(text, &options, &host)) else { return };
    let chars = text.chars().count();
    for point in &report.points {
        assert!(point.start <= point.end && point.end <= chars, "{point:?} of {chars}");
    }
    serde_json::to_string(&report).expect("a report has a JSON form");
}

/// The bytes of a model file. Short inputs get no further than the header; see [`model`].
pub fn gguf(data: &[u8]) {
    let size = data.len() as u64;
    let _ = inspect(data, size);
    let _ = inspect(&data[..data.len() / 2], size);
    let whole = Gguf::open(Cursor::new(data));
    let whole = whole.and_then(|mut gguf| load(&mut gguf));
    let arriving = streamed(data, data.len(), 100, true);
    assert!(whole.is_ok() || arriving.is_err(), "{:?}", whole.err());
}

fn load(gguf: &mut Gguf<Cursor<&[u8]>>) -> precis::Result<Model<Cpu>> {
    Model::load(&Cpu::default(), gguf, &mut |_, _| ())
}

/// A good model file with changes: other values, other tensors. What loads is run.
pub fn model(data: &[u8]) {
    let Ok(edits) = Edits::arbitrary_take_rest(Unstructured::new(data)) else { return };
    let bytes = edits.file().bytes();
    let Ok(mut gguf) = Gguf::open(Cursor::new(&bytes[..])) else { return };
    let Ok(model) = load(&mut gguf) else { return };
    let mut summarizer = summarizer(model);
    let options = Options { max_tokens: Some(3), ..Options::default() };
    let _ = now(summarizer.run(TEXT, &options, &TestHost::default()));
}

/// A vocabulary and a chat template, and a text to encode.
pub fn tokenizer(data: &[u8]) {
    let mut unstructured = Unstructured::new(data);
    let Ok(vocabulary) = Vocabulary::arbitrary(&mut unstructured) else { return };
    let text = text(unstructured.take_rest());
    let bytes = vocabulary.file().bytes();
    let Ok(gguf) = Gguf::open(Cursor::new(&bytes[..])) else { return };
    let Ok(tokenizer) = Tokenizer::from_gguf(&gguf) else { return };
    let Ok(tokens) = tokenizer.encode_with_starts(&text) else { return };
    assert_eq!(tokenizer.encode(&text).expect("as before"), tokens.ids);
    assert!(tokens.ids.iter().all(|id| (*id as usize) < tokenizer.vocabulary()));
    assert!(tokens.starts.is_sorted() && tokens.starts.iter().all(|at| *at <= text.len()));
    let _ = tokenizer.chat(&text);
}

fn text(data: &[u8]) -> String {
    String::from_utf8_lossy(data).into_owned()
}
