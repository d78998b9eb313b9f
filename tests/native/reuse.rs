//! Earlier work is reused: keys and values of a prompt's beginning, and notes on passages. The
//! summary is the same with and without reuse.

use crate::common::host::TestHost;
use crate::common::{now, part, summarizer, tiny, tiny_gemma};
use precis::Error;
use precis::backend::cpu::Cpu;
use precis::host::Event;
use precis::lm::session::Session;
use precis::report::Report;
use precis::summarize::note_cache::CachedNote;
use precis::summarize::plan::Strategy;
use precis::summarize::{Options, Summarizer};

fn long() -> String {
    (1..=6).map(part).collect()
}

fn fresh() -> Options {
    Options { fresh: true, ..Options::default() }
}

fn run(summarizer: &mut Summarizer<Cpu>, text: &str, options: &Options) -> Report {
    now(summarizer.run(text, options, &TestHost::ticking())).expect("a summary")
}

#[test]
fn a_document_that_was_read_is_not_read_again() {
    for (model, strategy) in
        [(tiny(), Strategy::Auto), (tiny(), Strategy::OnePass), (tiny_gemma(), Strategy::OnePass)]
    {
        let mut summarizer = summarizer(model);
        let text = if strategy == Strategy::Auto { part(1) } else { long() };
        let options = Options { strategy, ..Options::default() };
        let first = run(&mut summarizer, &text, &options);
        assert_eq!(first.prefill.reused_tokens, 0);
        assert_eq!(first.plan.strategy, "one-pass");
        let again = run(&mut summarizer, &text, &options);
        assert_eq!(again.summary, first.summary);
        assert_eq!(again.prefill.tokens, 1, "the last one, for its scores");
        assert_eq!(again.prefill.reused_tokens + 1, first.prefill.tokens);
        // Only the beginning is reused.
        let other = run(&mut summarizer, &format!("{text}\n\nMore of it."), &options);
        let anew = Options { fresh: true, ..options };
        let want = run(&mut summarizer, &format!("{text}\n\nMore of it."), &anew);
        assert_eq!(want.prefill.reused_tokens, 0);
        assert_eq!(other.summary, want.summary);
        assert_eq!(other.prefill.tokens + other.prefill.reused_tokens, want.prefill.tokens);
        assert!(other.prefill.reused_tokens > 0);
    }
}

/// Planted error: a session that reuses its content for a different beginning would continue with
/// other keys.
#[test]
fn what_is_kept_is_what_would_be_computed() {
    for model in [tiny(), tiny_gemma()] {
        let mut session = Session::new(Cpu::default(), model);
        let ids: Vec<u32> = (0..400).map(|i| 5 + i % 200).collect();
        let want = crate::common::logits(&mut session, &ids, 64);
        let rest = |session: &mut Session<Cpu>, ids: &[u32]| {
            let kept = session.resume(ids, 420, false).expect("room");
            (kept, crate::common::logits(session, &ids[kept..], 64))
        };
        assert_eq!(rest(&mut session, &ids), (399, want.clone()));
        let mut other = ids.clone();
        other[300] += 1;
        let (kept, logits) = rest(&mut session, &other);
        assert_eq!(kept, 300);
        assert_ne!(logits, want);
        assert_eq!(rest(&mut session, &ids), (300, want.clone()));
        // With other angles nothing is reused.
        assert_eq!(session.resume(&ids, 2 * session.model().config.context, true), Ok(0));
    }
}

/// A layer that has advanced by more than its ring holds can't rewind, and reports it.
#[test]
fn what_was_let_go_of_is_read_again() {
    let mut session = Session::new(Cpu::default(), tiny_gemma());
    let context = session.model().config.context;
    let ids: Vec<u32> = (0..2 * context).map(|i| 5 + i as u32 % 200).collect();
    session.extend(ids.len()).expect("room");
    crate::common::logits(&mut session, &ids, 64);
    let moved = session.model().config.attention.layers.iter().any(|layer| layer.window.is_some());
    assert!(moved && ids.len() > 600);
    assert_eq!(session.truncate(ids.len() - 512), ids.len() - 512);
    let want = {
        let mut other = Session::new(Cpu::default(), tiny_gemma());
        other.extend(ids.len()).expect("room");
        crate::common::logits(&mut other, &ids, 64)
    };
    let at = session.position();
    assert_eq!(crate::common::logits(&mut session, &ids[at..], 64), want);
    assert_eq!(session.truncate(ids.len() - 513), 0);
    assert_eq!(session.cache_bytes(), session.cache_bytes_for(ids.len()) as usize);
}

/// The ring's furthest position counts, not the session's current one.
#[test]
fn going_back_twice_is_going_back_farther() {
    let mut session = Session::new(Cpu::default(), tiny_gemma());
    let ids: Vec<u32> =
        (0..2 * session.model().config.context).map(|i| 5 + i as u32 % 200).collect();
    session.extend(ids.len()).expect("room");
    crate::common::logits(&mut session, &ids, 64);
    let back = ids.len() - 400;
    assert_eq!(session.truncate(back), back);
    crate::common::logits(&mut session, &[7; 50], 50);
    assert_eq!(session.truncate(back - 112), back - 112);
    assert_eq!(session.truncate(back - 113), 0);
}

/// A chunk abandoned between two layers has no effect.
#[test]
fn what_was_given_up_is_not_read() {
    for model in [tiny, tiny_gemma] {
        let ids: Vec<u32> = (0..700).map(|i| 5 + i % 200).collect();
        let want = {
            let mut session = Session::new(Cpu::default(), model());
            session.extend(ids.len()).expect("room");
            crate::common::logits(&mut session, &ids, 64)
        };
        let mut session = Session::new(Cpu::default(), model());
        session.extend(ids.len()).expect("room");
        crate::common::logits(&mut session, &ids[..650], 64);
        for layer in 0..session.model().config.layers() {
            let mut left = layer;
            let pause = async || match left {
                0 => Err(Error::Cancelled),
                _ => {
                    left -= 1;
                    Ok(())
                }
            };
            let given_up = now(session.prefill_with(&[9; 50], pause));
            assert_eq!(given_up.err(), Some(Error::Cancelled));
            assert_eq!(session.position(), 650);
        }
        assert_eq!(crate::common::logits(&mut session, &ids[650..], 64), want);
    }
}

#[test]
fn windows_that_were_read_are_not_read_again() {
    let mut summarizer = summarizer(tiny());
    let first = run(&mut summarizer, &long(), &Options::default());
    assert!(first.plan.windows > 3 && first.plan.remembered == 0, "{:?}", first.plan);
    let again = run(&mut summarizer, &long(), &Options::default());
    assert_eq!(again.summary, first.summary);
    assert_eq!(again.plan.remembered, first.plan.windows);
    assert!(again.plan.remembered_tokens > first.prefill.tokens / 2);

    // One paragraph changed: one window, or its neighbours as well.
    let edited = long().replacen("Service 3 is a program", "Service 3 is no program", 1);
    let report = run(&mut summarizer, &edited, &Options::default());
    let new = report.plan.windows - report.plan.remembered;
    assert!((1..=2).contains(&new), "{new} of {} are new", report.plan.windows);
    let anew = run(&mut summarizer, &edited, &fresh());
    assert_eq!(anew.summary, report.summary);
    assert_eq!((anew.plan.remembered, anew.prefill.reused_tokens), (0, 0));
}

#[test]
fn alike_passages_are_read_once() {
    let text: String = (0..4).map(|i| format!("# Copy {i}\n\n{}", part(1) + &part(2))).collect();
    let report = run(&mut summarizer(tiny()), &text, &Options::default());
    assert_eq!(report.plan.remembered, report.plan.windows / 4 * 3, "{:?}", report.plan);
    let anew = run(&mut summarizer(tiny()), &text, &fresh());
    assert_eq!(anew.plan.remembered, 0);
    assert_eq!(anew.summary, report.summary);
    assert!(anew.prefill.tokens > 2 * report.prefill.tokens);
}

#[test]
fn a_run_that_was_broken_off_goes_on_with_what_its_host_kept() {
    let want = run(&mut summarizer(tiny()), &long(), &Options::default());
    let host = TestHost::breaking(300);
    let broken = now(summarizer(tiny()).run(&long(), &Options::default(), &host));
    assert_eq!(broken.map(drop), Err(Error::Cancelled));
    let mut next = summarizer(tiny());
    let mut kept = 0;
    for event in host.events.take() {
        if let Event::Noted { key, note } = event {
            kept += 1;
            next.memory().keep(CachedNote { key, note });
        }
    }
    assert!(kept > 1);
    let report = run(&mut next, &long(), &Options::default());
    assert_eq!((report.plan.remembered, report.summary.as_str()), (kept, want.summary.as_str()));
}

#[test]
fn nothing_is_kept_of_a_fresh_run() {
    let host = TestHost::ticking();
    let mut summarizer = summarizer(tiny());
    now(summarizer.run(&long(), &fresh(), &host)).expect("a summary");
    assert!(!host.events.borrow().iter().any(|event| matches!(event, Event::Noted { .. })));
    assert_eq!(run(&mut summarizer, &long(), &Options::default()).plan.remembered, 0);
}
