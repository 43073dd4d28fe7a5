//! Waiting for a Mutex.

use super::{Mutex, Served, State, WaitResult};
use crate::primitives::Fault;
use crate::queue::{Context, Outcome, Party, Wait, WaitEnd, Waiter, WakeReason, spin_until};
use std::sync::Arc;
use std::task::Poll;

/// A wait for a Mutex: competes, sleeps and competes again until the lock is its party's.
pub struct Locking {
    mutex: Mutex,
    waiter: Arc<Waiter>,
}

/// Where somebody who waits stands after a sleep.
enum Turn {
    Granted,
    TimedOut,
    Retry { more: bool },
}

impl Locking {
    pub(super) fn new(mutex: Mutex, party: &Party) -> Self {
        Self::of(mutex, Waiter::at_lock(party, mutex.key(), Mutex::owner_of))
    }

    /// The wait of a Condition's waiter that was notified, and so stands in the queue of its mutex or was taken out of it.
    pub(crate) fn of(mutex: Mutex, waiter: Arc<Waiter>) -> Self {
        Locking { mutex, waiter }
    }

    /// Competes for the lock, and enters the queue where that fails. `woken` is set for a waiter that was told to retry,
    /// and says whether others wait behind it.
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
                Ok(Served::Free) => {}
                Ok(Served::Held) => return Poll::Pending,
                Err(fault) => return Poll::Ready(Err(fault)),
            }
        }
    }

    /// Takes the lock if it is or becomes free: a thread spins for a moment. A waiter that was woken restores the bit where
    /// others wait behind it.
    fn take(&self, woken: Option<bool>) -> bool {
        let cell = self.mutex.cell;
        let claim = super::claim_of(self.waiter.party());
        let owned = match woken {
            Some(true) => claim | super::WAITERS,
            _ => claim,
        };
        let take = || cell.load() == super::FREE && cell.replace(super::FREE, owned);
        if self.waiter.party().is_promise() {
            take()
        } else {
            spin_until(take)
        }
    }

    /// Enters the queue, unless the lock is free.
    fn queue_up(&self, context: &Context, woken: bool) -> Result<Served, Fault> {
        let threads = context.queues.threads();
        let mut section = context.queues.lock(self.mutex.key());
        // Since the check before the wait, code that ran in the middle of it may have locked.
        if !self.waiter.party().is_promise() && self.mutex.is_owned_by(context.id()) {
            self.mutex.grant_waiters(threads, &mut section);
            return Err(Fault::Recursive);
        }
        let served = self.mutex.check_owner(threads, &mut section)?;
        if let Served::Held = served {
            if woken {
                self.waiter.note_overtaken();
                section.push_front(&self.waiter);
            } else {
                section.push_back(&self.waiter);
            }
        }
        Ok(served)
    }

    /// What a sleep came to.
    fn turn(&self, context: &Context, reason: WakeReason) -> Result<Turn, Fault> {
        match reason.ended(&self.waiter, || self.leave(context)) {
            WaitEnd::Told(Some(Outcome::Granted)) => Ok(Turn::Granted),
            WaitEnd::Told(Some(Outcome::Retry { more })) => Ok(Turn::Retry { more }),
            WaitEnd::Told(Some(Outcome::OwnerDied(owner))) => Err(Fault::Abandoned(owner)),
            WaitEnd::Told(Some(Outcome::Corrupt(word))) => Err(Fault::Corrupt(word)),
            WaitEnd::Told(_) => Err(Fault::Corrupt(self.mutex.cell.load())),
            WaitEnd::TimedOut => Ok(Turn::TimedOut),
            WaitEnd::Deadlock(circle) => Err(Fault::Deadlock(circle)),
            WaitEnd::Interrupted => {
                self.cancel(context);
                Err(Fault::Interrupted)
            }
        }
    }

    /// Leaves the queue; false where it was settled before.
    fn leave(&self, context: &Context) -> bool {
        let key = self.mutex.key();
        let mut section = context.queues.lock(key);
        let left = section.remove(&self.waiter);
        if left && section.is_empty(key) {
            // Nobody is left to wake: spare the owner the call. Where the word has changed there is nothing to spare.
            let word = self.mutex.cell.load();
            if let State::Owned(_) = State::of(word) {
                self.mutex.cell.replace(word, word & !super::WAITERS);
            }
        }
        left
    }

    /// Stands in the queue again, before the others, and passes on what it was given.
    pub(crate) fn requeue_at_front(&self, context: &Context) {
        let mut section = context.queues.lock(self.mutex.key());
        let outcome = self.waiter.outcome();
        if !matches!(outcome, Some(Outcome::Granted | Outcome::Retry { .. })) {
            return;
        }
        section.push_front(&self.waiter);
        if outcome == Some(Outcome::Granted) {
            let claim = super::claim_of(self.waiter.party());
            // Only a cell that was written over can be no longer owned here, and then everybody was told.
            self.mutex.release(context, &mut section, claim).ok();
        } else {
            self.mutex
                .grant_waiters(context.queues.threads(), &mut section);
        }
    }

    /// Leaves, and passes on what it was given and cannot use.
    pub(crate) fn cancel(&self, context: &Context) {
        if self.leave(context) {
            return;
        }
        match self.waiter.outcome() {
            // Only a cell that was written over can be no longer owned here, and then there is nothing to pass on.
            Some(Outcome::Granted) => drop(self.mutex.unlock_as(context, self.waiter.party())),
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
