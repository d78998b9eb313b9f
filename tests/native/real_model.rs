//! The real model compared with llama.cpp's records: tokenizer exactly, logits closely.

use crate::common::golden::{self, Golden, Prompt, Run, Tokenized};
use crate::common::reference::EXACT;
use crate::common::tolerance::{FORWARD_PASS, LOGITS, LOGITS_ONE_POSITION, MARGIN};
use precis::backend::Backend;
use precis::backend::cpu::Cpu;
use precis::lm::session::Session;

#[test]
fn tokenizer_is_llama_cpps() {
    let tokenizer = crate::common::real(&Cpu::default()).tokenizer;
    let json = crate::common::text("tokenizer.json");
    let record: Tokenized = golden::parse(&json);
    golden::check_strings("SmolLM2", &tokenizer, &record.strings);

    let text = crate::common::workload();
    assert_eq!(golden::sha256(text.as_bytes()), record.document.sha256);
    let tokens = tokenizer.encode_with_starts(&text).expect("the workload is plain text");
    assert_eq!(tokens.ids.len(), record.document.tokens);
    assert_eq!(golden::sha256_of_ids(&tokens.ids), record.document.ids_sha256);
    let turns = tokenizer.turns(&text);
    assert!(turns.len() > 1, "a text for one turn");
    let turns = turns.into_iter().flat_map(|turn| tokenizer.encode(&text[turn]).expect("text"));
    assert_eq!(turns.collect::<Vec<_>>(), tokens.ids);
    assert_eq!(tokenizer.encode(&text), Ok(tokens.ids));
    assert!(tokens.starts.is_sorted());
    assert!(tokens.starts.iter().all(|start| text.is_char_boundary(*start)));
}

#[test]
fn chat_template_is_llama_cpps() {
    let json = crate::common::text("golden.json");
    let record: Golden = golden::parse(&json);
    assert_eq!(
        crate::common::real(&Cpu::default()).tokenizer.chat(&record.chat.message),
        Ok(record.chat.ids)
    );
}

fn prompts(article: &[u32]) -> Vec<(Prompt, Vec<u32>)> {
    let json = crate::common::text("golden.json");
    let prompts = golden::parse::<Golden>(&json).prompts;
    assert_eq!(prompts.iter().map(|p| p.tokens).collect::<Vec<_>>(), [8, 300, 2000]);
    prompts
        .into_iter()
        .map(|prompt| {
            let ids = prompt.ids(article);
            (prompt, ids)
        })
        .collect()
}

fn recorded_logits(run: &Run) -> Vec<f64> {
    golden::halves(&crate::common::fixture(&run.logits))
}

fn session<B: Backend + Copy>(backend: B) -> (Session<B>, Vec<(Prompt, Vec<u32>)>) {
    let model = crate::common::real(&backend);
    let article = model.tokenizer.encode(&crate::common::text("article.md")).expect("plain text");
    (Session::new(backend, model), prompts(&article))
}

#[test]
fn logits_and_greedy_tokens_are_llama_cpps() {
    let (mut session, prompts) = session(Cpu::default());
    for (prompt, ids) in prompts {
        for run in [&prompt.exact, &prompt.quantized] {
            let what = &run.logits;
            session.truncate(0);
            let logits = crate::common::logits(&mut session, &ids, 256);
            LOGITS_ONE_POSITION.check(&logits, &recorded_logits(run), what);
            let held = golden::check_greedy(&mut session, logits, run, &MARGIN, what);
            println!("{what}: {held} of {} steps held", run.greedy.len());
            assert!(2 * held > run.greedy.len(), "{what}: too many steps are excused");
        }
    }
}

/// Without rounding of activations, keys and values no difference remains. The longest prompt would
/// take minutes, and the others show the same.
#[test]
fn without_rounding_the_forward_pass_is_llama_cpps() {
    let (mut session, prompts) = session(EXACT);
    for (prompt, ids) in prompts.into_iter().filter(|(prompt, _)| prompt.tokens < 1000) {
        session.truncate(0);
        let logits = crate::common::logits(&mut session, &ids, 256);
        FORWARD_PASS.check(&logits, &recorded_logits(&prompt.exact), &prompt.exact.logits);
    }
}

/// The cost of rounding, over many positions, because a single one depends on chance.
#[test]
fn rounding_costs_little_in_the_median() {
    /// Consecutive pieces of the article, and tokens per piece.
    const PIECES: usize = 60;
    const PIECE: usize = 32;
    /// One of this many vocabulary entries is recorded.
    const SAMPLED: usize = 24;
    let (mut session, prompts) = session(Cpu::default());
    let (_, ids) = prompts.last().expect("three prompts");
    let pieces: Vec<Vec<f32>> = (ids.chunks(PIECE).take(PIECES))
        .map(|piece| crate::common::logits(&mut session, piece, PIECE))
        .map(|logits| logits.into_iter().step_by(SAMPLED).collect())
        .collect();
    for record in ["-exact", ""] {
        let file = format!("article-pieces{record}.logits.f16");
        let recorded = golden::halves(&crate::common::fixture(&file));
        let recorded = recorded.chunks_exact(recorded.len() / PIECES);
        let mut distances: Vec<f64> =
            pieces.iter().zip(recorded).map(|(ours, other)| LOGITS.distance(ours, other)).collect();
        distances.sort_by(f64::total_cmp);
        let (median, largest) = (distances[PIECES / 2], distances[PIECES - 1]);
        let mean = distances.iter().sum::<f64>() / PIECES as f64;
        println!("pieces{record}: median {median:.2e}, mean {mean:.2e}, largest {largest:.2e}");
        assert!(median <= LOGITS.bound, "pieces{record}: {median:.2e}: {}", LOGITS.reason);
    }
}

/// At any thread count, each number is computed by one thread in the same way.
#[test]
fn threads_do_not_matter_to_the_bit() {
    let threads = precis::backend::cpu::start_threads(3).expect("three threads");
    let (mut alone, prompts) = session(Cpu::default());
    let (mut together, _) = session(Cpu { threads });
    let (_, ids) = &prompts[1];
    let want = crate::common::logits(&mut alone, ids, ids.len());
    let got = crate::common::logits(&mut together, ids, ids.len());
    assert_eq!(got, want);
    let decode =
        |session: &mut Session<Cpu>| crate::common::now(session.decode(ids[0])).expect("room");
    assert_eq!(decode(&mut together), decode(&mut alone));
}
