//! A wait in steps: a thread sleeps between them, and a promise lets its event loop turn.

use super::caller::{Caller, Slept};
use super::waiter::Waiter;
use crate::futex::Deadline;
use std::sync::Arc;

/// What a step of a wait came to.
pub enum Step<T> {
    /// The wait is over.
    Done(T),
    /// It stands in a queue: sleep, and resume it with what ended the sleep.
    Pending,
}

/// A wait that has begun: what is left to do after each sleep.
pub trait Wait {
    /// What it comes to.
    type Output;

    /// The waiter that stands in the queue.
    fn waiter(&self) -> &Arc<Waiter>;

    /// Goes on after a sleep.
    fn resume(&mut self, caller: &Caller, slept: Slept) -> Step<Self::Output>;

    /// Sees to the queue after a long sleep, should somebody have written over the cell.
    fn tend(&self, caller: &Caller);

    /// The thread that the waiting promise belongs to blocks: what it was given and has not taken goes to others, and it
    /// stands in the queue again, before them. Those who only wait behind it are served now.
    fn retreat(&mut self, _caller: &Caller) {}

    /// Whether its time limit still counts.
    fn is_limited(&self) -> bool {
        true
    }
}

/// A wait that was begun: over at once, or one to be slept for.
pub enum Begun<W: Wait> {
    /// It took no waiting.
    Done(W::Output),
    /// It stands in a queue.
    Waits(W),
}

impl<W: Wait> Begun<W> {
    /// Begins with the first step of a wait.
    pub fn with(mut wait: W, first: impl FnOnce(&mut W) -> Step<W::Output>) -> Self {
        match first(&mut wait) {
            Step::Done(output) => Begun::Done(output),
            Step::Pending => Begun::Waits(wait),
        }
    }

    /// Sleeps in the calling thread until it is over. `deadline` passes it over to the wait as soon as time is up.
    pub fn block(self, caller: &Caller, deadline: Option<Deadline>) -> W::Output {
        let mut wait = match self {
            Begun::Done(output) => return output,
            Begun::Waits(wait) => wait,
        };
        caller.blocked(|| {
            loop {
                let limit = deadline.filter(|_| wait.is_limited());
                let slept = caller.sleep(wait.waiter(), limit, || wait.tend(caller));
                if let Step::Done(output) = wait.resume(caller, slept) {
                    return output;
                }
            }
        })
    }
}
