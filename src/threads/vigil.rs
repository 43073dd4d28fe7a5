//! When a blocked thread looks whether its runtime wants it.
//!
//! A short wait never looks. One that lasts longer has the descriptor of its event loop watched, and sleeps until it is
//! poked. Two things write nothing to that descriptor: an event that was pending before, and is not reported a second
//! time, so after a first poke the thread looks a few times a second; and a `vm` time limit, so it also looks
//! once a second in any case.

use super::{Attention, Runtime, Thread, Threads, Watching};
use crate::futex::Deadline;

/// How long a wait is short, in nanoseconds.
const BRIEF: u64 = 5_000_000;
/// How often a thread looks that was never poked.
const UNPOKED: u64 = 1_000_000_000;
/// How often a thread looks that was poked before.
const POKED: u64 = 75_000_000;
/// The intervals where the descriptor cannot be watched.
const UNWATCHED: Attention = Attention::Intervals {
    first: BRIEF,
    longest: POKED,
};

/// One wait's watch over the runtime.
pub struct Vigil<'a> {
    threads: &'a Threads,
    thread: &'a Thread,
    attention: Attention,
    interval: Option<u64>,
    next_look: Option<Deadline>,
    watching: Option<Watching<'a>>,
    /// The loop was readable when the watch began. The look that began it has served what was there, and the next poke
    /// tells of nothing else; but what is pending is not reported a second time, so look now and then for a while.
    stale_poke: bool,
    was_poked: bool,
}

impl<'a> Vigil<'a> {
    /// Begins with a wait.
    pub fn new(threads: &'a Threads, thread: &'a Thread, runtime: &dyn Runtime) -> Self {
        let attention = runtime.attention();
        let interval = match attention {
            Attention::Never => None,
            Attention::Descriptor(_) => Some(BRIEF),
            Attention::Intervals { first, .. } => Some(first),
        };
        let mut vigil = Vigil {
            threads,
            thread,
            attention,
            interval,
            next_look: None,
            watching: None,
            stale_poke: false,
            was_poked: false,
        };
        vigil.schedule();
        vigil
    }

    /// When to look next; never, where nothing can want the thread.
    pub fn next_look(&self) -> Option<Deadline> {
        self.next_look
    }

    /// The time to look has come. To be called before the look, so that nothing that happens after it is missed.
    pub fn look_is_due(&mut self) {
        self.interval = match self.attention {
            Attention::Never => None,
            Attention::Descriptor(descriptor) if self.watching.is_none() => {
                self.watching = self.threads.watch(self.thread, descriptor);
                let Some(watching) = &self.watching else {
                    self.attention = UNWATCHED;
                    return self.look_is_due();
                };
                self.stale_poke = watching.first_poke_is_stale();
                Some(if self.stale_poke { POKED } else { UNPOKED })
            }
            Attention::Descriptor(_) if self.was_poked => Some(POKED),
            Attention::Descriptor(_) => self
                .interval
                .map(|interval| interval.saturating_mul(2).min(UNPOKED)),
            Attention::Intervals { longest, .. } => self
                .interval
                .map(|interval| interval.saturating_mul(2).clamp(1, longest)),
        };
        self.schedule();
    }

    /// The thread was poked.
    pub fn poked(&mut self) {
        if !std::mem::take(&mut self.stale_poke) {
            self.was_poked = true;
            self.interval = Some(POKED);
        }
        self.schedule();
    }

    fn schedule(&mut self) {
        self.next_look = self.interval.map(|interval| Deadline::now().plus(interval));
    }
}
