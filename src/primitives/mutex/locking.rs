//! Waiting for a Mutex.

use super::{
    ABANDONED, Availability, FREE, Mutex, Recovered, State, claim_of, with_waiters, without_waiters,
};
use crate::primitives::Fault;
use crate::primitives::wait::{Step, Wait, fault_of, take_woken};
use crate::queue::{Context, MIN_SPIN_NS, Outcome, Owner, QueueGuard, Requester, Waiter};
use crate::threads::ThreadId;
use std::sync::Arc;
use std::task::Poll;

/// How long a notified thread spins that finds the lock taken, in nanoseconds: about as long as the one before it has the
/// lock. 64 waiters of notifyAll() took a tenth longer with a quarter of that, and as long with four times that.
const NOTIFIED_SPIN_NS: u64 = 8_000;

/// A wait for a Mutex: competes, sleeps and competes again until its requester owns the lock.
pub struct Locking {
    mutex: Mutex,
    waiter: Arc<Waiter>,
    /// Whether it takes the lock over from an owner that died.
    recovers: bool,
    /// Set for a thread that begins with the turn to compete: whether others wait behind.
    turn: Option<bool>,
}

impl Locking {
    /// A wait of `requester` for `mutex`.
    pub fn new(mutex: Mutex, requester: &Requester) -> Self {
        Self::of(mutex, Waiter::new(requester, mutex.key(), Mutex::AIM))
    }

    /// A wait of `requester` for `mutex`, which it takes over if the owner died.
    pub fn recovering(mutex: Mutex, requester: &Requester) -> Self {
        Locking {
            recovers: true,
            ..Self::new(mutex, requester)
        }
    }

    /// A wait of `requester`, which was woken to compete for `mutex` and has not yet. `more` says whether others wait
    /// behind.
    pub fn with_turn(mutex: Mutex, requester: &Requester, more: bool) -> Self {
        Locking {
            turn: Some(more),
            ..Self::new(mutex, requester)
        }
    }

    /// The wait of a Condition's waiter that was notified: it stands in the queue of its mutex, or was taken out of
    /// it.
    pub(crate) fn of(mutex: Mutex, waiter: Arc<Waiter>) -> Self {
        Locking {
            mutex,
            waiter,
            recovers: false,
            turn: None,
        }
    }

    /// Who owns the lock once it is acquired.
    fn owner(&self) -> Owner {
        Owner::from(self.waiter.requester())
    }

    /// Whether a Condition notified the requester.
    fn was_notified(&self) -> bool {
        self.turn.is_some() || self.waiter.was_notified()
    }

    /// Competes for the lock, and enters the queue if that fails. `woken` is set for a waiter whose outcome was to
    /// retry, and says whether others wait behind it.
    fn compete(&self, context: &Context, woken: Option<bool>) -> Step<Recovered> {
        loop {
            if self.take(woken) {
                return Poll::Ready(Ok(Recovered::Acquired));
            }
            match self.queue_up(context, woken.is_some()) {
                Ok(Availability::Free) => {}
                Ok(Availability::Owned) => return Poll::Pending,
                Err(Fault::Abandoned(Some(dead))) if self.recovers => {
                    return self.take_over(context, dead);
                }
                Err(fault) => return Poll::Ready(Err(fault)),
            }
        }
    }

    /// Acquires the lock if it is free. A thread that was woken spins until it is, for a short time: the others spin
    /// before they wait. One that a Condition notified spins for longer: the notified waiter before it was woken shortly
    /// before, and has the lock until its code and data are there from memory. A waiter that was woken restores the waiters
    /// bit if others wait behind it.
    fn take(&self, woken: Option<bool>) -> bool {
        let cell = self.mutex.cell;
        let claim = claim_of(self.owner());
        let owned = match woken {
            Some(true) => with_waiters(claim),
            _ => claim,
        };
        let take = || cell.load() == FREE && cell.replace(FREE, owned);
        if woken.is_none() {
            take()
        } else if self.was_notified() {
            take_woken(&self.waiter, NOTIFIED_SPIN_NS, take)
        } else {
            take_woken(&self.waiter, MIN_SPIN_NS, take)
        }
    }

    /// Enters the queue, unless the lock is free.
    fn queue_up(&self, context: &Context, woken: bool) -> Result<Availability, Fault> {
        let threads = context.queues.threads();
        let mut queue = context.queues.lock(self.mutex.key());
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

    /// Takes the lock over from its owner that died, or competes again if another thread took it over before.
    fn take_over(&self, context: &Context, dead: ThreadId) -> Step<Recovered> {
        let claim = claim_of(self.owner());
        if self.mutex.cell.replace(dead.get() | ABANDONED, claim) {
            Poll::Ready(Ok(Recovered::Cleared))
        } else {
            self.compete(context, None)
        }
    }
}

impl Wait for Locking {
    type Output = Recovered;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn start(&mut self, context: &Context) -> Step<Recovered> {
        self.compete(context, self.turn)
    }

    fn completed(&mut self, context: &Context, outcome: Outcome) -> Step<Recovered> {
        match outcome {
            Outcome::Granted => Poll::Ready(Ok(Recovered::Acquired)),
            Outcome::Retry { more } => self.compete(context, Some(more)),
            Outcome::OwnerDied(Some(dead)) if self.recovers => self.take_over(context, dead),
            outcome => Poll::Ready(Err(fault_of(&self.waiter, outcome))),
        }
    }

    fn update(&self, context: &Context, queue: &mut QueueGuard) {
        self.mutex.grant_waiters(context.queues.threads(), queue);
    }

    fn left(&self, _context: &Context, queue: &mut QueueGuard) {
        if queue.is_empty(self.mutex.key()) {
            // No waiter is left to wake, so the owner's unlock need not call native code. If the word has changed,
            // its owner found the queue already.
            let word = self.mutex.cell.load();
            if State::of(word).is_owned() {
                self.mutex.cell.replace(word, without_waiters(word));
            }
        }
    }

    fn pass_on(&self, context: &Context, queue: &mut QueueGuard, outcome: Outcome) {
        match outcome {
            // The release fails only if the cell was written over, and then it has ended all waits.
            Outcome::Granted => {
                self.mutex.release(context, queue, self.owner()).ok();
            }
            Outcome::Retry { .. } => self.update(context, queue),
            _ => {}
        }
    }
}
