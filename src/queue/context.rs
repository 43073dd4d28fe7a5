//! A thread that calls into a primitive, and how it sleeps until its wait completes.

use super::Queues;
use super::cycle::CycleEdge;
use super::spin::{WaitStats, spin_then_yield};
use super::waiter::{Outcome, Owner, Waiter};
use crate::cell::SharedWord;
use crate::futex::{Deadline, Wake};
#[cfg(not(loom))]
use crate::threads::explore::{Explored, Resumed, Sleeper};
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
    /// One of its cancels was aborted.
    Cancelled,
    /// The runtime ends the wait.
    Interrupted,
    /// The thread waits for itself through this cycle.
    Deadlock(Vec<CycleEdge>),
}

/// What ends a wait besides its queue, its time limit and the runtime.
pub trait Cancels {
    /// When the next cancel aborts by itself. Fails if one was aborted.
    fn check(&self) -> Result<Option<Deadline>, Cancelled>;
}

/// A cancel was aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancelled;

/// The caller: the thread, the queues that it may wait in, and the runtime that may interrupt it.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The process's queues.
    pub queues: &'a Queues,
    /// The calling thread.
    pub thread: &'a Arc<Thread>,
    /// Its runtime.
    pub runtime: &'a dyn Runtime,
    /// The cells of the cancels that end its waits.
    pub cancels: &'a [SharedWord],
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

    /// Whether a scheduler of Explore decides when the thread runs.
    pub fn is_explored(&self) -> bool {
        #[cfg(not(loom))]
        return self.thread.explored().is_some();
        #[cfg(loom)]
        return false;
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

    /// Spins and yields for a short time. Then sleeps until the wait completes, its deadline passes, a cancel is
    /// aborted, the runtime ends it, or it turns out to be part of a deadlock. A wait that lasts is registered, and
    /// calls `revalidate` from time to time, in case the cell was written over.
    pub fn sleep(
        &self,
        waiter: &Arc<Waiter>,
        deadline: Option<Deadline>,
        cancels: Option<&dyn Cancels>,
        revalidate: impl Fn(),
    ) -> WakeReason {
        #[cfg(not(loom))]
        if let Some(explored) = self.thread.explored() {
            return self.block(explored, waiter, deadline, cancels);
        }
        let is_limited = deadline.is_some() || cancels.is_some();
        let stats = WaitStats::new(self.thread.wait_stats());
        // The wait's own time would do for the first sleep, but a hand-over takes a tenth longer if the thread spins at once.
        let began = Deadline::now();
        // If spinning succeeds, the token that was left with the outcome stays in the parker. A later sleep takes it
        // for a spurious wake-up.
        let spun = spin_then_yield(stats, is_limited, || waiter.is_completed());
        let reason = self.park(waiter, deadline, cancels, revalidate);
        if let WakeReason::Completed(_) = reason {
            let took = waiter
                .completed_at()
                .as_nanoseconds()
                .saturating_sub(began.as_nanoseconds());
            self.thread.set_wait_stats(stats.after(took, spun).get());
        }
        reason
    }

    /// Sleeps as an explored thread: its scheduler decides when the wait ends. It is registered at once.
    #[cfg(not(loom))]
    #[cold]
    fn block(
        &self,
        explored: &Explored,
        waiter: &Arc<Waiter>,
        deadline: Option<Deadline>,
        cancels: Option<&dyn Cancels>,
    ) -> WakeReason {
        let sleeper = Sleeper {
            threads: self.queues.threads(),
            thread: self.thread,
            runtime: self.runtime,
        };
        let waits = self.queues.waits();
        explored.begin_wait(waiter.own_cell().address());
        let is_limited = deadline.is_some() || cancels.is_some();
        let _registration = waits.record(waiter, is_limited, self.runtime);
        loop {
            if let Some(outcome) = waiter.outcome() {
                return WakeReason::Completed(outcome);
            }
            if let Some(cycle) = self.cycle() {
                return WakeReason::Deadlock(cycle);
            }
            let Ok(limit) = limit_of(deadline, cancels) else {
                return WakeReason::Cancelled;
            };
            match explored.block(limit, sleeper) {
                Resumed::Woken => {}
                Resumed::TimedOut if limit == deadline => return WakeReason::TimedOut,
                // A cancel aborts now.
                Resumed::TimedOut => {}
                Resumed::Stopped => return WakeReason::Interrupted,
            }
        }
    }

    fn park(
        &self,
        waiter: &Arc<Waiter>,
        deadline: Option<Deadline>,
        cancels: Option<&dyn Cancels>,
        revalidate: impl Fn(),
    ) -> WakeReason {
        let is_limited = deadline.is_some() || cancels.is_some();
        let mut interrupt_poll =
            InterruptPoll::new(self.queues.threads(), self.thread, self.runtime);
        let mut registration = None;
        loop {
            if let Some(outcome) = waiter.outcome() {
                return WakeReason::Completed(outcome);
            }
            let Ok(limit) = limit_of(deadline, cancels) else {
                return WakeReason::Cancelled;
            };
            let until = earlier(limit, interrupt_poll.next_check());
            match self.thread.parker().park(until) {
                Wake::Woken if self.thread.take_interrupt() => interrupt_poll.interrupted(),
                Wake::Woken => continue,
                Wake::TimedOut if until == deadline => return WakeReason::TimedOut,
                // A cancel aborts now.
                Wake::TimedOut if until == limit => continue,
                Wake::TimedOut => interrupt_poll.check_is_due(),
            }
            let waits = self.queues.waits();
            let registration = registration.get_or_insert_with(|| {
                let registration = waits.record(waiter, is_limited, self.runtime);
                if self.queues.takes_notes() {
                    registration.set_note(self.queues.note(waiter));
                }
                registration
            });
            // Check for a cycle before the interrupt check, which may take long: a heap snapshot stops the thread for
            // seconds. Check again after it: code that it ran may have waited elsewhere, and during that wait no
            // other thread could see what this wait is for.
            if let Some(cycle) = self.cycle() {
                return WakeReason::Deadlock(cycle);
            }
            registration.check_begins();
            let interrupt = self.thread.check_interrupts(self.runtime);
            registration.check_ends(self.runtime);
            if interrupt == Interrupt::Stop {
                return WakeReason::Interrupted;
            }
            if let Some(cycle) = self.cycle() {
                return WakeReason::Deadlock(cycle);
            }
            revalidate();
        }
    }

    /// The cycle of waits that the calling thread, which is blocked, is part of.
    pub(crate) fn cycle(&self) -> Option<Vec<CycleEdge>> {
        let waits = self.queues.waits();
        let mut cycle = waits.cycle(self.id(), None)?;
        let mut is_certain = cycle.is_certain(None);
        while !is_certain {
            for key in cycle.keys() {
                drop(self.queues.lock(key));
            }
            let again = waits.cycle(self.id(), Some(&cycle))?;
            is_certain = again.is_certain(Some(&cycle));
            cycle = again;
        }
        Some(cycle.edges)
    }
}

/// When a wait has to look again: at its deadline, or when a cancel aborts by itself. Fails if one was aborted.
fn limit_of(
    deadline: Option<Deadline>,
    cancels: Option<&dyn Cancels>,
) -> Result<Option<Deadline>, Cancelled> {
    let aborts = cancels.map_or(Ok(None), Cancels::check)?;
    Ok(earlier(deadline, aborts))
}

fn earlier(a: Option<Deadline>, b: Option<Deadline>) -> Option<Deadline> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}
