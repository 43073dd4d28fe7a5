//! The threads of the process that use the package: one record a thread, which says whether it lives and holds
//! the word that it sleeps on.

mod interrupt_poll;
mod parker;
mod registry;
mod runtime;
mod signals;
mod timer;
mod watcher;

pub use interrupt_poll::InterruptPoll;
pub use parker::Parker;
pub use registry::{AlreadyRegistered, Status, Threads, Watching};
pub use runtime::{Interrupt, InterruptSource, Runtime};
pub use timer::{Expire, Limit, Timer};

use crate::sync::{AtomicBool, AtomicU64, Ordering};
use std::num::NonZeroU32;

/// A thread's number in the words of the primitives: the worker's `threadId + 1`, so that zero means nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(NonZeroU32);

impl ThreadId {
    /// Bits that a thread's number takes at most; the words of the primitives keep their flags above them.
    pub const BITS: u32 = 29;
    /// The largest number of a thread, and the mask of the bits that hold one.
    pub const MAX: u32 = (1 << Self::BITS) - 1;

    /// The id that a word holds in its lower bits: none for zero and beyond [`ThreadId::MAX`].
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number)
            .filter(|number| number.get() <= Self::MAX)
            .map(ThreadId)
    }

    /// The number as the words hold it.
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// The worker's `threadId`, as JavaScript shows it: 0 is the main thread.
    pub fn worker(self) -> u32 {
        self.get() - 1
    }
}

/// What the process knows of one thread.
pub struct Thread {
    id: ThreadId,
    parker: Parker,
    /// Its runtime wants it: it was woken for that, and not because a wait was settled.
    interrupted: AtomicBool,
    /// Its event loop is being watched.
    watched: AtomicBool,
    /// It is blocked.
    blocked: AtomicBool,
    /// It is blocked, and serves its runtime at this moment.
    checking_interrupts: AtomicBool,
    /// How long its waits have been. Its own alone.
    wait_stats: AtomicU64,
}

impl Thread {
    fn new(id: ThreadId) -> Self {
        Thread {
            id,
            parker: Parker::new(),
            interrupted: AtomicBool::new(false),
            watched: AtomicBool::new(false),
            blocked: AtomicBool::new(false),
            checking_interrupts: AtomicBool::new(false),
            wait_stats: AtomicU64::new(0),
        }
    }

    /// Who this is.
    pub fn id(&self) -> ThreadId {
        self.id
    }

    /// What it sleeps on.
    pub fn parker(&self) -> &Parker {
        &self.parker
    }

    /// Wakes it to look what its runtime wants.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Release);
        self.parker.unpark();
    }

    /// Whether it was poked since this was asked last.
    pub fn take_interrupt(&self) -> bool {
        self.interrupted.swap(false, Ordering::AcqRel)
    }

    /// Has the runtime served in the middle of a wait. That may take long: a heap snapshot, or a debugger that stops there.
    pub fn check_interrupts(&self, runtime: &dyn Runtime) -> Interrupt {
        let outer = self.checking_interrupts.swap(true, Ordering::AcqRel);
        let look = runtime.check_interrupts();
        self.checking_interrupts.store(outer, Ordering::Release);
        look
    }

    /// Whether it serves its runtime in the middle of a wait.
    pub fn is_checking_interrupts(&self) -> bool {
        self.checking_interrupts.load(Ordering::Acquire)
    }

    /// Calls `wait`, which blocks the thread.
    pub fn blocked<R>(&self, wait: impl FnOnce() -> R) -> R {
        let outer = self.blocked.swap(true, Ordering::AcqRel);
        let result = wait();
        self.blocked.store(outer, Ordering::Release);
        result
    }

    /// How long its waits have been, as it noted itself.
    pub fn wait_stats(&self) -> u64 {
        self.wait_stats.load(Ordering::Relaxed)
    }

    /// Notes how long its waits have been. To be called by the thread itself.
    pub fn set_wait_stats(&self, wait_stats: u64) {
        self.wait_stats.store(wait_stats, Ordering::Relaxed);
    }

    /// Whether it is blocked.
    pub fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Acquire)
    }
}
