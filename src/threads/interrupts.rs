//! How a JavaScript runtime interrupts a thread that is blocked, and when the thread checks for that.
//!
//! A short wait never checks. During a longer wait, the watcher watches the descriptor of the thread's event loop,
//! and the thread sleeps until the watcher interrupts it. Two things write nothing to that descriptor. An event that
//! was pending before is not reported a second time, so after a first interrupt the thread checks a few times a
//! second. A `vm` time limit is never reported, so the thread checks once a second in any case.

use super::{Thread, Threads, Watching};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::label::Label;

/// The result of an interrupt check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// There is no reason to end the wait.
    Continue,
    /// The wait has to end: the thread is being terminated, or an exception is pending in it.
    Stop,
}

/// How a blocked thread learns that its runtime wants to interrupt it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptSource {
    /// It is never interrupted.
    Never,
    /// The descriptor of its event loop becomes readable.
    Descriptor(i32),
    /// Nothing reports it. The thread checks at intervals in nanoseconds, which double from the first to the longest.
    Intervals {
        /// How long it sleeps before the first check.
        first: u64,
        /// How long it sleeps at most.
        longest: u64,
    },
}

/// The runtime of one thread.
pub trait Runtime {
    /// How the runtime interrupts the thread.
    fn interrupt_source(&self) -> InterruptSource;

    /// Serves the pending interrupts of the runtime. It may run user code, which may wait in turn. The caller holds
    /// no lock across this call, and checks its own state again afterwards.
    fn check_interrupts(&self) -> Interrupt;

    /// How messages refer to the primitive in `cell`, one of those at which the thread waits.
    fn label(&self, _cell: SharedWord) -> Label {
        Label::default()
    }

    /// The cells of the locks that the thread reads, by itself or by guards. While the thread is blocked and does not
    /// check for interrupts, they stay the same.
    fn cells_read(&self) -> Vec<SharedWord> {
        Vec::new()
    }

    /// The thread is about to block. Its promises are passed over until it resumes.
    fn before_block(&self) {}

    /// The thread is no longer blocked, unless in an outer wait.
    fn after_block(&self) {}
}

/// The longest short wait, in nanoseconds.
const SHORT_WAIT_NS: u64 = 8_000_000;
/// The interval of a thread that was never interrupted.
const NEVER_INTERRUPTED: Interval = Interval::steady(1_000_000_000);
/// The interval of a thread that was interrupted before.
const INTERRUPTED: Interval = Interval::steady(75_000_000);
/// The interval of a thread whose event loop was readable when the watch began. Something may be pending there that
/// will not be reported a second time.
const STALE: Interval = Interval {
    interval: INTERRUPTED.interval,
    longest: 500_000_000,
};
/// The interval of a thread whose event loop is not watched, or not yet.
const UNWATCHED: Interval = Interval {
    interval: SHORT_WAIT_NS,
    longest: INTERRUPTED.interval,
};

/// The interrupt checks of one wait.
pub struct InterruptPoll<'a> {
    threads: &'a Threads,
    thread: &'a Thread,
    /// The descriptor to watch if the wait lasts.
    descriptor: Option<i32>,
    watching: Option<Watching<'a>>,
    /// The next interrupt is stale: it reports an event from before the watch began, which the check that began the
    /// watch has served.
    stale_interrupt: bool,
    interval: Option<Interval>,
    next_check: Option<Deadline>,
}

/// How often to check: the interval in nanoseconds doubles up to the longest.
#[derive(Clone, Copy)]
struct Interval {
    interval: u64,
    longest: u64,
}

impl Interval {
    const fn steady(interval: u64) -> Self {
        Interval {
            interval,
            longest: interval,
        }
    }

    fn next(self) -> Self {
        let interval = self.interval.saturating_mul(2).clamp(1, self.longest);
        Interval { interval, ..self }
    }

    /// The time of the next check. The checks of all blocked threads fall on the same moments, except the first ones:
    /// waking an idle processor costs more than the check.
    fn next_check(self) -> Deadline {
        let now = Deadline::now();
        if self.interval <= SHORT_WAIT_NS {
            now.plus(self.interval)
        } else {
            let past = now.as_nanoseconds() / self.interval;
            Deadline::from_nanoseconds((past + 1) * self.interval)
        }
    }
}

impl<'a> InterruptPoll<'a> {
    /// Begins together with a wait.
    pub fn new(threads: &'a Threads, thread: &'a Thread, runtime: &dyn Runtime) -> Self {
        let (descriptor, interval) = match runtime.interrupt_source() {
            InterruptSource::Never => (None, None),
            InterruptSource::Descriptor(descriptor) => (Some(descriptor), Some(UNWATCHED)),
            InterruptSource::Intervals { first, longest } => {
                let interval = first;
                (None, Some(Interval { interval, longest }))
            }
        };
        InterruptPoll {
            threads,
            thread,
            descriptor,
            watching: None,
            stale_interrupt: false,
            interval,
            next_check: interval.map(Interval::next_check),
        }
    }

    /// When to check next. None if nothing can interrupt the thread.
    pub fn next_check(&self) -> Option<Deadline> {
        self.next_check
    }

    /// Notes that a check is due. The caller calls this before the check, so that nothing that happens after it is
    /// missed.
    pub fn check_is_due(&mut self) {
        let watching = self
            .descriptor
            .take()
            .and_then(|descriptor| self.threads.watch(self.thread, descriptor));
        let interval = match &watching {
            None => self.interval.map(Interval::next),
            Some(watching) if watching.first_interrupt_is_stale() => Some(STALE),
            Some(_) => Some(NEVER_INTERRUPTED),
        };
        if let Some(watching) = watching {
            self.stale_interrupt = watching.first_interrupt_is_stale();
            self.watching = Some(watching);
        }
        self.check_every(interval);
    }

    /// Notes that the thread was interrupted.
    pub fn interrupted(&mut self) {
        let interval = if std::mem::take(&mut self.stale_interrupt) {
            self.interval
        } else {
            Some(INTERRUPTED)
        };
        self.check_every(interval);
    }

    fn check_every(&mut self, interval: Option<Interval>) {
        self.interval = interval;
        self.next_check = interval.map(Interval::next_check);
    }
}
