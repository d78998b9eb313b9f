//! Tiny models of every architecture against llama.cpp's records of them.

// wasm-pack compiles every test for WebAssembly; this one needs a file system.
#![cfg(not(target_family = "wasm"))]

mod common;

use std::io::Cursor;

use common::golden::{self, Golden, Run};
use common::reference::EXACT;
use common::tolerance::{FORWARD_PASS, LOGITS_ONE_POSITION, MARGIN};
use precis::backend::Backend;
use precis::backend::cpu::Cpu;
use precis::gguf::Gguf;
use precis::model::Model;
use precis::session::Session;
use precis::tokenizer::Tokenizer;

const NAMES: [&str; 4] = ["gemma3", "llama3", "qwen2", "qwen3"];

fn file(name: &str) -> Vec<u8> {
    common::fixture(&format!("tiny-{name}.gguf"))
}

fn record(name: &str) -> Golden {
    golden::parse(&common::text(&format!("golden-tiny-{name}.json")))
}

fn model<B: Backend>(backend: &B, name: &str) -> Model<B> {
    common::load(backend, Cursor::new(file(name))).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn logits(run: &Run) -> Vec<f64> {
    golden::halves(&common::fixture(&run.logits))
}

#[test]
fn tokenizers_are_llama_cpps() {
    for name in NAMES {
        let gguf = Gguf::open(Cursor::new(file(name))).expect("the fixture");
        let tokenizer = Tokenizer::from_gguf(&gguf).unwrap_or_else(|e| panic!("{name}: {e}"));
        let record = record(name);
        let wrong: Vec<String> = (record.strings.iter())
            .filter_map(|string| {
                let ids = tokenizer.encode(&string.text);
                (ids.as_ref() != Ok(&string.ids))
                    .then(|| format!("{:?}: {ids:?}, not {:?}", string.text, string.ids))
            })
            .collect();
        assert!(record.strings.len() > 100, "{name}");
        assert!(wrong.is_empty(), "{name}: {} differ:\n{}", wrong.len(), wrong.join("\n"));
        assert_eq!(tokenizer.has_chat(), !record.chat.ids.is_empty(), "{name}");
        if tokenizer.has_chat() {
            assert_eq!(tokenizer.chat(&record.chat.message), Ok(record.chat.ids), "{name}");
        }
    }
}

#[test]
fn without_rounding_the_forward_pass_is_llama_cpps() {
    for name in NAMES {
        let mut session = Session::new(EXACT, model(&EXACT, name));
        for prompt in record(name).prompts {
            session.truncate(0);
            let got = common::logits(&mut session, &prompt.ids(&[]), 256);
            FORWARD_PASS.check(&got, &logits(&prompt.exact), &prompt.exact.logits);
        }
    }
}

#[test]
fn logits_and_greedy_tokens_are_llama_cpps() {
    for name in NAMES {
        let mut session = Session::new(Cpu::default(), model(&Cpu::default(), name));
        for prompt in record(name).prompts {
            for run in [&prompt.exact, &prompt.quantized] {
                session.truncate(0);
                let got = common::logits(&mut session, &prompt.ids(&[]), 64);
                LOGITS_ONE_POSITION.check(&got, &logits(run), &run.logits);
                let held = golden::check_greedy(&mut session, got, run, &MARGIN, &run.logits);
                println!("{}: {held} of {} steps held", run.logits, run.greedy.len());
            }
        }
    }
}
