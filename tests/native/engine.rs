//! Whole runs on each backend, and recovery from GPU loss.

use std::cell::{Cell, RefCell};
use std::io::Cursor;
use std::rc::Rc;
use std::time::Instant;

use precis::backend::Backend;
use precis::backend::cpu::Cpu;
use precis::backend::webgpu::WebGpu;
use precis::engine::{Compute, Engine, Setup};
use precis::host::Event;
use precis::host::native::{Native, block_on};
use precis::report::BackendReport;
use precis::summarize::Options;
use precis::summarize::plan::Strategy;

/// Longer than the tiny model's 512 positions.
fn document() -> String {
    "A service is a small program with one task. It runs in its own process. ".repeat(40)
}

fn engine(compute: Compute) -> Engine<Cursor<&'static [u8]>> {
    let started = Instant::now();
    let setup = Setup {
        compute,
        open: Box::new(|| Ok(Cursor::new(crate::common::TINY))),
        now_ms: Rc::new(move || Some(started.elapsed().as_secs_f64() * 1000.0)),
        cpu: Cpu::default(),
        cpu_report: BackendReport { kind: "native".into(), threads: 1, ..Default::default() },
        model: ("tiny".into(), None),
        read_ms: None,
    };
    block_on(Engine::load(setup, &mut |_, _| ())).expect("the fixture loads")
}

fn gpu(engine: &mut Engine<Cursor<&'static [u8]>>) -> WebGpu {
    engine.gpu().expect("a GPU, or Mesa's lavapipe (package mesa-vulkan-drivers)").clone()
}

#[test]
fn reports_say_what_computed() {
    let host = Native::new(|_| ());
    let report = |compute| {
        let mut engine = engine(compute);
        block_on(engine.run(&document(), &Options::default(), &host)).expect("a summary")
    };
    let on_gpu = report(Compute::WebGpu);
    assert_eq!(on_gpu.backend.kind, "webgpu");
    assert_eq!(on_gpu.backend.reason.as_deref(), Some("asked for"));
    assert!(on_gpu.backend.adapter.is_some());
    assert!(on_gpu.memory.gpu_bytes > Some(on_gpu.memory.kv_bytes));
    assert!(on_gpu.load.pipelines_ms > Some(0.0));
    let on_cpu = report(Compute::Cpu);
    assert_eq!((on_cpu.backend.kind.as_str(), on_cpu.backend.adapter), ("native", None));
    assert_eq!(on_cpu.absent["load.pipelines_ms"], "no GPU was used");
    // The tiny model is unsure of the windows' notes, so the runs may diverge there.
    assert_eq!(on_gpu.document.tokens, on_cpu.document.tokens);
    assert_eq!(on_gpu.plan.windows, on_cpu.plan.windows);
    let auto = report(Compute::Auto);
    assert!(auto.backend.reason.is_some(), "why this and not the other");
}

#[test]
fn one_pass_goes_past_the_context_on_the_gpu_too() {
    let options = Options { strategy: Strategy::OnePass, ..Default::default() };
    let host = Native::new(|_| ());
    let mut engine = engine(Compute::WebGpu);
    let report = block_on(engine.run(&document(), &options, &host)).expect("a summary");
    assert_eq!((report.backend.kind.as_str(), report.plan.windows), ("webgpu", 1));
    assert!(report.plan.context_extension.is_some());
}

/// A run that loses `times` GPUs, each after the second chunk.
fn run_and_lose(times: usize) -> (Vec<String>, precis::report::Report) {
    let mut engine = engine(Compute::WebGpu);
    let first = gpu(&mut engine);
    let current = Rc::new(RefCell::new(Some(first)));
    let (left, reads, restarts) = (Cell::new(times), Cell::new(0), RefCell::new(Vec::new()));
    let text = document();
    let mut report = None;
    while report.is_none() {
        let host = Native::new(|event| match event {
            Event::Read { .. } => {
                reads.set(reads.get() + 1);
                if reads.get() == 2
                    && let Some(gpu) = current.take()
                {
                    left.set(left.get() - 1);
                    gpu.destroy();
                }
            }
            Event::Restarted { reason } => {
                restarts.borrow_mut().push(reason);
                reads.set(0);
            }
            _ => {}
        });
        let options = Options { chunk: Some(64), fresh: true, ..Default::default() };
        report = Some(block_on(engine.run(&text, &options, &host)).expect("a summary"));
        if left.get() > 0 {
            // The next device is known only now.
            current.replace(Some(gpu(&mut engine)));
            (report, _) = (None, reads.set(0));
        }
    }
    (restarts.into_inner(), report.expect("the loop ended with one"))
}

#[test]
fn a_lost_gpu_is_replaced_and_a_second_one_by_the_processor() {
    let host = Native::new(|_| ());
    let options = Options { chunk: Some(64), fresh: true, ..Default::default() };
    let undisturbed =
        block_on(engine(Compute::WebGpu).run(&document(), &options, &host)).expect("a summary");
    let (restarts, report) = run_and_lose(1);
    assert_eq!(restarts.len(), 1);
    assert_eq!(report.backend.kind, "webgpu");
    let reason = report.backend.reason.clone().expect("why it was restarted");
    assert!(reason.contains("restarted"), "{reason}");
    let chunks = |report: &precis::report::Report| -> Vec<usize> {
        report.prefill.chunks.iter().map(|chunk| chunk.position).collect()
    };
    assert_eq!(chunks(&report)[..4], chunks(&undisturbed)[..4], "nothing of the lost run counts");
    assert!(!report.summary.is_empty());
    let (restarts, report) = run_and_lose(2);
    assert_eq!((restarts.len(), report.backend.kind.as_str()), (2, "native"));
    let reason = report.backend.reason.expect("why it is not the GPU");
    assert!(reason.contains("restarted"), "{reason}");
}

#[test]
fn twenty_runs_take_no_more_memory_than_two() {
    let mut engine = engine(Compute::WebGpu);
    let gpu = gpu(&mut engine);
    let host = Native::new(|_| ());
    let mut bytes = Vec::new();
    for _ in 0..20 {
        let text = "A service is a small program with one task. ".repeat(12);
        let options =
            Options { max_tokens: Some(4), chunk: Some(128), fresh: true, ..Default::default() };
        block_on(engine.run(&text, &options, &host)).expect("a summary");
        bytes.push(gpu.device_bytes());
    }
    assert!(bytes[2..].iter().all(|now| *now == bytes[1]), "{bytes:?}");
}
