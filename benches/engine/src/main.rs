//! The engine outside of the browser, for benches/browser/native.mjs, the counterpart of
//! benches/peers/llama/serve.py for llama.cpp: `precis-bench-peer MODEL THREADS CONTEXT`
//!
//! Prints a line of JSON when the model is loaded, then answers each `{"ids": [...], "decode": 32}`
//! on standard input, and ends with it. Computes nothing between requests.

use std::fs::File;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use precis::backend::cpu::{self, Cpu};
use precis::host::native::{Native, block_on};
use precis::lm::gguf::Gguf;
use precis::lm::model::Model;
use precis::lm::session::Session;
use precis::measure::bench;
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Request {
    ids: Vec<u32>,
    decode: usize,
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [path, threads, positions] = arguments.as_slice() else {
        bail!("usage: precis-bench-peer MODEL THREADS CONTEXT");
    };
    let backend = Cpu { threads: cpu::start_threads(threads.parse().context("THREADS")?)? };
    let mut file = Gguf::open(File::open(path).with_context(|| path.clone())?)?;
    let model = Model::load(&backend, &mut file, &mut |_, _| ())?;
    let mut session = Session::new(backend, model);
    session.extend(positions.parse().context("CONTEXT")?)?;
    println!("{}", json!({ "features": cpu::features().join(" ") }));
    let host = Native::new(|_| ());
    for line in std::io::stdin().lines() {
        let Request { ids, decode } = serde_json::from_str(&line?)?;
        let before = processor_time();
        let measured = block_on(bench::measure(&mut session, &ids, decode, false, &host))?;
        let answer = json!({
            "prefill_ms": measured.prefill.ms,
            "decode_ms": measured.decode.ms,
            "written": measured.written,
            "cpu_ms": (processor_time() - before).as_secs_f64() * 1000.0,
        });
        println!("{answer}");
    }
    Ok(())
}

/// CPU time of all threads of this process so far.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
