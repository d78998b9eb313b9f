//! How often the language of a document is recognized: those that were written or marked for measuring
//! summaries, each with its language.
//!
//! `cargo test --release --test native languages:: -- --nocapture` prints the ones that are wrong.

use std::fs;
use std::path::Path;

use precis::document::clean::Clean;
use precis::document::language::recognize;
use precis::document::structure::Structure;
use serde_json::Value;

/// Documents that are recognized, in percent of all, at least.
const LEAST: usize = 98;

#[test]
fn languages_of_documents() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/quality/documents");
    let (mut all, mut right, mut foreign) = (0, 0, 0);
    for entry in fs::read_dir(folder).expect("the documents") {
        let json = fs::read_to_string(entry.expect("a file").path()).expect("text");
        let documents: Value = serde_json::from_str(&json).expect("JSON");
        for document in documents.as_array().into_iter().flatten() {
            let (Some(text), Some(language)) =
                (document["text"].as_str(), document["language"].as_str())
            else {
                continue;
            };
            let clean = Clean::new(text);
            let found = recognize(clean.text(), &Structure::new(clean.text()));
            all += 1;
            foreign += usize::from(language != "en");
            match found == Some(language) {
                true => right += 1,
                false => println!("{}: {found:?} instead of {language}", document["id"]),
            }
        }
    }
    println!("{right} of {all}, of which {foreign} are not in English");
    assert!(all > 500 && foreign > 100, "{all} documents");
    assert!(right * 100 >= all * LEAST, "{right} of {all}");
}
