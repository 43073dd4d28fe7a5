//! Waiting for a Mutex.

use super::{Locked, Mutex, Served, State};
use crate::primitives::Fault;
use crate::queue::{Caller, Ended, Outcome, Party, Slept, Step, Wait, Waiter, spin_until};
use std::sync::Arc;

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
        caller: &Caller,
        woken: Option<bool>,
    ) -> Step<Result<Locked, Fault>> {
        loop {
            if self.take(woken) {
                return Step::Done(Ok(Locked::Acquired));
            }
            match self.queue_up(caller, woken.is_some()) {
                Ok(Served::Free) => {}
                Ok(Served::Held) => return Step::Pending,
                Err(fault) => return Step::Done(Err(fault)),
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
    fn queue_up(&self, caller: &Caller, woken: bool) -> Result<Served, Fault> {
        let threads = caller.queues.threads();
        let mut section = caller.queues.enter(self.mutex.key());
        // Since the check before the wait, code that ran in the middle of it may have locked.
        if !self.waiter.party().is_promise() && self.mutex.is_owned_by(caller.id()) {
            self.mutex.serve(threads, &mut section);
            return Err(Fault::Recursive);
        }
        let served = self.mutex.serve_fault(threads, &mut section)?;
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
    fn turn(&self, caller: &Caller, slept: Slept) -> Result<Turn, Fault> {
        match slept.ended(&self.waiter, || self.leave(caller)) {
            Ended::Told(Some(Outcome::Granted)) => Ok(Turn::Granted),
            Ended::Told(Some(Outcome::Retry { more })) => Ok(Turn::Retry { more }),
            Ended::Told(Some(Outcome::OwnerDied(owner))) => Err(Fault::Abandoned(owner)),
            Ended::Told(Some(Outcome::Corrupt(word))) => Err(Fault::Corrupt(word)),
            Ended::Told(_) => Err(Fault::Corrupt(self.mutex.cell.load())),
            Ended::TimedOut => Ok(Turn::TimedOut),
            Ended::Deadlock(circle) => Err(Fault::Deadlock(circle)),
            Ended::Interrupted => {
                self.withdraw(caller);
                Err(Fault::Interrupted)
            }
        }
    }

    /// Leaves the queue; false where it was settled before.
    fn leave(&self, caller: &Caller) -> bool {
        let key = self.mutex.key();
        let mut section = caller.queues.enter(key);
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
    pub(crate) fn stand_back(&self, caller: &Caller) {
        let mut section = caller.queues.enter(self.mutex.key());
        let outcome = self.waiter.outcome();
        if !matches!(outcome, Some(Outcome::Granted | Outcome::Retry { .. })) {
            return;
        }
        section.push_front(&self.waiter);
        if outcome == Some(Outcome::Granted) {
            let claim = super::claim_of(self.waiter.party());
            // Only a cell that was written over can be no longer owned here, and then everybody was told.
            self.mutex.release(caller, &mut section, claim).ok();
        } else {
            self.mutex.serve(caller.queues.threads(), &mut section);
        }
    }

    /// Leaves, and passes on what it was given and cannot use.
    pub(crate) fn withdraw(&self, caller: &Caller) {
        if self.leave(caller) {
            return;
        }
        match self.waiter.outcome() {
            // Only a cell that was written over can be no longer owned here, and then there is nothing to pass on.
            Some(Outcome::Granted) => drop(self.mutex.unlock_as(caller, self.waiter.party())),
            Some(Outcome::Retry { .. }) => self.mutex.tend(caller),
            _ => {}
        }
    }
}

impl Wait for Locking {
    type Output = Result<Locked, Fault>;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn resume(&mut self, caller: &Caller, slept: Slept) -> Step<Self::Output> {
        match self.turn(caller, slept) {
            Ok(Turn::Granted) => Step::Done(Ok(Locked::Acquired)),
            Ok(Turn::TimedOut) => Step::Done(Ok(Locked::TimedOut)),
            Ok(Turn::Retry { more }) => self.compete(caller, Some(more)),
            Err(fault) => Step::Done(Err(fault)),
        }
    }

    fn tend(&self, caller: &Caller) {
        self.mutex.tend(caller);
    }

    fn retreat(&mut self, caller: &Caller) {
        self.stand_back(caller);
    }
}
