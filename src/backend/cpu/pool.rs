//! Threads that help with one operation after another.
//!
//! A decoder runs some two hundred operations per token. Many take less time than waking a sleeping
//! thread, which takes 20 to 40 µs; rayon's threads sleep between operations. These helpers poll
//! for the next operation for a while before they sleep, so they begin within a microsecond. The
//! owner of an operation works on it too. It never waits for helpers to arrive, and at the end
//! waits only for those that have begun a task.

use std::cell::UnsafeCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release, SeqCst};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize};
use std::sync::{Condvar, Mutex, PoisonError, TryLockError};

/// Polls before a helper sleeps: about 0.1 ms.
const LOOKS: usize = if cfg!(target_arch = "wasm32") { 50_000 } else { 2_000 };

/// Bit of [`Pool::state`]: an operation is open.
const OPEN: u32 = 1 << 31;

type Work<'a> = dyn Fn(usize) + Sync + 'a;

struct Pool {
    /// [`OPEN`], and the number of helpers in the operation.
    state: AtomicU32,
    /// Tasks that nobody has taken. Task `n` is the one taken when `n + 1` were left.
    left: AtomicUsize,
    /// The task function. Written only by the holder of `owner`, while the operation is closed and
    /// has no helpers; read only by helpers in it.
    work: UnsafeCell<*const Work<'static>>,
    /// Whether a helper's task panicked.
    panicked: AtomicBool,
    /// Held by the thread that owns the operation.
    owner: Mutex<()>,
    sleeping: Mutex<usize>,
    more: Condvar,
    /// Copy of the number in `sleeping`, to read without the lock.
    sleepers: AtomicUsize,
}

// SAFETY: only `work` is not `Sync`. It is read and written as its comment says, and points to
// something that is `Sync`.
unsafe impl Sync for Pool {}

static POOL: Pool = Pool {
    state: AtomicU32::new(0),
    left: AtomicUsize::new(0),
    work: UnsafeCell::new(&|_| ()),
    panicked: AtomicBool::new(false),
    owner: Mutex::new(()),
    sleeping: Mutex::new(0),
    more: Condvar::new(),
    sleepers: AtomicUsize::new(0),
};

/// Calls `work` with every number below `tasks`, on this thread and on all in [`help`]. If another
/// thread has the helpers, this one does all tasks itself.
pub fn share(tasks: usize, work: &Work<'_>) {
    let owner = match POOL.owner.try_lock() {
        Ok(owner) => owner,
        Err(TryLockError::Poisoned(owner)) => owner.into_inner(),
        Err(TryLockError::WouldBlock) => return (0..tasks).for_each(work),
    };
    // SAFETY: only the lifetime changes, and `Operation` ends before `work` does. Nobody reads
    // here: the end of the last operation waited for all its helpers.
    unsafe {
        *POOL.work.get() = std::mem::transmute::<*const Work<'_>, *const Work<'static>>(work)
    };
    POOL.panicked.store(false, Relaxed);
    let operation = Operation;
    POOL.left.store(tasks, SeqCst);
    POOL.state.fetch_or(OPEN, Release);
    if POOL.sleepers.load(SeqCst) > 0 {
        drop(POOL.sleeping.lock().unwrap_or_else(PoisonError::into_inner));
        POOL.more.notify_all();
    }
    take_tasks(work);
    drop(operation);
    drop(owner);
    assert!(!POOL.panicked.load(Relaxed), "a task panicked on another thread");
}

/// An open operation; dropping it, even in a panic, waits for its helpers.
struct Operation;

impl Drop for Operation {
    fn drop(&mut self) {
        POOL.left.store(0, SeqCst);
        POOL.state.fetch_and(!OPEN, Release);
        while POOL.state.load(Acquire) != 0 {
            std::hint::spin_loop();
        }
    }
}

fn take_tasks(work: &Work<'_>) {
    let one_less = |left: usize| left.checked_sub(1);
    while let Ok(left) = POOL.left.fetch_update(Relaxed, Relaxed, one_less) {
        work(left - 1);
    }
}

/// Helps with operations until the program ends.
pub fn help() -> ! {
    loop {
        wait_for_tasks();
        let enter = |state| (state & OPEN != 0).then_some(state + 1);
        if POOL.state.fetch_update(Acquire, Relaxed, enter).is_ok() {
            // SAFETY: this thread is in an open operation, which does not end before it leaves.
            let work = unsafe { &**POOL.work.get() };
            if catch_unwind(AssertUnwindSafe(|| take_tasks(work))).is_err() {
                POOL.panicked.store(true, Relaxed);
            }
            POOL.state.fetch_sub(1, Release);
        }
    }
}

fn wait_for_tasks() {
    let none = || POOL.left.load(SeqCst) == 0;
    for _ in 0..LOOKS {
        if !none() {
            return;
        }
        std::hint::spin_loop();
    }
    let mut sleeping = POOL.sleeping.lock().unwrap_or_else(PoisonError::into_inner);
    *sleeping += 1;
    POOL.sleepers.store(*sleeping, SeqCst);
    while none() {
        sleeping = POOL.more.wait(sleeping).unwrap_or_else(PoisonError::into_inner);
    }
    *sleeping -= 1;
    POOL.sleepers.store(*sleeping, SeqCst);
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;

    fn helpers(count: usize) {
        (0..count).for_each(|_| drop(std::thread::spawn(|| help())));
    }

    #[test]
    fn every_task_is_done_once_whoever_asks_and_however_many_help() {
        helpers(3);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for tasks in (0..40).cycle().take(20_000) {
                        let done: Vec<AtomicUsize> = (0..tasks).map(|_| 0.into()).collect();
                        share(tasks, &|i| {
                            done[i].fetch_add(1, Relaxed);
                        });
                        assert!(done.iter().all(|done| done.load(Relaxed) == 1));
                    }
                });
            }
        });
    }

    #[test]
    fn a_task_that_panics_panics_where_it_was_shared() {
        helpers(1);
        for _ in 0..100 {
            let shared = catch_unwind(|| {
                share(50, &|i| {
                    assert!(i != 7, "planted");
                    std::thread::yield_now();
                });
            });
            assert!(shared.is_err());
        }
        let done = AtomicUsize::new(0);
        share(50, &|_| {
            done.fetch_add(1, Relaxed);
        });
        assert_eq!(done.into_inner(), 50);
    }
}
