//! A thread that calls into a primitive, and how it sleeps until its wait completes.

use super::Queues;
use super::spin::{WaitStats, spin_then_yield};
use super::wait_graph::CycleEdge;
use super::waiter::{Outcome, Owner, Waiter};
use crate::futex::{Deadline, Wake};
use crate::threads::{Interrupt, InterruptPoll, Runtime, Thread, ThreadId};
use std::sync::Arc;

/// Why a sleep ended. Except after `Completed`, the waiter still stands in its queue, unless its wait completes at
/// this very moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WakeReason {
    /// Another thread completed the wait.
    Completed(Outcome),
    /// The time limit passed.
    TimedOut,
    /// The runtime ends the wait.
    Interrupted,
    /// The thread waits for itself through this cycle.
    Deadlock(Vec<CycleEdge>),
}

/// The caller: the thread, the queues that it may wait in, and the runtime that may interrupt it.
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

    /// The calling thread, as an owner.
    pub fn owner(&self) -> Owner {
        Owner::Thread(self.id())
    }

    /// A guard of the calling thread.
    pub fn guard(&self) -> Owner {
        Owner::Guard(self.id())
    }

    /// Calls `wait`, which blocks the thread. Meanwhile its promises are passed over. What they were granted, and
    /// have not learned of yet, is given back and goes to other waiters.
    pub fn blocked<R>(&self, wait: impl FnOnce() -> R) -> R {
        let result = self.thread.blocked(|| {
            self.runtime.before_block();
            wait()
        });
        self.runtime.after_block();
        result
    }

    /// Spins and yields for a short time. Then sleeps until the wait completes, its deadline passes, the runtime ends
    /// it, or it turns out to be part of a deadlock. A wait that lasts is registered, and calls `revalidate` from time
    /// to time, in case the cell was written over.
    pub fn sleep(
        &self,
        waiter: &Arc<Waiter>,
        deadline: Option<Deadline>,
        revalidate: impl Fn(),
    ) -> WakeReason {
        let stats = WaitStats::new(self.thread.wait_stats());
        let began = Deadline::now();
        // If spinning succeeds, the token that was left with the outcome stays in the parker. A later sleep takes it
        // for a spurious wake-up.
        let spun = spin_then_yield(stats, deadline.is_some(), || waiter.outcome().is_some());
        let reason = self.park(waiter, deadline, revalidate);
        if let WakeReason::Completed(_) = reason {
            let took = waiter
                .completed_at()
                .as_nanoseconds()
                .saturating_sub(began.as_nanoseconds());
            self.thread.set_wait_stats(stats.after(took, spun).get());
        }
        reason
    }

    fn park(
        &self,
        waiter: &Arc<Waiter>,
        deadline: Option<Deadline>,
        revalidate: impl Fn(),
    ) -> WakeReason {
        let mut interrupt_poll =
            InterruptPoll::new(self.queues.threads(), self.thread, self.runtime);
        let mut registration = None;
        loop {
            if let Some(outcome) = waiter.outcome() {
                return WakeReason::Completed(outcome);
            }
            let until = earlier(deadline, interrupt_poll.next_check());
            match self.thread.parker().park(until) {
                Wake::Woken if self.thread.take_interrupt() => interrupt_poll.interrupted(),
                Wake::Woken => continue,
                Wake::TimedOut if until == deadline => return WakeReason::TimedOut,
                Wake::TimedOut => interrupt_poll.check_is_due(),
            }
            let waits = self.queues.waits();
            registration
                .get_or_insert_with(|| waits.record(waiter, deadline.is_some(), self.runtime));
            // Check for a cycle before the interrupt check, which may take long: a heap snapshot stops the thread for
            // seconds. Check again after it: code that it ran may have waited elsewhere, and during that wait no
            // other thread could see what this wait is for.
            if let Some(cycle) = waits.cycle(self.id()) {
                return WakeReason::Deadlock(cycle);
            }
            if self.thread.check_interrupts(self.runtime) == Interrupt::Stop {
                return WakeReason::Interrupted;
            }
            if let Some(cycle) = waits.cycle(self.id()) {
                return WakeReason::Deadlock(cycle);
            }
            revalidate();
        }
    }
}

fn earlier(a: Option<Deadline>, b: Option<Deadline>) -> Option<Deadline> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
