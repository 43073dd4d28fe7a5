//! The threads of the process that use the package: one record for each, which says whether the thread is alive and
//! holds the word on which it sleeps.

mod cpu_clock;
#[cfg(not(loom))]
pub mod explore;
mod interrupts;
mod parker;
mod registry;
mod signals;
mod timer;
mod watcher;
mod writer;

pub use cpu_clock::CpuClock;
pub use interrupts::{Interrupt, InterruptPoll, InterruptSource, Runtime};
pub use parker::Parker;
pub use registry::{AlreadyRegistered, LastError, Status, Threads, Watching};
pub use timer::{Expire, Limit, Timer};
pub use writer::{Sink, Stream, Taking, Writer};

use crate::futex::Deadline;
use crate::sync::{AtomicBool, AtomicU64, Ordering};
use std::num::NonZeroU32;
#[cfg(not(loom))]
use std::sync::Arc;
use std::sync::OnceLock;

/// The id of a thread in the words of the primitives: the worker's `threadId + 1`, so that zero means no thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ThreadId(NonZeroU32);

impl ThreadId {
    /// The most bits that a thread id takes. The words of the primitives keep their flags above them.
    pub const BITS: u32 = 29;
    /// The largest thread id, and the mask of the bits that hold one.
    pub const MAX: u32 = (1 << Self::BITS) - 1;

    /// The id that a word holds in its lower bits. None for zero and for numbers above [`ThreadId::MAX`].
    pub fn new(number: u32) -> Option<Self> {
        NonZeroU32::new(number)
            .filter(|number| number.get() <= Self::MAX)
            .map(ThreadId)
    }

    /// The number that the words hold.
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// The worker's `threadId`, as JavaScript shows it: 0 is the main thread.
    pub fn worker(self) -> u32 {
        self.get() - 1
    }
}

/// What the process knows of one thread.
///
/// Orderings: `interrupt` stores the flag with release, and `take_interrupt` acquires it, so the thread sees what the
/// watcher saw. `blocked` and `checking_interrupts` are stored with release by the thread itself, and a thread that
/// grants something acquires them under the lock of a bucket. `wait_stats` belongs to the thread alone.
pub struct Thread {
    id: ThreadId,
    parker: Parker,
    /// The runtime wants to interrupt the thread: it was woken for that, and not because its wait completed.
    interrupted: AtomicBool,
    /// The thread's event loop is being watched.
    watched: AtomicBool,
    /// The thread is blocked.
    blocked: AtomicBool,
    /// The thread is blocked, and checks for interrupts at this moment.
    checking_interrupts: AtomicBool,
    /// Statistics of the thread's waits, which only the thread itself uses.
    wait_stats: AtomicU64,
    /// The CPU clock of the thread, if a report wants to know it.
    cpu_clock: OnceLock<CpuClock>,
    /// The scheduler that decides when the thread runs, if it is explored.
    #[cfg(not(loom))]
    explored: OnceLock<Arc<explore::Explored>>,
}

/// Whether the calling thread runs when a scheduler says so. Spinning would be in vain then: no other thread runs.
pub fn is_scheduled() -> bool {
    #[cfg(loom)]
    return true;
    #[cfg(not(loom))]
    explore::is_scheduled()
}

/// Whether to hand off a lock, if a scheduler decides that for the calling thread.
pub fn choose_handoff() -> Option<bool> {
    #[cfg(loom)]
    return None;
    #[cfg(not(loom))]
    explore::choose_handoff()
}

/// The time by which the limits of the calling thread are set.
#[inline]
pub fn now() -> Deadline {
    #[cfg(loom)]
    return Deadline::now();
    #[cfg(not(loom))]
    explore::now()
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
            cpu_clock: OnceLock::new(),
            #[cfg(not(loom))]
            explored: OnceLock::new(),
        }
    }

    /// The id of the thread.
    pub fn id(&self) -> ThreadId {
        self.id
    }

    /// What the thread sleeps on.
    pub fn parker(&self) -> &Parker {
        &self.parker
    }

    /// The thread as a scheduler sees it, while that decides when the thread runs.
    #[cfg(not(loom))]
    pub fn explored(&self) -> Option<&explore::Explored> {
        let explored = self.explored.get()?;
        explored.is_active().then_some(&**explored)
    }

    /// Leaves a token, and wakes the thread if it is blocked.
    pub fn unpark(&self) {
        #[cfg(not(loom))]
        if let Some(explored) = self.explored() {
            return explored.wake();
        }
        self.parker.unpark();
    }

    /// Wakes the thread to check for interrupts.
    pub fn interrupt(&self) {
        self.interrupted.store(true, Ordering::Release);
        self.parker.unpark();
    }

    /// Whether the thread was interrupted since the last call.
    pub fn take_interrupt(&self) -> bool {
        self.interrupted.swap(false, Ordering::AcqRel)
    }

    /// Lets the runtime interrupt the thread in the middle of a wait. That may take long: a heap snapshot, or a
    /// debugger that stops there.
    pub fn check_interrupts(&self, runtime: &dyn Runtime) -> Interrupt {
        let outer = self.checking_interrupts.swap(true, Ordering::AcqRel);
        let interrupt = runtime.check_interrupts();
        self.checking_interrupts.store(outer, Ordering::Release);
        interrupt
    }

    /// Whether the thread checks for interrupts in the middle of a wait.
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

    /// Statistics of the thread's waits, as the thread recorded them.
    pub fn wait_stats(&self) -> u64 {
        self.wait_stats.load(Ordering::Relaxed)
    }

    /// Records statistics of the thread's waits. Only the thread itself calls this.
    pub fn set_wait_stats(&self, wait_stats: u64) {
        self.wait_stats.store(wait_stats, Ordering::Relaxed);
    }

    /// Lets other threads see how much CPU the thread uses. The thread itself calls this.
    pub fn show_cpu_clock(&self) {
        if self.cpu_clock.get().is_none()
            && let Some(clock) = CpuClock::of_this_thread()
        {
            self.cpu_clock.set(clock).ok();
        }
    }

    /// Whether the thread is blocked.
    pub fn is_blocked(&self) -> bool {
        self.blocked.load(Ordering::Acquire)
    }
}
