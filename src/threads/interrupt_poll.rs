//! When a blocked thread looks whether its runtime wants it.
//!
//! A short wait never looks. One that lasts longer has the descriptor of its event loop watched, and sleeps until it is
//! poked. Two things write nothing to that descriptor: an event that was pending before, and is not reported a second
//! time, so after a first poke the thread looks a few times a second; and a `vm` time limit, so it also looks
//! once a second in any case.

use super::{InterruptSource, Runtime, Thread, Threads, Watching};
use crate::futex::Deadline;

/// How long a wait is short, in nanoseconds.
const BRIEF: u64 = 8_000_000;
/// A thread that was never poked.
const NEVER_INTERRUPTED: Interval = Interval::steady(1_000_000_000);
/// A thread that was poked before.
const INTERRUPTED: Interval = Interval::steady(75_000_000);
/// A thread whose loop was readable when the watch began: something may be pending there that will not be reported a
/// second time.
const STALE: Interval = Interval {
    interval: INTERRUPTED.interval,
    longest: 500_000_000,
};
/// A thread whose loop is not watched, or not yet.
const UNWATCHED: Interval = Interval {
    interval: BRIEF,
    longest: INTERRUPTED.interval,
};

/// One wait's watch over the runtime.
pub struct InterruptPoll<'a> {
    threads: &'a Threads,
    thread: &'a Thread,
    /// The descriptor to watch if the wait lasts.
    descriptor: Option<i32>,
    watching: Option<Watching<'a>>,
    /// The next poke tells of what was there before the watch began, and the look that began it has served that.
    stale_interrupt: bool,
    pace: Option<Interval>,
    next_check: Option<Deadline>,
}

/// How often to look: at an interval, in nanoseconds, that doubles up to the longest.
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

    /// The moment of the next look. Those of all blocked threads fall together, but for the first ones: waking an idle
    /// processor costs more than the look.
    fn moment(self) -> Deadline {
        let now = Deadline::now();
        if self.interval <= BRIEF {
            now.plus(self.interval)
        } else {
            let past = now.as_nanoseconds() / self.interval;
            Deadline::from_nanoseconds((past + 1) * self.interval)
        }
    }
}

impl<'a> InterruptPoll<'a> {
    /// Begins with a wait.
    pub fn new(threads: &'a Threads, thread: &'a Thread, runtime: &dyn Runtime) -> Self {
        let (descriptor, pace) = match runtime.interrupt_source() {
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
            pace,
            next_check: pace.map(Interval::moment),
        }
    }

    /// When to look next; never, where nothing can want the thread.
    pub fn next_check(&self) -> Option<Deadline> {
        self.next_check
    }

    /// The time to look has come. To be called before the look, so that nothing that happens after it is missed.
    pub fn check_is_due(&mut self) {
        let watching = self
            .descriptor
            .take()
            .and_then(|descriptor| self.threads.watch(self.thread, descriptor));
        let pace = match &watching {
            None => self.pace.map(Interval::next),
            Some(watching) if watching.first_interrupt_is_stale() => Some(STALE),
            Some(_) => Some(NEVER_INTERRUPTED),
        };
        if let Some(watching) = watching {
            self.stale_interrupt = watching.first_interrupt_is_stale();
            self.watching = Some(watching);
        }
        self.check_every(pace);
    }

    /// The thread was poked.
    pub fn interrupted(&mut self) {
        let pace = if std::mem::take(&mut self.stale_interrupt) {
            self.pace
        } else {
            Some(INTERRUPTED)
        };
        self.check_every(pace);
    }

    fn check_every(&mut self, pace: Option<Interval>) {
        self.pace = pace;
        self.next_check = pace.map(Interval::moment);
    }
}
