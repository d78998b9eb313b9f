//! Gemma 3 270M compared with llama.cpp's records: tokenizer exactly, logits closely.

use crate::common::golden::{self, Golden, Tokenized};
use crate::common::reference::EXACT;
use crate::common::tolerance::{FORWARD_PASS, LOGITS_ONE_POSITION, MARGIN};
use precis::backend::Backend;
use precis::backend::cpu::Cpu;
use precis::lm::model::Model;
use precis::lm::session::Session;

/// One of this many vocabulary entries is recorded.
const SAMPLED: usize = 24;

fn model<B: Backend>(backend: &B) -> Model<B> {
    crate::common::load(backend, crate::common::gemma()).expect("Gemma loads")
}

fn sampled(logits: &[f32]) -> Vec<f32> {
    logits.iter().step_by(SAMPLED).copied().collect()
}

#[test]
fn tokenizer_is_llama_cpps() {
    let tokenizer = model(&Cpu::default()).tokenizer;
    let record: Tokenized = golden::parse(&crate::common::text("golden-gemma.json"));
    golden::check_strings("Gemma", &tokenizer, &record.strings);

    let text = crate::common::workload();
    assert_eq!(golden::sha256(text.as_bytes()), record.document.sha256);
    let ids = tokenizer.completion(&text).expect("plain text");
    assert_eq!(ids.len(), record.document.tokens);
    assert_eq!(golden::sha256_of_ids(&ids), record.document.ids_sha256);
    let tokens = tokenizer.encode_with_starts(&text).expect("plain text");
    assert_eq!(tokens.ids, ids[1..]);
    assert!(tokens.starts.is_sorted());
    assert!(tokens.starts.iter().all(|start| text.is_char_boundary(*start)));
}

/// On both sides of the sliding window of 512 positions, and far past it.
#[test]
fn logits_and_greedy_tokens_are_llama_cpps() {
    let model = model(&Cpu::default());
    let article =
        model.tokenizer.completion(&crate::common::text("article.md")).expect("plain text");
    let mut session = Session::new(Cpu::default(), model);
    for prompt in golden::parse::<Golden>(&crate::common::text("golden-gemma.json")).prompts {
        session.truncate(0);
        let logits = crate::common::logits(&mut session, &prompt.ids(&article), 256);
        for run in [&prompt.exact, &prompt.quantized] {
            let recorded = golden::halves(&crate::common::fixture(&run.logits));
            LOGITS_ONE_POSITION.check(&sampled(&logits), &recorded, &run.logits);
        }
        // llama.cpp's rounding moves margins as much as ours, but differently.
        let (run, what) = (&prompt.exact, &prompt.exact.logits);
        let held = golden::check_greedy(&mut session, logits, run, &MARGIN, what);
        println!("{what}: {held} of {} steps held", run.greedy.len());
        assert!(2 * held > run.greedy.len(), "{what}: too many steps are excused");
    }
}

/// Without any rounding no difference remains. The longest prompts take minutes this way.
#[test]
fn without_rounding_the_forward_pass_is_llama_cpps() {
    let model = model(&EXACT);
    let article =
        model.tokenizer.completion(&crate::common::text("article.md")).expect("plain text");
    let mut session = Session::new(EXACT, model);
    for prompt in golden::parse::<Golden>(&crate::common::text("golden-gemma.json")).prompts {
        if prompt.tokens > 300 {
            continue;
        }
        session.truncate(0);
        let logits = crate::common::logits(&mut session, &prompt.ids(&article), 256);
        let recorded = golden::halves(&crate::common::fixture(&prompt.exact.logits));
        FORWARD_PASS.check(&sampled(&logits), &recorded, &prompt.exact.logits);
    }
}
