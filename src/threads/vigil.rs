//! When a blocked thread looks whether its runtime wants it.
//!
//! A short wait never looks. One that lasts longer has the descriptor of its event loop watched, and sleeps until it is
//! poked. Two things write nothing to that descriptor: an event that was pending before, and is not reported a second
//! time, so after a first poke the thread looks a few times a second; and a `vm` time limit, so it also looks
//! once a second in any case.

use super::{Attention, Runtime, Thread, Threads, Watching};
use crate::futex::Deadline;

/// How long a wait is short, in nanoseconds.
const BRIEF: u64 = 8_000_000;
/// A thread that was never poked.
const UNPOKED: Pace = Pace::steady(1_000_000_000);
/// A thread that was poked before.
const POKED: Pace = Pace::steady(75_000_000);
/// A thread whose loop was readable when the watch began: something may be pending there that will not be reported a
/// second time.
const STALE: Pace = Pace {
    interval: POKED.interval,
    longest: 500_000_000,
};
/// A thread whose loop is not watched, or not yet.
const UNWATCHED: Pace = Pace {
    interval: BRIEF,
    longest: POKED.interval,
};

/// One wait's watch over the runtime.
pub struct Vigil<'a> {
    threads: &'a Threads,
    thread: &'a Thread,
    /// The descriptor to watch if the wait lasts.
    descriptor: Option<i32>,
    watching: Option<Watching<'a>>,
    /// The next poke tells of what was there before the watch began, and the look that began it has served that.
    stale_poke: bool,
    pace: Option<Pace>,
    next_look: Option<Deadline>,
}

/// How often to look: at an interval, in nanoseconds, that doubles up to the longest.
#[derive(Clone, Copy)]
struct Pace {
    interval: u64,
    longest: u64,
}

impl Pace {
    const fn steady(interval: u64) -> Self {
        Pace {
            interval,
            longest: interval,
        }
    }

    fn next(self) -> Self {
        let interval = self.interval.saturating_mul(2).clamp(1, self.longest);
        Pace { interval, ..self }
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

impl<'a> Vigil<'a> {
    /// Begins with a wait.
    pub fn new(threads: &'a Threads, thread: &'a Thread, runtime: &dyn Runtime) -> Self {
        let (descriptor, pace) = match runtime.attention() {
            Attention::Never => (None, None),
            Attention::Descriptor(descriptor) => (Some(descriptor), Some(UNWATCHED)),
            Attention::Intervals { first, longest } => {
                let interval = first;
                (None, Some(Pace { interval, longest }))
            }
        };
        Vigil {
            threads,
            thread,
            descriptor,
            watching: None,
            stale_poke: false,
            pace,
            next_look: pace.map(Pace::moment),
        }
    }

    /// When to look next; never, where nothing can want the thread.
    pub fn next_look(&self) -> Option<Deadline> {
        self.next_look
    }

    /// The time to look has come. To be called before the look, so that nothing that happens after it is missed.
    pub fn look_is_due(&mut self) {
        let watching = self
            .descriptor
            .take()
            .and_then(|descriptor| self.threads.watch(self.thread, descriptor));
        let pace = match &watching {
            None => self.pace.map(Pace::next),
            Some(watching) if watching.first_poke_is_stale() => Some(STALE),
            Some(_) => Some(UNPOKED),
        };
        if let Some(watching) = watching {
            self.stale_poke = watching.first_poke_is_stale();
            self.watching = Some(watching);
        }
        self.look_at(pace);
    }

    /// The thread was poked.
    pub fn poked(&mut self) {
        let pace = if std::mem::take(&mut self.stale_poke) {
            self.pace
        } else {
            Some(POKED)
        };
        self.look_at(pace);
    }

    fn look_at(&mut self, pace: Option<Pace>) {
        self.pace = pace;
        self.next_look = pace.map(Pace::moment);
    }
}
