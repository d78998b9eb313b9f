//! The host for the command line and tests: the system clock, no yielding.

use std::ops::ControlFlow;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::{Event, Host};
use crate::report::EnvironmentReport;

/// Runs on the calling thread and passes every event to a function.
pub struct Native<F> {
    started: Instant,
    on_event: F,
}

impl<F: Fn(Event)> Native<F> {
    /// A host that passes events to `on_event`.
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

/// Runs a future to completion on this thread.
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        // The CPU backend and this host are always ready; a device with its own queue makes
        // progress when polled.
        if let Poll::Ready(output) = future.as_mut().poll(&mut context) {
            return output;
        }
        std::thread::yield_now();
    }
}
