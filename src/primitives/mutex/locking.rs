//! Waiting for a Mutex.

use super::{Availability, Mutex, State, WaitResult, with_waiters, without_waiters};
use crate::primitives::Fault;
use crate::queue::{Context, Outcome, Requester, Wait, WaitEnd, Waiter, WakeReason, spin_until};
use std::sync::Arc;
use std::task::Poll;

/// A wait for a Mutex: competes, sleeps and competes again until its requester owns the lock.
pub struct Locking {
    mutex: Mutex,
    waiter: Arc<Waiter>,
}

/// What a waiter does after a sleep.
enum Turn {
    Granted,
    TimedOut,
    Retry { more: bool },
}

impl Locking {
    pub(super) fn new(mutex: Mutex, requester: &Requester) -> Self {
        Self::of(
            mutex,
            Waiter::at_lock(requester, mutex.key(), Mutex::owner_of),
        )
    }

    /// The wait of a Condition's waiter that was notified: it stands in the queue of its mutex, or was taken out of
    /// it.
    pub(crate) fn of(mutex: Mutex, waiter: Arc<Waiter>) -> Self {
        Locking { mutex, waiter }
    }

    /// Competes for the lock, and enters the queue if that fails. `woken` is set for a waiter whose outcome was to
    /// retry, and says whether others wait behind it.
    pub(crate) fn compete(
        &self,
        context: &Context,
        woken: Option<bool>,
    ) -> Poll<Result<WaitResult, Fault>> {
        loop {
            if self.take(woken) {
                return Poll::Ready(Ok(WaitResult::Acquired));
            }
            match self.queue_up(context, woken.is_some()) {
                Ok(Availability::Free) => {}
                Ok(Availability::Owned) => return Poll::Pending,
                Err(fault) => return Poll::Ready(Err(fault)),
            }
        }
    }

    /// Acquires the lock if it is free or becomes free: a thread spins for a short time, a promise tries once. A
    /// waiter that was woken restores the waiters bit if others wait behind it.
    fn take(&self, woken: Option<bool>) -> bool {
        let cell = self.mutex.cell;
        let claim = super::claim_of(self.waiter.requester());
        let owned = match woken {
            Some(true) => with_waiters(claim),
            _ => claim,
        };
        let take = || cell.load() == super::FREE && cell.replace(super::FREE, owned);
        if self.waiter.requester().is_promise() {
            take()
        } else {
            spin_until(take)
        }
    }

    /// Enters the queue, unless the lock is free.
    fn queue_up(&self, context: &Context, woken: bool) -> Result<Availability, Fault> {
        let threads = context.queues.threads();
        let mut queue = context.queues.lock(self.mutex.key());
        // Code that ran in the middle of this wait may have locked since the check before it.
        if !self.waiter.requester().is_promise() && self.mutex.is_owned_by(context.id()) {
            self.mutex.grant_waiters(threads, &mut queue);
            return Err(Fault::Recursive);
        }
        let availability = self.mutex.check_owner(threads, &mut queue)?;
        if let Availability::Owned = availability {
            if woken {
                self.waiter.note_overtaken();
                queue.push_front(&self.waiter);
            } else {
                queue.push_back(&self.waiter);
            }
        }
        Ok(availability)
    }

    /// What to do after a sleep.
    fn turn(&self, context: &Context, reason: WakeReason) -> Result<Turn, Fault> {
        match reason.wait_end(&self.waiter, || self.dequeue(context)) {
            WaitEnd::Completed(Some(Outcome::Granted)) => Ok(Turn::Granted),
            WaitEnd::Completed(Some(Outcome::Retry { more })) => Ok(Turn::Retry { more }),
            WaitEnd::Completed(Some(Outcome::OwnerDied(owner))) => Err(Fault::Abandoned(owner)),
            WaitEnd::Completed(Some(Outcome::Corrupt(word))) => Err(Fault::Corrupt(word)),
            WaitEnd::Completed(_) => Err(Fault::Corrupt(self.mutex.cell.load())),
            WaitEnd::TimedOut => Ok(Turn::TimedOut),
            WaitEnd::Deadlock(cycle) => Err(Fault::Deadlock(cycle)),
            WaitEnd::Interrupted => {
                self.cancel(context);
                Err(Fault::Interrupted)
            }
        }
    }

    /// Leaves the queue. False if the wait completed before.
    fn dequeue(&self, context: &Context) -> bool {
        let key = self.mutex.key();
        let mut queue = context.queues.lock(key);
        let left = queue.remove(&self.waiter);
        if left && queue.is_empty(key) {
            // No waiter is left to wake, so the owner's unlock need not call native code. If the word has changed,
            // its owner found the queue already.
            let word = self.mutex.cell.load();
            if State::of(word).is_owned() {
                self.mutex.cell.replace(word, without_waiters(word));
            }
        }
        left
    }

    /// Enters the queue again, before all others, and passes on what it was given.
    pub(crate) fn requeue_at_front(&self, context: &Context) {
        let mut queue = context.queues.lock(self.mutex.key());
        let outcome = self.waiter.outcome();
        if !matches!(outcome, Some(Outcome::Granted | Outcome::Retry { .. })) {
            return;
        }
        queue.push_front(&self.waiter);
        if outcome == Some(Outcome::Granted) {
            let claim = super::claim_of(self.waiter.requester());
            // The release fails only if the cell was written over, and then it has ended all waits.
            self.mutex.release(context, &mut queue, claim).ok();
        } else {
            self.mutex
                .grant_waiters(context.queues.threads(), &mut queue);
        }
    }

    /// Leaves the queue, and passes on what it was given and cannot use.
    pub(crate) fn cancel(&self, context: &Context) {
        if self.dequeue(context) {
            return;
        }
        match self.waiter.outcome() {
            // The unlock fails only if the cell was written over, and then there is nothing to pass on.
            Some(Outcome::Granted) => drop(self.mutex.unlock_as(context, self.waiter.requester())),
            Some(Outcome::Retry { .. }) => self.mutex.revalidate(context),
            _ => {}
        }
    }
}

impl Wait for Locking {
    type Output = Result<WaitResult, Fault>;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Self::Output> {
        match self.turn(context, reason) {
            Ok(Turn::Granted) => Poll::Ready(Ok(WaitResult::Acquired)),
            Ok(Turn::TimedOut) => Poll::Ready(Ok(WaitResult::TimedOut)),
            Ok(Turn::Retry { more }) => self.compete(context, Some(more)),
            Err(fault) => Poll::Ready(Err(fault)),
        }
    }

    fn revalidate(&self, context: &Context) {
        self.mutex.revalidate(context);
    }

    fn requeue_for_block(&mut self, context: &Context) {
        self.requeue_at_front(context);
    }
}
