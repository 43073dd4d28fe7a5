//! Waiting for an RwLock.

use super::raw::{Admission, State, is_claimed_by, waiters_bit_of};
use super::{Request, RwLock, claim_of};
use crate::primitives::{Fault, Recovered};
use crate::queue::{Context, Outcome, QueueGuard, Requester, Wait, WaitEnd, Waiter, WakeReason};
use std::sync::Arc;
use std::task::Poll;

/// A wait for an RwLock, to read or to write.
pub struct Entering {
    lock: RwLock,
    request: Request,
    waiter: Arc<Waiter>,
}

impl Entering {
    pub(super) fn new(lock: RwLock, requester: &Requester, request: Request) -> Self {
        let key = lock.raw.key();
        Entering {
            lock,
            request,
            waiter: Waiter::at_lock_for(requester, key, RwLock::owner_of, request as u32),
        }
    }

    /// Enters the lock, or the queue.
    pub(super) fn start(&self, context: &Context) -> Poll<Result<Recovered, Fault>> {
        let threads = context.queues.threads();
        let raw = self.lock.raw;
        let requester = self.waiter.requester();
        let mut queue = context.queues.lock(raw.key());
        loop {
            match raw.try_enter(threads, &mut queue, requester, self.request, self.lock.held) {
                Ok(Admission::Entered(entered)) => {
                    self.lock.entered(requester, self.request);
                    return Poll::Ready(Ok(entered));
                }
                Ok(Admission::Refused(word)) => {
                    if raw.queue_up(&mut queue, word, &self.waiter) {
                        return Poll::Pending;
                    }
                }
                Err(fault) => return Poll::Ready(Err(fault)),
            }
        }
    }

    /// Leaves the queue. False if the wait completed before. Waiters behind it may be able to enter now.
    fn dequeue(&self, context: &Context) -> bool {
        let raw = self.lock.raw;
        let mut queue = context.queues.lock(raw.key());
        let left = queue.remove(&self.waiter);
        if left {
            // A fault has already ended all waits.
            raw.grant_waiters(context.queues.threads(), &mut queue).ok();
        }
        left
    }

    /// Leaves the queue, and passes on what it was given and cannot use.
    fn cancel(&self, context: &Context) {
        if !self.dequeue(context)
            && let Some(outcome) = self.waiter.outcome()
        {
            let mut queue = context.queues.lock(self.lock.raw.key());
            self.revoke(context, &mut queue, outcome);
        }
    }

    /// Takes back an entry that the waiter was granted but has not learned of, and grants the lock to other waiters.
    fn revoke(&self, context: &Context, queue: &mut QueueGuard, outcome: Outcome) {
        let raw = self.lock.raw;
        let claim = claim_of(self.waiter.requester());
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
                // A fault has already ended all waits.
                raw.grant_waiters(context.queues.threads(), queue).ok();
                return;
            }
        }
    }
}

impl Wait for Entering {
    type Output = Result<Recovered, Fault>;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Self::Output> {
        let raw = self.lock.raw;
        Poll::Ready(
            match reason.wait_end(&self.waiter, || self.dequeue(context)) {
                WaitEnd::Completed(Some(Outcome::Granted)) => {
                    self.lock.entered(self.waiter.requester(), self.request);
                    Ok(Recovered::Acquired)
                }
                WaitEnd::Completed(Some(Outcome::GrantedAbandoned)) => {
                    context.queues.lock(raw.key()).forget_dead_owner(raw.key());
                    Ok(Recovered::Cleared)
                }
                WaitEnd::Completed(Some(Outcome::OwnerDied(dead))) => Err(Fault::Abandoned(dead)),
                WaitEnd::Completed(Some(Outcome::Corrupt(word))) => Err(Fault::Corrupt(word)),
                WaitEnd::Completed(_) => Err(Fault::Corrupt(raw.cell.load())),
                WaitEnd::TimedOut => Ok(Recovered::TimedOut),
                WaitEnd::Deadlock(cycle) => Err(Fault::Deadlock(cycle)),
                WaitEnd::Interrupted => {
                    self.cancel(context);
                    Err(Fault::Interrupted)
                }
            },
        )
    }

    fn revalidate(&self, context: &Context) {
        self.lock.revalidate(context);
    }

    fn requeue_for_block(&mut self, context: &Context) {
        let mut queue = context.queues.lock(self.lock.raw.key());
        if let Some(outcome @ (Outcome::Granted | Outcome::GrantedAbandoned)) =
            self.waiter.outcome()
        {
            queue.push_front(&self.waiter);
            self.revoke(context, &mut queue, outcome);
        } else if !queue.is_behind_sibling(&self.waiter) {
            // Waiters behind it may be able to enter now, and a promise does not check by itself.
            self.lock
                .raw
                .grant_waiters(context.queues.threads(), &mut queue)
                .ok();
        }
    }
}
