//! A thread that calls into a primitive, and how it sleeps until its wait is settled.

use super::Queues;
use super::waiter::{Outcome, Waiter};
use crate::futex::{Deadline, Wake};
use crate::threads::{Look, Runtime, Thread, ThreadId};
use crossbeam_utils::Backoff;
use std::sync::Arc;

/// How a sleep ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slept {
    /// Somebody settled the wait.
    Settled(Outcome),
    /// The time limit passed. The waiter still stands in its queue, unless it is settled in this very moment.
    TimedOut,
    /// The runtime ends the wait. The waiter still stands in its queue, as above.
    Interrupted,
}

/// Who calls: the thread, the queues that it may wait in, and the runtime that may want it meanwhile.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The process's queues.
    pub queues: &'a Queues,
    /// The calling thread.
    pub thread: &'a Arc<Thread>,
    /// Its runtime.
    pub runtime: &'a dyn Runtime,
}

impl Caller<'_> {
    /// The calling thread's id.
    pub fn id(&self) -> ThreadId {
        self.thread.id()
    }

    /// Spins for a moment, then sleeps until the wait is settled, its deadline passes or the runtime ends it.
    pub fn sleep(&self, waiter: &Waiter, deadline: Option<Deadline>) -> Slept {
        // Where this succeeds, the token that comes with the outcome stays behind: a later sleep takes it for a wake
        // without a reason.
        spin_until(|| waiter.outcome().is_some());
        loop {
            if let Some(outcome) = waiter.outcome() {
                return Slept::Settled(outcome);
            }
            let look = self.runtime.next_look();
            let until = earlier(deadline, look);
            if self.thread.parker().park(until) == Wake::Woken {
                continue;
            }
            if until == deadline {
                return Slept::TimedOut;
            }
            if self.runtime.look() == Look::Stop {
                return Slept::Interrupted;
            }
        }
    }
}

fn earlier(a: Option<Deadline>, b: Option<Deadline>) -> Option<Deadline> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// Spins until `done` or until it is time to sleep; returns whether it is done.
///
/// crossbeam's Backoff: pauses of the processor that double, then a few times giving up the time slice.
pub fn spin_until(mut done: impl FnMut() -> bool) -> bool {
    let backoff = Backoff::new();
    while !done() {
        // loom explores every order in which threads could run: spinning would add none.
        if cfg!(loom) || backoff.is_completed() {
            return false;
        }
        backoff.snooze();
    }
    true
}
