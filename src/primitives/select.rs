//! The select: one wait for several primitives. It is never granted anything, only told to look.
//!
//! The wait itself stands in no queue. For each of its cases a waiter of its own, a **watcher**, stands in a queue beside
//! that of the primitive, on the same cell ([`Kind::Select`]) and so in the same bucket. A primitive that becomes ready
//! completes watchers there, and each completes the wait. So no waiter stands in two queues, and no watcher has a place
//! in the order of the primitive's queue: what a primitive hands off goes to the waiters there. A thread that was told
//! looks at all its cases, and takes from one at most. If none is ready, it selects anew.
//!
//! An Event and a Latch tell all watchers. A Channel tells one thread for a message, so that one passes the word on if it
//! cannot use it: because it was told by another case as well, because its limits ended the wait, or because its
//! thread dies or blocks (for a promise). A thread that takes from another case than the one that told it does the
//! same, after the wait ([`Watched::pass_on`]).
//!
//! A watcher enters its queue first. Then the case is looked at under the lock of that queue, so what comes later tells
//! it.
//!
//! A Cancel needs no watcher: its cell is among the cancels of the wait, which it ends.
//!
//! Orderings: a watcher acquires from its own outcome, or from the lock of its queue, what the telling thread wrote
//! before.

use super::Fault;
use super::wait::{Step, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Aim, Context, Key, Kind, Outcome, QueueGuard, Queues, Requester, Waiter, WakeReason,
};
use std::sync::Arc;
use std::task::Poll;

/// The queue of the watchers on this cell. Each belongs to a select that has the cell among its cases.
pub(super) fn watchers(cell: SharedWord) -> Key {
    Key::new(cell, Kind::Select)
}

/// Tells all watchers on the cell to look.
pub(super) fn tell_watchers(queue: &mut QueueGuard, cell: SharedWord) {
    queue.complete_all(watchers(cell), Outcome::LOOK);
}

/// A primitive that a select found not ready. All methods are called under the lock of its queue.
pub trait Watched {
    /// The cell of the primitive.
    fn cell(&self) -> SharedWord;

    /// Called when the watcher has entered the queue: makes sure that it will be told, or tells it.
    fn begin(&self, _queues: &Queues, queue: &mut QueueGuard) {
        self.update(queue);
    }

    /// Makes the word and the queue agree. Tells the watchers if the primitive is ready, or was written over.
    fn update(&self, queue: &mut QueueGuard);

    /// Called when the watcher has left the queue before it was told.
    fn left(&self, _queue: &mut QueueGuard) {}

    /// Called when the watcher was told, and its thread does not look. Not needed where all are told.
    fn pass_on(&self, _queue: &mut QueueGuard) {}
}

/// One case of a select, and its watcher.
struct Watch {
    on: Box<dyn Watched>,
    watcher: Arc<Waiter>,
}

/// A wait until one of several cases may be ready. The result is the index of the case that told it. None if no case
/// did, and the thread should look nevertheless.
pub struct Selecting {
    /// The wait. It stands in no queue.
    main: Arc<Waiter>,
    watches: Vec<Watch>,
}

impl Selecting {
    /// A wait of `requester` for `cases`. It is shown as a wait at `cell`, the cell of one of them.
    pub fn new(requester: &Requester, cell: SharedWord, cases: Vec<Box<dyn Watched>>) -> Self {
        let main = Waiter::new(requester, watchers(cell), Aim::default());
        let watcher = Requester::watcher_for(&main);
        let watches = cases.into_iter().map(|on| Watch {
            watcher: Waiter::new(&watcher, watchers(on.cell()), Aim::default()),
            on,
        });
        Selecting {
            watches: watches.collect(),
            main,
        }
    }

    /// Blocks the calling thread until it should look, or `deadline` passes.
    pub fn wait(
        context: &Context,
        cell: SharedWord,
        cases: Vec<Box<dyn Watched>>,
        deadline: Option<Deadline>,
    ) -> Result<Option<usize>, Fault> {
        let requester = Requester::thread_of(context.thread);
        Selecting::new(&requester, cell, cases).block(context, deadline)
    }

    /// Leaves all queues. Returns the first case that told the wait, if the thread is going to look. All other words
    /// are passed on.
    fn leave(&self, context: &Context, looks: bool) -> Option<usize> {
        let mut told = None;
        for (index, Watch { on, watcher }) in self.watches.iter().enumerate() {
            let mut queue = context.queues.lock(watcher.key());
            if queue.remove(watcher) {
                on.left(&mut queue);
            } else if !watcher.is_completed() {
                // It never entered.
            } else if looks && told.is_none() {
                told = Some(index);
            } else {
                on.pass_on(&mut queue);
            }
        }
        told
    }
}

impl Wait for Selecting {
    type Output = Option<usize>;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.main
    }

    fn start(&mut self, context: &Context) -> Step<Option<usize>> {
        for Watch { on, watcher } in &self.watches {
            let mut queue = context.queues.lock(watcher.key());
            queue.push_back(watcher);
            on.begin(context.queues, &mut queue);
            if watcher.is_completed() {
                drop(queue);
                return Poll::Ready(Ok(self.leave(context, true)));
            }
        }
        Poll::Pending
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Step<Option<usize>> {
        let is_promise = self.main.requester().is_promise();
        let fault = match reason {
            WakeReason::Completed(_) => return Poll::Ready(Ok(self.leave(context, true))),
            WakeReason::Interrupted => {
                self.leave(context, false);
                return Poll::Ready(Err(Fault::Interrupted));
            }
            WakeReason::Cancelled if is_promise => {
                self.leave(context, false);
                return Poll::Ready(Err(Fault::Cancelled));
            }
            WakeReason::TimedOut => Fault::TimedOut,
            WakeReason::Cancelled => Fault::Cancelled,
            WakeReason::Deadlock(cycle) => Fault::Deadlock(cycle),
        };
        // Told at this very moment, it looks once more.
        let told = self.leave(context, true);
        Poll::Ready(told.map_or(Err(fault), |told| Ok(Some(told))))
    }

    /// It stands in no queue.
    fn update(&self, _context: &Context, _queue: &mut QueueGuard) {}

    /// It was granted nothing, and the thread that told it went on to the first blocked thread (`Channel::tell_next`).
    fn requeue_for_block(&mut self, _context: &Context) {}

    /// A promise looks when its thread resumes, since it was passed over while that was blocked.
    fn revalidate(&self, context: &Context) {
        for Watch { on, watcher } in &self.watches {
            let mut queue = context.queues.lock(watcher.key());
            on.update(&mut queue);
            if self.main.requester().is_promise() && queue.remove(watcher) {
                queue.complete(Arc::clone(watcher), Outcome::LOOK);
            }
        }
    }
}
