//! The measuring suite with the tiny model, and published cards.

use std::path::Path;
use std::process::Command;

use crate::common::golden::{self, Golden, Tokenized};
use precis::backend::cpu::Cpu;
use precis::measure::card::{CERTIFIED, Card};
use precis::measure::suite::{Prompts, benchmark};
use serde_json::Value;

const SCHEMA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/precis.result-1.schema.json");

fn measured(arguments: &[&str]) -> Card {
    let tiny = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/tiny.gguf");
    let output = Command::new(env!("CARGO_BIN_EXE_precis"))
        .args(["bench", "--suite", "quick", "--json", "--backend", "cpu", "--name", "a test"])
        .args(arguments)
        .arg("--model")
        .arg(tiny)
        .output()
        .expect("the program runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Card::parse(&String::from_utf8(output.stdout).expect("text")).expect("a card")
}

#[test]
fn the_command_line_writes_a_valid_card() {
    let card = measured(&["--threads", "2"]);
    assert_eq!(card.invalid, [""; 0], "the tiny model computes what is recorded of it");
    assert_eq!(card.name, "a test");
    assert_eq!(card.method.left_out, []);
    let names: Vec<&str> = card.configurations.iter().map(|c| &*c.name).collect();
    assert_eq!(names, ["native, 2 threads"]);
    for configuration in &card.configurations {
        assert_eq!(configuration.prefill.len(), 2);
        assert!(configuration.score > Some(0.0));
        assert!(configuration.clock_ms.is_some_and(|clock| clock < 1.0));
        assert_eq!(configuration.module_sha256.as_ref().map(String::len), Some(64));
        let peak = &configuration.peak;
        assert!([peak.f32_gmacs, peak.int8_gmacs, peak.copy_gbs].iter().all(|p| *p > Some(0.0)));
        let certificate = configuration.certificate.as_ref().expect("recorded");
        assert!(certificate.distance > 0.0 && certificate.distance < CERTIFIED);
    }
}

/// The tolerance table justifies the bound on cards.
#[test]
fn cards_are_certified_by_the_bound_of_one_position() {
    assert_eq!(CERTIFIED, crate::common::tolerance::LOGITS_ONE_POSITION.bound);
}

#[test]
fn prompts_are_the_recorded_document() {
    let tokenizer = crate::common::real(&Cpu::default()).tokenizer;
    let article = crate::common::text("article.md");
    let record: Tokenized = golden::parse(&crate::common::text("tokenizer.json"));
    assert_eq!(golden::sha256(benchmark(&article).as_bytes()), record.document.sha256);
    let prompts = Prompts::new(&tokenizer, &article, None).expect("plain text");
    let document = prompts.document();
    assert_eq!(document.tokens, record.document.tokens);
    assert_eq!(document.sha256, record.document.ids_sha256);
    assert_eq!(document.ends.len(), 8);
    println!("iterations end at {:?}", document.ends);
    let first = document.ends[0];
    assert!(document.ends.windows(2).all(|ends| ends[1] - ends[0] < first), "{document:?}");
    assert!((5600..5650).contains(&first) && document.ends[7] > 44_900, "{document:?}");
    // Certificates use records of the first tokens of the article.
    let golden: Golden = golden::parse(&crate::common::text("golden.json"));
    assert!(golden.prompts.iter().any(|prompt| prompt.name == "article-300"));
}

/// To update it: `UPDATE_SCHEMA=1 cargo test --release --test native suite::`.
#[test]
fn the_published_schema_is_that_of_the_types() {
    let schema = serde_json::to_string_pretty(&schemars::schema_for!(Card)).expect("JSON") + "\n";
    if std::env::var_os("UPDATE_SCHEMA").is_some() {
        std::fs::write(SCHEMA, &schema).expect("docs/ is there");
    }
    let published = std::fs::read_to_string(SCHEMA).unwrap_or_default();
    assert!(published == schema, "docs/precis.result-1.schema.json is another: write it anew");
}

/// Checks the rules of gallery/README.md.
#[test]
fn cards_of_the_gallery_are_valid() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("gallery");
    let mut cards = 0;
    for entry in std::fs::read_dir(folder).expect("gallery/ is there") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let what = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let json = std::fs::read_to_string(&path).expect("text");
        let (card, wrong) = Card::check(&json).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(wrong, [""; 0], "{what}");
        // The gallery's page shows the marks as they are written.
        let written: Value = serde_json::from_str(&json).expect("a card");
        assert_eq!(written["unsteady"], Value::from(card.unsteady.clone()), "{what}");
        assert_eq!(written["invalid"], Value::from(Vec::<String>::new()), "{what}");
        assert_eq!(card.invalid, [""; 0], "{what}");
        assert!((1..=60).contains(&card.name.chars().count()), "{what}: a longer name");
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
        assert!(what.chars().all(plain), "{what}: lower case with hyphens");
        cards += 1;
    }
    assert!(cards > 0, "the gallery is empty");
}
