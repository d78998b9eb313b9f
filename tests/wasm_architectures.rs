//! Tiny models of every architecture compared with llama.cpp's records. Runs natively and as
//! WebAssembly.

mod common;

use std::io::Cursor;

use common::golden::{self, Golden, Run};
use common::reference::EXACT;
use common::tolerance::{FORWARD_PASS, LOGITS_ONE_POSITION, MARGIN};
use precis::backend::Backend;
use precis::backend::cpu::Cpu;
use precis::lm::gguf::Gguf;
use precis::lm::model::Model;
use precis::lm::session::Session;
use precis::lm::tokenizer::Tokenizer;
use wasm_bindgen_test::wasm_bindgen_test;

/// A tiny model, its record, and its recorded logits.
struct Fixture {
    name: &'static str,
    file: &'static [u8],
    record: &'static str,
    logits: &'static [(&'static str, &'static [u8])],
}

macro_rules! fixture {
    ($name:literal: $($tokens:literal)*) => {
        Fixture {
            name: $name,
            file: include_bytes!(concat!("fixtures/tiny-", $name, ".gguf")),
            record: include_str!(concat!("fixtures/golden-tiny-", $name, ".json")),
            logits: &[$(
                fixture!(logits concat!("tiny-", $name, "-", $tokens, ".logits.f16")),
                fixture!(logits concat!("tiny-", $name, "-", $tokens, "-exact.logits.f16")),
            )*],
        }
    };
    (logits $file:expr) => {
        ($file, include_bytes!(concat!("fixtures/", $file)))
    };
}

const FIXTURES: [Fixture; 4] = [
    fixture!("gemma3": "8" "24" "25" "200"),
    fixture!("llama3": "8" "200"),
    fixture!("qwen2": "8" "200"),
    fixture!("qwen3": "8" "200"),
];

impl Fixture {
    fn record(&self) -> Golden {
        golden::parse(self.record)
    }

    fn model<B: Backend>(&self, backend: &B) -> Model<B> {
        let loaded = common::load(backend, Cursor::new(self.file));
        loaded.unwrap_or_else(|e| panic!("{}: {e}", self.name))
    }

    fn logits(&self, run: &Run) -> Vec<f64> {
        let found = self.logits.iter().find(|(name, _)| *name == run.logits);
        golden::halves(found.expect("logits that are compiled in").1)
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn tokenizers_are_llama_cpps() {
    for fixture in FIXTURES {
        let name = fixture.name;
        let gguf = Gguf::open(Cursor::new(fixture.file)).expect("the fixture");
        let tokenizer = Tokenizer::from_gguf(&gguf).unwrap_or_else(|e| panic!("{name}: {e}"));
        let record = fixture.record();
        golden::check_strings(name, &tokenizer, &record.strings);
        for string in &record.strings {
            let tokens = tokenizer.encode_with_starts(&string.text).expect("plain text");
            assert_eq!(tokens.ids, string.ids, "{name}");
            let is_start = |start: &usize| string.text.is_char_boundary(*start);
            assert!(tokens.starts.is_sorted() && tokens.starts.iter().all(is_start), "{name}");
        }
        assert_eq!(tokenizer.has_chat(), !record.chat.ids.is_empty(), "{name}");
        if tokenizer.has_chat() {
            assert_eq!(tokenizer.chat(&record.chat.message), Ok(record.chat.ids), "{name}");
        }
    }
}

/// Detects a window that is off by one, or any other error in the differences between
/// architectures: the only remaining error is the record's rounding to 16 bits.
#[wasm_bindgen_test(unsupported = test)]
fn without_rounding_the_forward_pass_is_llama_cpps() {
    for fixture in FIXTURES {
        let mut model = fixture.model(&EXACT);
        let window = model.config.attention.layers[0].window;
        for off in [0, 1] {
            // Planted error: a sliding window longer by one position.
            for layer in &mut model.config.attention.layers {
                layer.window = layer.window.map(|window| window + off);
            }
            let mut session = Session::new(EXACT, model);
            for prompt in fixture.record().prompts {
                session.truncate(0);
                let got = common::logits(&mut session, &prompt.ids(&[]), 256);
                let (want, what) = (fixture.logits(&prompt.exact), &prompt.exact.logits);
                match off == 1 && window.is_some_and(|window| window < prompt.tokens) {
                    true => FORWARD_PASS.catches(&got, &want, what),
                    false => FORWARD_PASS.check(&got, &want, what),
                }
            }
            model = fixture.model(&EXACT);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn logits_and_greedy_tokens_are_llama_cpps() {
    for fixture in FIXTURES {
        let mut session = Session::new(Cpu::default(), fixture.model(&Cpu::default()));
        for prompt in fixture.record().prompts {
            for run in [&prompt.exact, &prompt.quantized] {
                session.truncate(0);
                let got = common::logits(&mut session, &prompt.ids(&[]), 64);
                LOGITS_ONE_POSITION.check(&got, &fixture.logits(run), &run.logits);
                let held = golden::check_greedy(&mut session, got, run, &MARGIN, &run.logits);
                assert!(2 * held > run.greedy.len(), "{}: only {held} steps count", run.logits);
            }
        }
    }
}
