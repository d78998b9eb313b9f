//! The real model against llama.cpp's records: its tokenizer exactly, its logits closely.

// wasm-pack compiles every test for WebAssembly; this one needs a file system or a native host.
#![cfg(not(target_family = "wasm"))]

mod common;

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use common::golden::{self, Golden, Tokenized};
use common::tolerance::{LOGITS_EXACT, LOGITS_QUANTIZED, MARGIN};
use precis::backend::cpu::Cpu;
use precis::model::Model;
use precis::session::Session;

const MODEL: &str = "models/SmolLM2-135M-Instruct.Q4_1.gguf";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn fixture(name: &str) -> PathBuf {
    root().join("tests/fixtures").join(name)
}

fn read(name: &str) -> String {
    fs::read_to_string(fixture(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn model() -> Model<Cpu> {
    common::load(&Cpu, file()).expect("the real model loads")
}

fn file() -> File {
    File::open(root().join(MODEL))
        .unwrap_or_else(|e| panic!("{MODEL}: {e}. Run `cargo xtask model fetch` first."))
}

/// The 40k-token workload: record.py's `workload`.
fn workload() -> String {
    let article = read("article.md");
    let iterations: String =
        (1..=8).map(|i| format!("## Iteration {i} of 8\n\n{article}\n\n")).collect();
    format!(
        "# 40K Token Benchmark Prompt\n\n{iterations}\
         Based on all the above content, provide a brief one-sentence summary.\n"
    )
}

#[test]
fn tokenizer_is_llama_cpps() {
    let tokenizer = model().tokenizer;
    let json = read("tokenizer.json");
    let record: Tokenized = golden::parse(&json);
    assert!(record.strings.len() > 100);
    let wrong: Vec<String> = record
        .strings
        .iter()
        .filter_map(|record| {
            let ids = tokenizer.encode(&record.text).map(|tokens| tokens.ids);
            (ids.as_ref() != Ok(&record.ids))
                .then(|| format!("{:?}: {ids:?}, not {:?}", record.text, record.ids))
        })
        .collect();
    assert!(wrong.is_empty(), "{} strings differ:\n{}", wrong.len(), wrong.join("\n"));

    let text = workload();
    assert_eq!(golden::sha256(text.as_bytes()), record.document.sha256);
    let tokens = tokenizer.encode_with_starts(&text).expect("the workload is plain text");
    assert_eq!(tokens.ids.len(), record.document.tokens);
    assert_eq!(golden::sha256_of_ids(&tokens.ids), record.document.ids_sha256);
    assert_eq!(tokenizer.encode(&text).map(|t| t.ids), Ok(tokens.ids));
    assert!(tokens.starts.is_sorted());
    assert!(tokens.starts.iter().all(|start| text.is_char_boundary(*start)));
}

#[test]
fn chat_template_is_llama_cpps() {
    let json = read("golden.json");
    let record: Golden = golden::parse(&json);
    assert_eq!(model().tokenizer.chat(&record.chat.message), Ok(record.chat.ids));
}

#[test]
fn logits_and_greedy_tokens_are_llama_cpps() {
    let mut session = Session::new(Cpu, model());
    let article = session.model().tokenizer.encode(&read("article.md")).expect("plain text").ids;
    let json = read("golden.json");
    let record: Golden = golden::parse(&json);
    assert_eq!(record.prompts.iter().map(|p| p.tokens).collect::<Vec<_>>(), [8, 300, 2000]);
    for prompt in &record.prompts {
        let ids = prompt.ids(&article);
        for (run, tolerance) in
            [(&prompt.exact, LOGITS_EXACT), (&prompt.quantized, LOGITS_QUANTIZED)]
        {
            let what = &run.logits;
            session.truncate(0);
            let logits = common::logits(&mut session, &ids, 256);
            let want = golden::halves(&fs::read(fixture(&run.logits)).expect("recorded logits"));
            println!(
                "{what} {:.3e} max {:.3}",
                tolerance.distance(&logits, &want),
                common::tolerance::MARGIN.distance(&logits, &want)
            );
            let held = golden::check_greedy(&mut session, logits, run, &MARGIN, what);
            println!("{what}: {held} of {} steps held", run.greedy.len());
            assert!(2 * held > run.greedy.len(), "{what}: too many steps are excused");
        }
    }
}
