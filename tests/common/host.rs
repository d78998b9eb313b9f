//! A host that records events, whose clock ticks when read, and that can break off a run.

use std::cell::{Cell, RefCell};
use std::ops::ControlFlow;

use precis::host::{Event, Host};
use precis::report::EnvironmentReport;

#[derive(Default)]
pub struct TestHost {
    pub events: RefCell<Vec<Event>>,
    /// Milliseconds; `None` for a clock that does not advance.
    pub clock: Option<Cell<f64>>,
    /// Milliseconds between two clock reads.
    pub tick: f64,
    /// Yields before the run is broken off; `None`: never.
    pub patience: Option<Cell<usize>>,
}

impl TestHost {
    /// One millisecond passes between two clock reads.
    pub fn ticking() -> Self {
        Self { clock: Some(Cell::new(0.0)), tick: 1.0, ..Self::default() }
    }

    /// No clock; breaks at the yield after this many.
    pub fn breaking(yields: usize) -> Self {
        Self::default().patient(yields)
    }

    /// Breaks at the yield after this many.
    pub fn patient(self, yields: usize) -> Self {
        Self { patience: Some(Cell::new(yields)), ..self }
    }
}

impl Host for TestHost {
    fn now_ms(&self) -> Option<f64> {
        let clock = self.clock.as_ref()?;
        clock.set(clock.get() + self.tick);
        Some(clock.get())
    }

    async fn yield_now(&self) -> ControlFlow<()> {
        match self.patience.as_ref().map(|patience| (patience, patience.get())) {
            Some((_, 0)) => ControlFlow::Break(()),
            Some((patience, left)) => {
                patience.set(left - 1);
                ControlFlow::Continue(())
            }
            None => ControlFlow::Continue(()),
        }
    }

    fn emit(&self, event: Event) {
        self.events.borrow_mut().push(event);
    }

    fn environment(&self) -> EnvironmentReport {
        EnvironmentReport::default()
    }

    fn memory_bytes(&self) -> Option<u64> {
        None
    }
}
