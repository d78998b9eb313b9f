use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::measure::bench::Measurement;
use crate::measure::card::CurvePoint;
use crate::report::{ChunkReport, DecodeReport, MemoryReport, Peaks, PrefillReport};

fn document() -> Document {
    let ends = (1..=8).map(|i| i * 5600).collect();
    Document { tokens: 44_979, sha256: "a".into(), ends }
}

fn facts(name: &str) -> Facts {
    let model = ModelReport { linear_macs: 10_000, attention_macs: 3, ..ModelReport::default() };
    Facts { name: name.into(), model, ..Facts::default() }
}

/// The result from a device that reads `speed` tokens per millisecond at any length.
fn answer(step: &Step, speed: f64) -> Outcome {
    let measured = |read: usize, write: usize| {
        let mut prefill = PrefillReport::default();
        for position in (0..read).step_by(64) {
            let tokens = 64.min(read - position);
            let ms = Some(tokens as f64 / speed);
            prefill.add(ChunkReport { prompt: 0, position, tokens, ms });
        }
        let mut decode = DecodeReport::default();
        (0..write).for_each(|_| decode.add(Some(10.0)));
        Outcome::Measured { measurement: Measurement { prefill, decode, ..Measurement::default() } }
    };
    match step {
        Step::Tokenize => Outcome::Tokenized { tokens_per_second: vec![1e6; 5] },
        Step::Certify => Outcome::Certified { certificate: None },
        Step::WarmUp { tokens, write } => measured(*tokens, *write),
        Step::Rest { .. } => Outcome::Rested,
        Step::Pulse => Outcome::Pulse { gmacs: Some(50.0), undisturbed: Some(1.0) },
        Step::Read { tokens } => measured(*tokens, 0),
        Step::Write { tokens, after } => measured(*after, *tokens),
        Step::Peaks => Outcome::Peaks { peak: Peaks::default(), memory: MemoryReport::default() },
    }
}

/// All tasks of a run, and the card.
fn run(kind: SuiteKind, speeds: &[f64]) -> (Vec<Task>, Card) {
    let names = speeds.iter().enumerate().map(|(i, _)| facts(&format!("configuration {i}")));
    let mut suite = Suite::new(kind, document(), names.collect());
    let mut tasks = Vec::new();
    while let Some(task) = suite.next_task() {
        suite.record(answer(&task.step, speeds[task.configuration]));
        tasks.push(task);
    }
    (tasks, suite.card("it".into(), "now".into(), EnvironmentReport::default()))
}

fn counted(tasks: &[Task], step: &Step) -> usize {
    tasks.iter().filter(|task| task.step == *step).count()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_quick_run_measures_six_times_after_a_warm_up() {
    let (tasks, card) = run(SuiteKind::Quick, &[1.0]);
    let read = |tokens| Step::Read { tokens };
    assert_eq!(counted(&tasks, &Step::WarmUp { tokens: 512, write: 8 }), 1);
    assert_eq!([512, 2048, 8192].map(|n| counted(&tasks, &read(n))), [0, 6, 0]);
    assert_eq!(counted(&tasks, &Step::Write { tokens: 64, after: 512 }), 6);
    // A rest and a pulse before each measurement.
    assert_eq!(counted(&tasks, &Step::Pulse), 12);
    assert_eq!(counted(&tasks, &Step::Rest { ms: 200.0 }), 12);
    let [configuration] = &card.configurations[..] else { panic!("one configuration") };
    let lengths: Vec<usize> = configuration.prefill.iter().map(|r| r.tokens).collect();
    assert_eq!(lengths, [512, 2048]);
    assert_eq!(configuration.prefill[0].first_token_ms.values, [512.0; 6]);
    assert_eq!(configuration.prefill[0].tokens_per_second.median, Some(1000.0));
    assert_eq!(configuration.decode[0].token_ms.values, [10.0; 6]);
    assert_eq!(configuration.decode[0].after, 512);
    assert_eq!(configuration.pulse.values.len(), 12);
    let curve = &configuration.prefill[1].curve;
    assert_eq!(curve.len(), 32);
    assert_eq!(curve[31], CurvePoint { position: 2048, tokens_per_second: 1000.0 });
}

/// Changes during a run affect all configurations.
#[wasm_bindgen_test(unsupported = test)]
fn configurations_take_turns() {
    let (tasks, _) = run(SuiteKind::Quick, &[2.0, 2.0]);
    let order: Vec<usize> = tasks
        .iter()
        .filter(|task| task.step == Step::Read { tokens: 2048 })
        .map(|task| task.configuration)
        .collect();
    assert_eq!(order, [0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_the_budget_has_no_time_for_is_left_out_and_named() {
    let read = |tasks: &[Task], configuration| {
        let read = |task: &&Task| {
            task.step == Step::Read { tokens: 2048 } && task.configuration == configuration
        };
        tasks.iter().filter(read).count()
    };
    // Readings of 2,048 tokens, 20 seconds each: fewer, but there is a score.
    let (tasks, card) = run(SuiteKind::Quick, &[0.1]);
    assert_eq!(counted(&tasks, &Step::Write { tokens: 64, after: 512 }), 6);
    assert!((1..6).contains(&read(&tasks, 0)));
    assert!(card.configurations[0].score.is_some());

    // A slow configuration takes no time from the others.
    let (tasks, card) = run(SuiteKind::Quick, &[0.1, 1.0]);
    assert!((1..6).contains(&read(&tasks, 0)));
    assert_eq!(read(&tasks, 1), 6);
    assert!(card.method.left_out.is_empty());

    let (_, card) = run(SuiteKind::Standard, &[0.1]);
    let last = card.method.left_out.last().expect("something is left out");
    assert!(last.reason.contains("minutes"), "{}", last.reason);

    let lengths = |kind, speed| -> Vec<usize> {
        run(kind, &[speed]).1.configurations[0].prefill.iter().map(|r| r.tokens).collect()
    };
    assert_eq!(lengths(SuiteKind::Standard, 1.0), [512, 2048, 5600, 8192]);
    assert_eq!(
        lengths(SuiteKind::Full, 100.0),
        [512, 2048, 5600, 8192, 11_200, 16_800, 22_400, 28_000, 33_600, 39_200, 44_800]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn what_fails_is_left_out_and_not_tried_again() {
    let mut suite = Suite::new(SuiteKind::Quick, document(), vec![facts("a"), facts("b")]);
    let mut tried = 0;
    while let Some(task) = suite.next_task() {
        let fails = task.configuration == 0 && task.step == Step::Read { tokens: 2048 };
        tried += usize::from(fails);
        suite.record(match fails {
            true => Outcome::Failed { reason: "out of memory".into() },
            false => answer(&task.step, 4.0),
        });
    }
    let card = suite.card("it".into(), "now".into(), EnvironmentReport::default());
    assert_eq!(tried, 1);
    assert_eq!(card.method.left_out.len(), 1);
    assert_eq!(card.method.left_out[0].reason, "out of memory");
    let lengths = |i: usize| card.configurations[i].prefill.len();
    assert_eq!([lengths(0), lengths(1)], [1, 2]);

    // If one fails its warm-up, it is skipped and the other continues.
    let mut suite = Suite::new(SuiteKind::Quick, document(), vec![facts("a"), facts("b")]);
    while let Some(task) = suite.next_task() {
        let fails = task.configuration == 0 && matches!(task.step, Step::WarmUp { .. });
        suite.record(match fails {
            true => Outcome::Failed { reason: "lost".into() },
            false => answer(&task.step, 4.0),
        });
    }
    let card = suite.card("it".into(), "now".into(), EnvironmentReport::default());
    assert_eq!(card.configurations[0].prefill, []);
    assert_eq!(card.configurations[1].prefill.len(), 2);
}

#[wasm_bindgen_test(unsupported = test)]
fn progress_goes_to_the_end() {
    let mut suite = Suite::new(SuiteKind::Quick, document(), vec![facts("a")]);
    let mut last = 0.0;
    let mut seen = 0;
    while let Some(task) = suite.next_task() {
        let Progress { done, left_ms, doing } = suite.progress();
        assert!(doing.starts_with("a: "), "{doing}");
        assert_eq!(done.is_some(), left_ms.is_some());
        assert_eq!(done.is_some(), seen >= 3, "the speed is known after the warm-up");
        assert!(done.unwrap_or(0.0) >= last);
        last = done.unwrap_or(0.0);
        seen += 1;
        suite.record(answer(&task.step, 1.0));
    }
    assert!(last > 0.9, "{last}");
    assert_eq!(suite.progress().done, Some(1.0));
}

/// Runs a quick suite whose measurement number `n` takes so many times as long as it should, in each
/// configuration. Returns how often 2,048 tokens were read in each, and the shares that were done.
fn repeated(factors: &[&dyn Fn(usize) -> f64], speed: f64) -> (Vec<usize>, Vec<f64>) {
    let names = (0..factors.len()).map(|i| facts(&format!("configuration {i}")));
    let mut suite = Suite::new(SuiteKind::Quick, document(), names.collect());
    let mut read = vec![0; factors.len()];
    let mut shares = Vec::new();
    while let Some(Task { configuration, step, .. }) = suite.next_task() {
        shares.extend(suite.progress().done);
        let is_read = step == Step::Read { tokens: 2048 };
        let factor = if is_read { factors[configuration](read[configuration]) } else { 1.0 };
        read[configuration] += usize::from(is_read);
        suite.record(answer(&step, speed / factor));
    }
    assert_eq!(suite.progress().done, Some(1.0));
    (read, shares)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_figure_is_measured_until_it_is_known_or_there_is_no_time() {
    let steady = |_| 1.0;
    // One slow measurement: from nine on the median's interval is without it.
    let once = |n| if n == 2 { 1.5 } else { 1.0 };
    let wild = |n: usize| 1.0 + 0.1 * (n % 3) as f64;
    let (read, shares) = repeated(&[&steady, &once, &wild], 10.0);
    assert_eq!(read, [6, 9, MOST]);
    assert!(shares.is_sorted(), "{shares:?}");
    assert!(shares.last().is_some_and(|share| *share > 0.9));
    // Two seconds for a reading: 0.9 minutes are over before.
    let (read, shares) = repeated(&[&wild], 1.0);
    assert!((7..MOST).contains(&read[0]), "{read:?}");
    assert!(shares.is_sorted(), "{shares:?}");
}
