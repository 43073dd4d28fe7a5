//! A thread that calls into a primitive, and how it sleeps until its wait is settled.

use super::Queues;
use super::spin::{WaitStats, attempt};
use super::wait_graph::CycleEdge;
use super::waiter::{Outcome, Waiter};
use crate::futex::{Deadline, Wake};
use crate::threads::{Interrupt, InterruptPoll, Runtime, Thread, ThreadId};
use std::sync::Arc;

/// How a sleep ended. After all but the first the waiter still stands in its queue, unless it is settled in this very
/// moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WakeReason {
    /// Somebody settled the wait.
    Settled(Outcome),
    /// The time limit passed.
    TimedOut,
    /// The runtime ends the wait.
    Interrupted,
    /// The thread waits, in this circle, for itself.
    Deadlock(Vec<CycleEdge>),
}

/// What a sleep came to, for a wait that leaves its queue as soon as it has no reason to stand there.
pub enum WaitEnd {
    /// It was told how it ended, be it in the very moment in which it was to leave.
    Completed(Option<Outcome>),
    /// The time limit passed, and it has left.
    TimedOut,
    /// The runtime ends the wait: it has not left yet, and may have been told meanwhile.
    Interrupted,
    /// It would wait, in this circle, for itself, and has left.
    Deadlock(Vec<CycleEdge>),
}

impl WakeReason {
    /// What it means for `waiter`, which `leave` takes out of its queue: false where it was settled before, which counts
    /// first.
    pub fn wait_end(self, waiter: &Waiter, dequeue: impl Fn() -> bool) -> WaitEnd {
        match self {
            WakeReason::Settled(outcome) => WaitEnd::Completed(Some(outcome)),
            WakeReason::Interrupted => WaitEnd::Interrupted,
            WakeReason::TimedOut if dequeue() => WaitEnd::TimedOut,
            WakeReason::Deadlock(cycle) if dequeue() => WaitEnd::Deadlock(cycle),
            WakeReason::TimedOut | WakeReason::Deadlock(_) => WaitEnd::Completed(waiter.outcome()),
        }
    }
}

/// Who calls: the thread, the queues that it may wait in, and the runtime that may want it meanwhile.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The process's queues.
    pub queues: &'a Queues,
    /// The calling thread.
    pub thread: &'a Arc<Thread>,
    /// Its runtime.
    pub runtime: &'a dyn Runtime,
}

impl Context<'_> {
    /// The calling thread's id.
    pub fn id(&self) -> ThreadId {
        self.thread.id()
    }

    /// Calls `wait`, which blocks the thread. Its promises are passed over meanwhile: what they were given, and have not
    /// been told of yet, goes to others.
    pub fn blocked<R>(&self, wait: impl FnOnce() -> R) -> R {
        let result = self.thread.blocked(|| {
            self.runtime.blocks();
            wait()
        });
        self.runtime.goes_on();
        result
    }

    /// Tries for a moment to do without, then sleeps until the wait is settled, its deadline passes, the runtime ends it, or
    /// it turns out to be part of a deadlock. A wait that lasts is recorded, and calls `tend` now and then: to see to the
    /// queue, should somebody have written over the cell.
    pub fn sleep(
        &self,
        waiter: &Arc<Waiter>,
        deadline: Option<Deadline>,
        tend: impl Fn(),
    ) -> WakeReason {
        let experience = WaitStats::new(self.thread.experience());
        let began = Deadline::now();
        // Where this succeeds, the token that comes with the outcome stays behind: a later sleep takes it for a wake
        // without a reason.
        let attempt = attempt(experience, deadline.is_some(), || {
            waiter.outcome().is_some()
        });
        let reason = self.sleep_soundly(waiter, deadline, tend);
        if let WakeReason::Settled(_) = reason {
            let took = waiter
                .settled_at()
                .as_nanoseconds()
                .saturating_sub(began.as_nanoseconds());
            self.thread
                .set_experience(experience.after(took, attempt).get());
        }
        reason
    }

    fn sleep_soundly(
        &self,
        waiter: &Arc<Waiter>,
        deadline: Option<Deadline>,
        tend: impl Fn(),
    ) -> WakeReason {
        let mut vigil = InterruptPoll::new(self.queues.threads(), self.thread, self.runtime);
        let mut recorded = None;
        loop {
            if let Some(outcome) = waiter.outcome() {
                return WakeReason::Settled(outcome);
            }
            let until = earlier(deadline, vigil.next_check());
            match self.thread.parker().park(until) {
                Wake::Woken if self.thread.take_interrupt() => vigil.interrupted(),
                Wake::Woken => continue,
                Wake::TimedOut if until == deadline => return WakeReason::TimedOut,
                Wake::TimedOut => vigil.check_is_due(),
            }
            let waits = self.queues.waits();
            recorded.get_or_insert_with(|| waits.record(waiter, deadline.is_some(), self.runtime));
            // Before the runtime, which may take its time: a heap snapshot stops the thread for seconds. And after it,
            // as what it runs may wait elsewhere, so that no other thread sees what this wait is for.
            if let Some(cycle) = waits.cycle(self.id()) {
                return WakeReason::Deadlock(cycle);
            }
            if self.thread.check_interrupts(self.runtime) == Interrupt::Stop {
                return WakeReason::Interrupted;
            }
            if let Some(cycle) = waits.cycle(self.id()) {
                return WakeReason::Deadlock(cycle);
            }
            tend();
        }
    }
}

fn earlier(a: Option<Deadline>, b: Option<Deadline>) -> Option<Deadline> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
