//! Features for runs on the edge: notes taken elsewhere, a smaller context, a clock that stands
//! still during computation.

use std::cell::Cell;
use std::ops::ControlFlow;

use crate::common::host::TestHost;
use crate::common::{now, summarizer, tiny};
use precis::host::Note;
use precis::host::{Event, Host, Stage};
use precis::report::{EnvironmentReport, Report};
use precis::summarize::Options;
use precis::summarize::plan::Strategy;
use precis::{Error, Result};

fn long() -> String {
    (1..=6).map(crate::common::part).collect()
}

fn run(text: &str, options: &Options) -> Result<Report> {
    now(summarizer(tiny()).run(text, options, &TestHost::default()))
}

fn code(options: &Options) -> &'static str {
    run(&long(), options).err().map_or("no error", |error| error.code())
}

fn windows() -> Vec<String> {
    summarizer(tiny()).plan(&long(), &Options::default()).expect("a plan").windows
}

/// Takes a note with a separate summarizer, as another isolate would.
fn note(window: &str) -> Note {
    let host = TestHost::ticking();
    now(summarizer(tiny()).note(window, &Options::default(), &host)).expect("a note")
}

#[test]
fn notes_from_elsewhere_make_the_same_summary() {
    let whole = run(&long(), &Options::default()).expect("a summary");
    let windows = windows();
    assert_eq!(windows.concat(), long());
    assert_eq!(windows.len(), whole.plan.windows);
    assert!(windows.len() > 2, "{}", windows.len());

    let all: Vec<Option<Note>> = windows.iter().map(|window| Some(note(window))).collect();
    assert!(all.iter().flatten().all(|note| note.tokens > 0 && note.ms.is_some()));
    // All of them; one missing in the middle; one missing at the end.
    for missing in [None, Some(1), Some(windows.len() - 1)] {
        let mut notes = all.clone();
        match missing {
            Some(last) if last + 1 == notes.len() => drop(notes.pop()),
            Some(index) => notes[index] = None,
            None => {}
        }
        let host = TestHost::default();
        let options = Options { notes: notes.clone(), ..Options::default() };
        let report = now(summarizer(tiny()).run(&long(), &options, &host)).expect("a summary");
        assert_eq!(report.summary, whole.summary);
        assert_eq!(report.plan.elsewhere, notes.iter().flatten().count());
        let tokens = |Report { prefill, plan, .. }: &Report| {
            prefill.tokens + prefill.reused_tokens + plan.elsewhere_tokens
        };
        assert_eq!(tokens(&report), tokens(&whole));
        assert!(report.prefill.tokens < whole.prefill.tokens);
        let events = host.events.borrow();
        let here = events.iter().filter_map(|event| match event {
            Event::Stage { stage: Stage::Window, index, .. } => Some(*index),
            _ => None,
        });
        assert_eq!(here.collect::<Vec<_>>(), Vec::from_iter(missing));
    }
}

#[test]
fn impossible_notes_are_refused() {
    let with = |notes| Options { notes, ..Options::default() };
    assert_eq!(code(&with(vec![None; windows().len()])), "no error");
    assert_eq!(code(&with(vec![None; windows().len() + 1])), "invalid-options");
    let note = |len| Some(Note { text: "x".repeat(len), ..Note::default() });
    assert_eq!(code(&with(vec![note(4096)])), "no error");
    assert_eq!(code(&with(vec![note(4097)])), "invalid-options");
    let short = run("A short text.", &with(vec![note(1)]));
    assert_eq!(short.map_err(|e| e.code()).err(), Some("invalid-options"));

    let too_long = now(summarizer(tiny()).note(&long(), &Options::default(), &TestHost::default()));
    assert_eq!(too_long.map_err(|e: Error| e.code()), Err("prompt-too-long"));
}

#[test]
fn a_smaller_context_takes_less_memory() {
    let with = |positions| Options { positions, ..Options::default() };
    let whole = run(&long(), &with(None)).expect("a summary");
    let small = run(&long(), &with(Some(256))).expect("a summary");
    assert!(small.plan.windows > whole.plan.windows);
    // Tiles of 64 positions; all prompts and their answers stay within the context.
    let bytes = |positions| summarizer(tiny()).session().cache_bytes_for(positions);
    assert_eq!(small.memory.kv_bytes, bytes(256));
    assert!(whole.memory.kv_bytes > small.memory.kv_bytes);
    assert_eq!(run(&long(), &with(Some(100_000))).map(|r| r.summary), Ok(whole.summary));

    let one_pass = Options { strategy: Strategy::OnePass, ..with(Some(512)) };
    assert_eq!(code(&one_pass), "prompt-too-long");
    assert_eq!(code(&with(Some(255))), "invalid-options");
}

/// A clock that advances by `step` milliseconds only when something arrives.
struct Frozen {
    ms: Cell<f64>,
    step: f64,
}

impl Frozen {
    fn new(step: f64) -> Self {
        Self { ms: Cell::new(0.0), step }
    }

    fn arrive(&self) {
        self.ms.set(self.ms.get() + self.step);
    }
}

impl Host for Frozen {
    fn now_ms(&self) -> Option<f64> {
        Some(self.ms.get())
    }

    async fn catch_up(&self) {
        self.arrive();
    }

    async fn yield_now(&self) -> ControlFlow<()> {
        self.arrive();
        ControlFlow::Continue(())
    }

    fn emit(&self, _: Event) {}

    fn environment(&self) -> EnvironmentReport {
        EnvironmentReport { clock: Some("stands still".into()), ..EnvironmentReport::default() }
    }

    fn memory_bytes(&self) -> Option<u64> {
        None
    }
}

/// Every measurement ends with something that advances the clock, so no time is zero and no speed
/// infinite. Time between measurements is not counted.
#[test]
fn a_clock_that_stands_still_is_waited_for() {
    let host = Frozen::new(10.0);
    let report =
        now(summarizer(tiny()).run(&long(), &Options::default(), &host)).expect("a summary");
    let Report { prefill, decode, .. } = &report;
    assert!(prefill.chunks.iter().all(|chunk| chunk.ms == Some(10.0)));
    assert_eq!(prefill.ms, Some(10.0 * prefill.chunks.len() as f64));
    assert!(decode.tokens > 10);
    assert_eq!(decode.ms, Some(10.0 * decode.tokens as f64));
    assert_eq!(decode.tokens_per_second, Some(100.0));
    assert_eq!(report.document.tokenize_ms, Some(10.0));
    assert!(report.peak.gemm_gmacs.is_some_and(f64::is_finite));
    assert_eq!(report.environment.clock.as_deref(), Some("stands still"));
}

/// If nothing advances the clock, times and speeds are absent, and the report says so.
#[test]
fn a_clock_that_never_moves_measures_nothing() {
    let host = Frozen::new(0.0);
    let report =
        now(summarizer(tiny()).run(&long(), &Options::default(), &host)).expect("a summary");
    let Report { prefill, decode, document, absent, .. } = &report;
    assert!(prefill.tokens > 100 && prefill.chunks.iter().all(|chunk| chunk.ms.is_none()));
    let times = [prefill.ms, decode.ms, document.tokenize_ms, report.first_token_ms];
    let speeds = [prefill.tokens_per_second, decode.tokens_per_second, report.peak.efficiency];
    assert_eq!((times, speeds), ([None; 4], [None; 3]));
    assert!(absent["prefill.ms"].contains("clock"), "{absent:?}");
    assert!(absent["first_token_ms"].contains("clock"), "{absent:?}");
}
