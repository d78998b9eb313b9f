//! Work shared among threads, where available.

#[cfg(any(not(target_arch = "wasm32"), feature = "threads"))]
use super::pool;

/// Number of compute threads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads(usize);

impl Threads {
    /// `count` threads including the calling one; the caller has started the others.
    pub fn started(count: usize) -> Self {
        Self(count.max(1))
    }

    /// At least 1.
    pub fn count(self) -> usize {
        self.0
    }
}

impl Default for Threads {
    /// The calling thread alone.
    fn default() -> Self {
        Self(1)
    }
}

/// Starts compute threads, `count` including the calling one. They last until the program ends.
///
/// # Errors
/// `host-failed` if the system cannot start more threads.
#[cfg(not(target_arch = "wasm32"))]
pub fn start_threads(count: usize) -> crate::Result<Threads> {
    for _ in 1..count {
        let helper = std::thread::Builder::new().name("precis".into()).spawn(|| pool::help());
        helper.map_err(|e| crate::Error::Host { reason: format!("threads: {e}") })?;
    }
    Ok(Threads::started(count))
}

/// Turns the calling thread into a helper until the program ends.
#[cfg(all(target_arch = "wasm32", feature = "threads"))]
pub fn become_thread() -> ! {
    pool::help()
}

/// Runs `work` for every task, on all threads if there is more than one task. Handing out a task
/// costs about a microsecond.
pub fn for_each<T: Send>(
    threads: Threads,
    tasks: impl ExactSizeIterator<Item = T>,
    work: impl Fn(T) + Sync + Send,
) {
    #[cfg(any(not(target_arch = "wasm32"), feature = "threads"))]
    if threads.count() > 1 && tasks.len() > 1 {
        use std::sync::{Mutex, PoisonError};
        let tasks: Vec<_> = tasks.map(|task| Mutex::new(Some(task))).collect();
        return pool::share(tasks.len(), &|i| {
            let task = tasks[i].lock().unwrap_or_else(PoisonError::into_inner).take();
            task.into_iter().for_each(&work);
        });
    }
    let _ = threads;
    tasks.for_each(work);
}
