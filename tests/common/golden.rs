//! llama.cpp's records (fixtures/README.md), and comparison of the engine with them.

use precis::backend::cpu::Cpu;
use precis::lm::session::Session;
use precis::lm::tokenizer::Tokenizer;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::tolerance::Tolerance;

/// golden.json, golden-gemma.json, golden-tiny.json and those of the other tiny models.
#[derive(Deserialize)]
pub struct Golden {
    pub prompts: Vec<Prompt>,
    /// Empty if the file has no chat template.
    #[serde(default)]
    pub chat: Chat,
    #[serde(default)]
    pub strings: Vec<Text>,
}

/// tokenizer.json.
#[derive(Deserialize)]
pub struct Tokenized {
    pub strings: Vec<Text>,
    pub document: Document,
}

#[derive(Deserialize)]
pub struct Text {
    pub text: String,
    pub ids: Vec<u32>,
}

#[derive(Deserialize)]
pub struct Document {
    pub sha256: String,
    pub tokens: usize,
    pub ids_sha256: String,
}

#[derive(Deserialize, Default)]
pub struct Chat {
    pub message: String,
    pub ids: Vec<u32>,
}

#[derive(Deserialize)]
pub struct Prompt {
    pub name: String,
    pub tokens: usize,
    ids: Option<Vec<u32>>,
    ids_sha256: String,
    pub quantized: Run,
    pub exact: Run,
}

#[derive(Deserialize)]
pub struct Run {
    /// Name of the file with the logits after the prompt.
    pub logits: String,
    /// The best token after the prompt and after each of these.
    pub greedy: Vec<u32>,
    /// Lead of each of them over the second best.
    pub margins: Vec<f64>,
}

pub fn parse<'a, T: Deserialize<'a>>(json: &'a str) -> T {
    serde_json::from_str(json).expect("a record as record.py writes it")
}

impl Prompt {
    /// The prompt's ids: recorded, or the first of the article's `article` ids.
    pub fn ids(&self, article: &[u32]) -> Vec<u32> {
        let ids = self.ids.clone().unwrap_or_else(|| article[..self.tokens].to_vec());
        assert_eq!(sha256_of_ids(&ids), self.ids_sha256, "{}: other ids", self.name);
        ids
    }
}

/// Decodes recorded little-endian f16.
pub fn halves(bytes: &[u8]) -> Vec<f64> {
    bytes.as_chunks::<2>().0.iter().map(|b| half::f16::from_le_bytes(*b).to_f64()).collect()
}

/// SHA-256 in lower-case hexadecimal.
pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// SHA-256 of the ids as little-endian u32.
pub fn sha256_of_ids(ids: &[u32]) -> String {
    sha256(&ids.iter().flat_map(|id| id.to_le_bytes()).collect::<Vec<u8>>())
}

/// Checks that a model's tokenizer gives each of many recorded strings its recorded ids.
#[track_caller]
pub fn check_strings(model: &str, tokenizer: &Tokenizer, strings: &[Text]) {
    assert!(strings.len() > 100, "{model}");
    let wrong: Vec<String> = (strings.iter())
        .filter_map(|string| {
            let ids = tokenizer.encode(&string.text);
            (ids.as_ref() != Ok(&string.ids))
                .then(|| format!("{:?}: {ids:?}, not {:?}", string.text, string.ids))
        })
        .collect();
    assert!(wrong.is_empty(), "{model}: {} strings differ:\n{}", wrong.len(), wrong.join("\n"));
}

/// Checks the best token after the prompt, from `logits`, and after each recorded token. Skips
/// steps at which the record's best leads by less than `margin`. Feeds back the recorded tokens,
/// not our own. Returns the number of steps not skipped.
#[track_caller]
pub fn check_greedy(
    session: &mut Session<Cpu>,
    mut logits: Vec<f32>,
    run: &Run,
    margin: &Tolerance,
    what: &str,
) -> usize {
    let mut held = 0;
    for (step, (id, lead)) in run.greedy.iter().zip(&run.margins).enumerate() {
        let best = precis::backend::scores::best(&logits);
        let behind = logits[best as usize] - logits[*id as usize];
        if best != *id {
            println!("{what} step {step}: {best} leads {id} by {behind:.3}; theirs by {lead:.3}");
        }
        if *lead > margin.bound {
            held += 1;
            assert_eq!(best, *id, "{what} step {step}: theirs leads by {lead}, ours by {behind}");
        }
        logits = super::now(session.decode(*id)).expect("a token of the vocabulary");
    }
    held
}
