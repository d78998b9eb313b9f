//! The host of the command line and of tests: the system's clock, no yielding.

use std::ops::ControlFlow;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::{Event, Host};
use crate::report::EnvironmentReport;

/// Runs on the calling thread and hands every event to a function.
pub struct Native<F> {
    started: Instant,
    on_event: F,
}

impl<F: Fn(Event)> Native<F> {
    /// A host that tells `on_event` what happens.
    pub fn new(on_event: F) -> Self {
        Self { started: Instant::now(), on_event }
    }
}

impl<F: Fn(Event)> Host for Native<F> {
    fn now_ms(&self) -> Option<f64> {
        Some(self.started.elapsed().as_secs_f64() * 1000.0)
    }

    async fn yield_now(&self) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn emit(&self, event: Event) {
        (self.on_event)(event);
    }

    fn environment(&self) -> EnvironmentReport {
        EnvironmentReport {
            user_agent: Some(format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)),
            logical_cores: std::thread::available_parallelism().ok().map(Into::into),
            clock: Some("runs".into()),
            ..EnvironmentReport::default()
        }
    }

    fn memory_bytes(&self) -> Option<u64> {
        None
    }
}

/// Runs a future to its end on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        // The processor's backend and this host are ready at once; a device with a queue of its
        // own makes progress while it is polled.
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::yield_now();
    }
}
