//! Waiting for an RwLock.

use super::raw::{Asks, Place, State, is_claimed_by, waiters_bit_of};
use super::{Request, RwLock, claim_of};
use crate::primitives::Recovered;
use crate::primitives::wait::{Step, Wait, enter_queue, fault_of, take_woken};
use crate::queue::{
    Access, Aim, Context, MIN_SPIN_NS, Outcome, Owner, QueueGuard, Requester, Waiter,
};
use std::sync::Arc;
use std::task::Poll;

/// A wait for an RwLock, to read or to write.
pub struct Entering {
    lock: RwLock,
    request: Request,
    waiter: Arc<Waiter>,
}

impl Entering {
    /// A wait of `requester` for `lock`, to read or to write.
    pub fn new(lock: RwLock, requester: &Requester, request: Request) -> Self {
        let key = lock.raw.key();
        let aim = Aim {
            owner_of: Some(RwLock::owner_of),
            access: match request {
                Request::Read => Access::Read,
                Request::Write | Request::Recover => Access::Write,
            },
            request: request as u32,
            ..Aim::default()
        };
        Entering {
            lock,
            request,
            waiter: Waiter::new(requester, key, aim),
        }
    }

    fn asks(&self, place: Place) -> Asks {
        Asks {
            owner: self.owner(),
            request: self.request,
            place,
        }
    }

    /// Competes for the lock, and enters the queue again, before all others, if that fails. `more` says whether
    /// others wait behind.
    fn compete(&self, context: &Context, more: bool) -> Step<Recovered> {
        let raw = self.lock.raw;
        let take = || raw.try_compete(self.owner(), self.request, more);
        if take_woken(&self.waiter, MIN_SPIN_NS, take) {
            self.lock.entered(self.owner(), self.request);
            return Poll::Ready(Ok(Recovered::Acquired));
        }
        let mut queue = context.queues.lock(raw.key());
        match self
            .lock
            .try_enter_queued(context, &mut queue, self.asks(Place::Woken))
        {
            Ok(Some(entered)) => Poll::Ready(Ok(entered)),
            Ok(None) => {
                self.waiter.note_overtaken();
                queue.push_front(&self.waiter);
                Poll::Pending
            }
            Err(fault) => Poll::Ready(Err(fault)),
        }
    }

    /// Who owns the lock once the wait is over.
    fn owner(&self) -> Owner {
        Owner::from(self.waiter.requester())
    }
}

impl Wait for Entering {
    type Output = Recovered;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn start(&mut self, context: &Context) -> Step<Recovered> {
        enter_queue(context, &self.waiter, |queue| {
            self.lock
                .try_enter_queued(context, queue, self.asks(Place::New))
        })
    }

    fn completed(&mut self, context: &Context, outcome: Outcome) -> Step<Recovered> {
        let key = self.lock.raw.key();
        Poll::Ready(match outcome {
            Outcome::Granted => {
                self.lock.entered(self.owner(), self.request);
                Ok(Recovered::Acquired)
            }
            Outcome::GrantedAbandoned => {
                context.queues.lock(key).forget_dead_owner(key);
                Ok(Recovered::Cleared)
            }
            Outcome::Retry { more } => return self.compete(context, more),
            outcome => Err(fault_of(&self.waiter, outcome)),
        })
    }

    fn update(&self, context: &Context, queue: &mut QueueGuard) {
        let threads = context.queues.threads();
        // A fault has already ended all waits.
        self.lock.raw.grant_waiters(threads, queue).ok();
    }

    /// Takes back an entry that the waiter was granted but has not learned of, and grants the lock to other waiters.
    fn pass_on(&self, context: &Context, queue: &mut QueueGuard, outcome: Outcome) {
        let raw = self.lock.raw;
        let claim = claim_of(self.owner());
        loop {
            let word = raw.cell.load();
            let is_ours = is_claimed_by(word, claim);
            let revoked = match (outcome, self.request, State::of(word)) {
                (Outcome::Granted, Request::Read, State::Reads(1..) | State::Abandoned(1..)) => {
                    raw.cell.replace(word, word - 1)
                }
                (Outcome::Granted, Request::Write | Request::Recover, _) if is_ours => {
                    raw.cell.replace(word, waiters_bit_of(word))
                }
                // The waiter did not repair what the dead thread left: the next waiter may.
                (Outcome::GrantedAbandoned, _, _) if is_ours => raw
                    .dead(queue)
                    .is_none_or(|dead| raw.abandon(queue, word, dead, 0)),
                // The outcome was a fault, or the cell was written over.
                _ => true,
            };
            if revoked {
                self.update(context, queue);
                return;
            }
        }
    }
}
