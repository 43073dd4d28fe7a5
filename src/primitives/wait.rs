//! A wait in steps, the same for all primitives: between two steps a thread sleeps, or the event loop of a promise
//! turns.
//!
//! A primitive says what its word and its queue need at each step. What every wait repeats stands here: it leaves the
//! queue, it is cancelled, it returns to the queue when the thread of its promise blocks. A waiter that leaves may
//! find that its wait completed at this very moment. Then the outcome counts, or the waiter passes on what it was
//! given.

use super::Fault;
use super::cancel::{Registered, assert_not_cancelled};
use super::select::tell_watchers;
use crate::futex::Deadline;
use crate::queue::{Cancels, Context, Key, Outcome, QueueGuard, Waiter, WakeReason, spin_for};
use std::sync::Arc;
use std::task::Poll;

/// How a step of a wait ended: with the result of the wait, or the waiter stands in a queue.
pub type Step<T> = Poll<Result<T, Fault>>;

/// A wait, and what to do at each of its steps.
pub trait Wait: Sized {
    /// The result of the wait.
    type Output;

    /// The waiter that stands in the queue.
    fn waiter(&self) -> &Arc<Waiter>;

    /// The first step: does without waiting, or enters the queue.
    fn start(&mut self, context: &Context) -> Step<Self::Output>;

    /// The step after another thread completed the wait with `outcome`.
    fn completed(&mut self, _context: &Context, outcome: Outcome) -> Step<Self::Output> {
        Poll::Ready(Err(fault_of(self.waiter(), outcome)))
    }

    /// Makes the word and the queue agree: grants waiters what is free, and ends all waits if the cell was written
    /// over. The caller holds the lock of the queue.
    fn update(&self, context: &Context, queue: &mut QueueGuard);

    /// Called when the waiter has left the queue before its wait completed. The waiters behind it may need less.
    fn left(&self, context: &Context, queue: &mut QueueGuard) {
        self.update(context, queue);
    }

    /// Passes on what `outcome` gave the waiter, which cannot use it. The caller holds the lock of the queue.
    fn pass_on(&self, _context: &Context, _queue: &mut QueueGuard, _outcome: Outcome) {}

    /// Whether the wait's time limit still counts.
    fn is_limited(&self) -> bool {
        true
    }

    /// The step after a sleep.
    fn resume(&mut self, context: &Context, reason: WakeReason) -> Step<Self::Output> {
        let fault = match reason {
            WakeReason::Completed(outcome) => return self.completed(context, outcome),
            WakeReason::Interrupted => return Poll::Ready(self.interrupted(context)),
            // A promise gives back what it was given and has not learned of yet.
            WakeReason::Cancelled if self.waiter().requester().is_promise() => {
                let result = self.interrupted(context);
                return Poll::Ready(result.map_err(|_| Fault::Cancelled));
            }
            WakeReason::TimedOut => Fault::TimedOut,
            WakeReason::Cancelled => Fault::Cancelled,
            WakeReason::Deadlock(cycle) => Fault::Deadlock(cycle),
        };
        if self.dequeue(context) {
            if fault == Fault::Cancelled {
                self.cancelled(context);
            }
            return Poll::Ready(Err(fault));
        }
        match self.waiter().outcome() {
            Some(outcome) => self.completed(context, outcome),
            None => Poll::Ready(Err(corrupt_cell(self.waiter()))),
        }
    }

    /// Called instead of the first step if a cancel was aborted before.
    fn never_began(&self, _context: &Context) {}

    /// Called when a cancel has ended the wait, after it has left the queue.
    fn cancelled(&self, _context: &Context) {}

    /// The result if the runtime ends the wait, or if a promise is cancelled.
    fn interrupted(&mut self, context: &Context) -> Result<Self::Output, Fault> {
        self.cancel(context);
        Err(Fault::Interrupted)
    }

    /// Leaves the queue. False if the wait completed before.
    fn dequeue(&self, context: &Context) -> bool {
        let mut queue = context.queues.lock(self.waiter().key());
        let left = queue.remove(self.waiter());
        if left {
            self.left(context, &mut queue);
        }
        left
    }

    /// Leaves the queue. If it left too late, it passes on what it was given.
    fn cancel(&self, context: &Context) {
        let waiter = self.waiter();
        let mut queue = context.queues.lock(waiter.key());
        if queue.remove(waiter) {
            self.left(context, &mut queue);
        } else if let Some(outcome) = waiter.outcome() {
            self.pass_on(context, &mut queue, outcome);
        }
    }

    /// Called for a pending promise when its thread blocks. What it was given and has not taken goes to other
    /// waiters, and the promise enters the queue again, before them. Waiters that stood only behind it may be granted
    /// what they ask for now.
    fn requeue_for_block(&mut self, context: &Context) {
        let waiter = self.waiter();
        let mut queue = context.queues.lock(waiter.key());
        match waiter.outcome() {
            Some(outcome) if outcome.gives() => {
                queue.push_front(waiter);
                self.pass_on(context, &mut queue, outcome);
            }
            // A promise of the same thread that stands before it updates the queue for both.
            _ if queue.is_behind_sibling(waiter) => {}
            _ => self.update(context, &mut queue),
        }
    }

    /// Checks the queue after a long sleep, in case the cell was written over.
    fn revalidate(&self, context: &Context) {
        self.update(context, &mut context.queues.lock(self.waiter().key()));
    }

    /// Blocks the calling thread until the wait is over. When `deadline` passes, the wait resumes with `TimedOut`, and
    /// with `Cancelled` when one of the context's cancels is aborted.
    ///
    /// If the thread seems to own the lock already, the owner may be one of its own promises, which was granted the
    /// lock and has not resumed yet. So the wait starts again while the thread counts as blocked: its promises have
    /// given back by then what they were granted.
    fn block(
        mut self,
        context: &Context,
        deadline: Option<Deadline>,
    ) -> Result<Self::Output, Fault> {
        if let Err(cancelled) = assert_not_cancelled(context.cancels) {
            self.never_began(context);
            return Err(cancelled);
        }
        let first = self.start(context);
        let starts_again = matches!(first, Poll::Ready(Err(Fault::Recursive)));
        if let Poll::Ready(result) = first
            && !starts_again
        {
            return result;
        }
        let mut blocking = Blocking {
            wait: self,
            result: None,
        };
        block_thread(&mut blocking, starts_again, context, deadline);
        blocking.result.unwrap_or(Err(Fault::Interrupted))
    }
}

/// A wait whose thread is blocked, and its result once it is over.
struct Blocking<W: Wait> {
    wait: W,
    result: Option<Result<W::Output, Fault>>,
}

/// What blocking needs of a wait. So `block_thread` is compiled once, and not for each kind of wait.
trait Steps {
    fn waiter(&self) -> &Arc<Waiter>;
    fn is_limited(&self) -> bool;
    fn revalidate(&self, context: &Context);
    /// Takes the first step. Returns whether the wait is over.
    fn start(&mut self, context: &Context) -> bool;
    /// Takes the step after a sleep. Returns whether the wait is over.
    fn resume(&mut self, context: &Context, reason: WakeReason) -> bool;
}

impl<W: Wait> Blocking<W> {
    fn end(&mut self, step: Step<W::Output>) -> bool {
        match step {
            Poll::Ready(result) => {
                self.result = Some(result);
                true
            }
            Poll::Pending => false,
        }
    }
}

impl<W: Wait> Steps for Blocking<W> {
    fn waiter(&self) -> &Arc<Waiter> {
        self.wait.waiter()
    }

    fn is_limited(&self) -> bool {
        self.wait.is_limited()
    }

    fn revalidate(&self, context: &Context) {
        self.wait.revalidate(context);
    }

    fn start(&mut self, context: &Context) -> bool {
        let step = self.wait.start(context);
        self.end(step)
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> bool {
        let step = self.wait.resume(context, reason);
        self.end(step)
    }
}

/// Blocks the calling thread until the wait is over.
fn block_thread(
    wait: &mut dyn Steps,
    starts_again: bool,
    context: &Context,
    deadline: Option<Deadline>,
) {
    let requester = wait.waiter().requester();
    let registered = Registered::enter(context.queues, context.cancels, requester);
    let cancels = registered.as_ref().map(|all| all as &dyn Cancels);
    context.blocked(|| {
        let mut is_over = starts_again && wait.start(context);
        while !is_over {
            let is_limited = wait.is_limited();
            let reason = context.sleep(
                wait.waiter(),
                deadline.filter(|_| is_limited),
                cancels.filter(|_| is_limited),
                || wait.revalidate(context),
            );
            is_over = wait.resume(context, reason);
        }
    });
}

/// The first step of a wait: `attempt` does without waiting, or returns none, and then the waiter enters the queue.
pub fn enter_queue<T>(
    context: &Context,
    waiter: &Arc<Waiter>,
    attempt: impl FnOnce(&mut QueueGuard) -> Result<Option<T>, Fault>,
) -> Step<T> {
    let mut queue = context.queues.lock(waiter.key());
    match attempt(&mut queue).transpose() {
        Some(result) => Poll::Ready(result),
        None => {
            queue.push_back(waiter);
            Poll::Pending
        }
    }
}

/// Tries to take what a waiter was woken for. A thread spins for at most `nanoseconds`, a promise tries once.
pub fn take_woken(waiter: &Waiter, nanoseconds: u64, mut take: impl FnMut() -> bool) -> bool {
    if waiter.requester().is_promise() {
        take()
    } else {
        spin_for(nanoseconds, take)
    }
}

/// Ends all waits of `key`, whose cell holds a word that no primitive writes. Returns the fault.
pub fn corrupt(queue: &mut QueueGuard, key: Key, word: u32) -> Fault {
    queue.complete_all(key, Outcome::Corrupt(word));
    tell_watchers(queue, key.cell());
    Fault::Corrupt(word)
}

/// The fault of an outcome that gave the waiter nothing.
pub fn fault_of(waiter: &Waiter, outcome: Outcome) -> Fault {
    match outcome {
        Outcome::OwnerDied(owner) => Fault::Abandoned(owner),
        Outcome::Broken => Fault::Broken,
        Outcome::Corrupt(word) => Fault::Corrupt(word),
        // An outcome of another kind of primitive.
        _ => corrupt_cell(waiter),
    }
}

fn corrupt_cell(waiter: &Waiter) -> Fault {
    Fault::Corrupt(waiter.key().cell().load())
}
