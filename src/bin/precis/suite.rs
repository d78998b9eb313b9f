//! `precis bench --suite`: the measuring suite on this machine, and its card.

use std::fs::File;
use std::io::IsTerminal;
use std::path::Path;
use std::time::{Duration, SystemTime};

use precis::Result;
use precis::backend::cpu::Threads;
use precis::engine::{Compute, Engine};
use precis::host::Host;
use precis::host::native::{Native, block_on};
use precis::measure::card::Card;
use precis::measure::suite::{Facts, Golden, Outcome, Prompts, Step, Suite, SuiteKind};
use serde_json::Value;

use super::model;
use super::output::visible;

/// A way to compute, and which engine does.
struct Configuration {
    engine: usize,
    facts: Facts,
}

/// Measures, and returns the card of a machine called `name`. On the processor with `threads` and,
/// where there is time, with one; on the GPU with all that it can multiply in.
pub fn measure(
    kind: SuiteKind,
    name: String,
    model: &Path,
    compute: Compute,
    threads: Threads,
) -> Result<Card> {
    let mut engines = Vec::new();
    if compute != Compute::WebGpu {
        for threads in counts(kind, threads) {
            engines.push(model::open_engine(model, Compute::Cpu, threads)?);
        }
    }
    if compute != Compute::Cpu {
        let mut engine = model::open_engine(model, compute, threads)?;
        // Where there is no GPU to use it is the processor's again.
        if engine.gpu().is_some() || engines.is_empty() {
            engines.push(engine);
        }
    }
    let host = Native::new(|_| ());
    let mut prompts = Vec::new();
    let mut configurations = Vec::new();
    let program = std::env::current_exe().ok().and_then(|path| File::open(path).ok());
    let module_sha256 = program.and_then(|mut file| model::hash(&mut file).ok());
    for (index, engine) in engines.iter_mut().enumerate() {
        let facts = engine.facts(&host);
        let sha256 = facts.first().and_then(|facts| facts.model.sha256.as_deref());
        prompts.push(engine.prompts(model::ARTICLE, golden(sha256))?);
        configurations.extend(facts.into_iter().map(|facts| Configuration {
            engine: index,
            facts: Facts {
                module_sha256: module_sha256.clone(),
                loaded_from: "disk".into(),
                ..facts
            },
        }));
    }
    run(kind, name, &mut engines, &prompts, &configurations, &host)
}

fn run(
    kind: SuiteKind,
    name: String,
    engines: &mut [Engine<File>],
    prompts: &[Prompts],
    configurations: &[Configuration],
    host: &impl Host,
) -> Result<Card> {
    let facts = configurations.iter().map(|configuration| configuration.facts.clone()).collect();
    let document = prompts.first().map(|prompts| prompts.document().clone()).unwrap_or_default();
    let mut suite = Suite::new(kind, document, facts);
    let show = std::io::stderr().is_terminal();
    while let Some(task) = suite.next_task() {
        if show {
            let progress = suite.progress();
            let left = progress.left_ms.map(|ms| format!("at most {:.0} s left; ", ms / 1000.0));
            eprint!("\r\x1b[K{}{}", left.unwrap_or_default(), visible(&progress.doing));
        }
        let Configuration { engine, facts } = &configurations[task.configuration];
        let (engine, prompts) = (&mut engines[*engine], &prompts[*engine]);
        suite.record(match task.step {
            Step::Rest { ms } => {
                std::thread::sleep(Duration::from_secs_f64(ms / 1000.0));
                Outcome::Rested
            }
            step => block_on(engine.perform(prompts, facts.products, &step, host))
                .unwrap_or_else(|error| Outcome::Failed { reason: error.to_string() }),
        });
    }
    if show {
        eprint!("\r\x1b[K");
    }
    let now = humantime::format_rfc3339_seconds(SystemTime::now());
    Ok(suite.card(name, now.to_string(), host.environment()))
}

/// One thread, and all of them; a quick run has the time for one of both.
fn counts(kind: SuiteKind, threads: Threads) -> Vec<Threads> {
    match threads.count() == 1 || kind == SuiteKind::Quick {
        true => vec![threads],
        false => vec![Threads::started(1), threads],
    }
}

/// The recorded logits of the model with this digest.
fn golden(sha256: Option<&str>) -> Option<Golden> {
    macro_rules! fixture {
        ($name:literal) => {
            include_bytes!(concat!("../../../tests/fixtures/", $name))
        };
    }
    let recorded: [(&[u8], &str, &[u8]); 2] = [
        (fixture!("golden.json"), "article-300", fixture!("article-300-exact.logits.f16")),
        (fixture!("golden-tiny.json"), "tiny-200", fixture!("tiny-200-exact.logits.f16")),
    ];
    recorded.into_iter().find_map(|(json, prompt, logits)| {
        let record: Value = serde_json::from_slice(json).ok()?;
        if record["model"]["sha256"].as_str() != sha256 {
            return None;
        }
        let prompt = record["prompts"].as_array()?.iter().find(|p| p["name"] == prompt)?;
        let ids = prompt["ids"].as_array()?.iter().filter_map(Value::as_u64);
        Some(Golden { ids: ids.map(|id| id as u32).collect(), logits: logits.to_vec() })
    })
}
