//! Work that is divided among threads, where there are any.

/// How many threads compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads(usize);

impl Threads {
    /// This many, which the caller has started as rayon's global pool; 1 needs no start.
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

/// Starts threads that compute. They last until the program ends, and there can be no others.
///
/// # Errors
/// `host-failed` when the system has no more threads to give.
#[cfg(not(target_arch = "wasm32"))]
pub fn start_threads(count: usize) -> crate::Result<Threads> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(count.max(1)).build_global();
    pool.map_err(|e| crate::Error::Host { reason: format!("threads: {e}") })?;
    Ok(Threads::started(count))
}

/// Does `work` with every task, on all threads when there is more than one task. Handing tasks
/// out costs some 30 µs: a task should be worth more than that.
pub fn for_each<T: Send>(
    threads: Threads,
    tasks: impl ExactSizeIterator<Item = T>,
    work: impl Fn(T) + Sync + Send,
) {
    #[cfg(any(not(target_arch = "wasm32"), target_feature = "atomics"))]
    if threads.count() > 1 && tasks.len() > 1 {
        use rayon::iter::{IntoParallelIterator, ParallelIterator};
        let tasks: Vec<T> = tasks.collect();
        return tasks.into_par_iter().for_each(work);
    }
    let _ = threads;
    tasks.for_each(work);
}
