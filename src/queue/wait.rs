//! A wait in steps: between them a thread sleeps, and the event loop of a promise turns.

use super::context::{Context, WakeReason};
use super::waiter::Waiter;
use crate::futex::Deadline;
use std::sync::Arc;
use std::task::Poll;

/// A wait that has begun, and what to do after each sleep.
pub trait Wait {
    /// The result of the wait.
    type Output;

    /// The waiter that stands in the queue.
    fn waiter(&self) -> &Arc<Waiter>;

    /// Continues after a sleep.
    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Self::Output>;

    /// Checks the queue after a long sleep, in case the cell was written over.
    fn revalidate(&self, context: &Context);

    /// Called for a pending promise when its thread blocks. What the promise was granted and has not taken yet goes to
    /// other waiters, and the promise enters the queue again at the front. Waiters that only this promise held up are
    /// granted what they ask for.
    fn requeue_for_block(&mut self, _context: &Context) {}

    /// Whether the wait's time limit still counts.
    fn is_limited(&self) -> bool {
        true
    }
}

/// A wait that was begun: either over at once, or pending.
pub enum Begun<W: Wait> {
    /// The operation did not need to wait.
    Ready(W::Output),
    /// The waiter stands in a queue.
    Pending(W),
}

impl<W: Wait> Begun<W> {
    /// Begins with the first step of a wait.
    pub fn with(mut wait: W, first: impl FnOnce(&mut W) -> Poll<W::Output>) -> Self {
        match first(&mut wait) {
            Poll::Ready(output) => Begun::Ready(output),
            Poll::Pending => Begun::Pending(wait),
        }
    }

    /// Sleeps in the calling thread until the wait is over. When `deadline` passes, the wait resumes with `TimedOut`.
    pub fn block(self, context: &Context, deadline: Option<Deadline>) -> W::Output {
        let mut wait = match self {
            Begun::Ready(output) => return output,
            Begun::Pending(wait) => wait,
        };
        context.blocked(|| {
            loop {
                let limit = deadline.filter(|_| wait.is_limited());
                let reason = context.sleep(wait.waiter(), limit, || wait.revalidate(context));
                if let Poll::Ready(output) = wait.resume(context, reason) {
                    return output;
                }
            }
        })
    }
}
