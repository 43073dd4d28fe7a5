//! A wait in steps: a thread sleeps between them, and a promise lets its event loop turn.

use super::context::{Context, WakeReason};
use super::waiter::Waiter;
use crate::futex::Deadline;
use std::sync::Arc;
use std::task::Poll;

/// A wait that has begun: what is left to do after each sleep.
pub trait Wait {
    /// What it comes to.
    type Output;

    /// The waiter that stands in the queue.
    fn waiter(&self) -> &Arc<Waiter>;

    /// Goes on after a sleep.
    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Self::Output>;

    /// Sees to the queue after a long sleep, should somebody have written over the cell.
    fn revalidate(&self, context: &Context);

    /// The thread that the waiting promise belongs to blocks: what it was given and has not taken goes to others, and it
    /// stands in the queue again, before them. Those who only wait behind it are served now.
    fn requeue_for_block(&mut self, _caller: &Context) {}

    /// Whether its time limit still counts.
    fn is_limited(&self) -> bool {
        true
    }
}

/// A wait that was begun: over at once, or one to be slept for.
pub enum Begun<W: Wait> {
    /// It took no waiting.
    Ready(W::Output),
    /// It stands in a queue.
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

    /// Sleeps in the calling thread until it is over. `deadline` passes it over to the wait as soon as time is up.
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
