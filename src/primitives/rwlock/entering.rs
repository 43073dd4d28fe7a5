//! Waiting for an RwLock.

use super::gate::{Admission, State};
use super::{Request, RwLock, claim_of};
use crate::primitives::{Fault, Recovered};
use crate::queue::{Context, Outcome, Party, QueueGuard, Wait, WaitEnd, Waiter, WakeReason};
use std::sync::Arc;
use std::task::Poll;

/// A wait for an RwLock, to read or to write.
pub struct Entering {
    lock: RwLock,
    request: Request,
    waiter: Arc<Waiter>,
}

impl Entering {
    pub(super) fn new(lock: RwLock, party: &Party, request: Request) -> Self {
        let key = lock.gate.key();
        Entering {
            lock,
            request,
            waiter: Waiter::at_lock_for(party, key, RwLock::owner_of, request as u32),
        }
    }

    /// Enters, or stands in the queue.
    pub(super) fn start(&self, context: &Context) -> Poll<Result<Recovered, Fault>> {
        let threads = context.queues.threads();
        let gate = self.lock.gate;
        let party = self.waiter.party();
        let mut section = context.queues.lock(gate.key());
        loop {
            match gate.admit(threads, &mut section, party, self.request, self.lock.held) {
                Ok(Admission::Entered(entered)) => {
                    self.lock.entered(party, self.request);
                    return Poll::Ready(Ok(entered));
                }
                Ok(Admission::Refused(word)) => {
                    if gate.queue_up(&mut section, word, &self.waiter) {
                        return Poll::Pending;
                    }
                }
                Err(fault) => return Poll::Ready(Err(fault)),
            }
        }
    }

    /// Leaves the queue; false where it was settled before. Those behind may be let in now.
    fn leave(&self, context: &Context) -> bool {
        let gate = self.lock.gate;
        let mut section = context.queues.lock(gate.key());
        let left = section.remove(&self.waiter);
        if left {
            // A fault was told to everybody who waits.
            gate.grant_waiters(context.queues.threads(), &mut section)
                .ok();
        }
        left
    }

    /// Leaves, and passes on what it was given and cannot use.
    fn cancel(&self, context: &Context) {
        if !self.leave(context)
            && let Some(outcome) = self.waiter.outcome()
        {
            let mut section = context.queues.lock(self.lock.gate.key());
            self.undo(context, &mut section, outcome);
        }
    }

    /// Takes back that it was let in, which it does not know yet, and lets others in.
    fn undo(&self, context: &Context, section: &mut QueueGuard, outcome: Outcome) {
        let gate = self.lock.gate;
        let claim = claim_of(self.waiter.party());
        loop {
            let word = gate.cell.load();
            let is_written = word & !super::WAITERS == claim;
            let undone = match (outcome, self.request, State::of(word)) {
                (Outcome::Granted, Request::Read, State::Reads(1..) | State::Abandoned(1..)) => {
                    gate.cell.replace(word, word - 1)
                }
                (Outcome::Granted, Request::Write | Request::Recover, _) if is_written => {
                    gate.cell.replace(word, word & super::WAITERS)
                }
                // Nobody took care of what the dead one left: the next may.
                (Outcome::GrantedAbandoned, _, _) if is_written => gate
                    .dead(section)
                    .is_none_or(|dead| gate.abandon(section, word, dead, 0)),
                // It was told of a fault, or the cell was written over.
                _ => true,
            };
            if undone {
                // A fault was told to everybody who waits.
                gate.grant_waiters(context.queues.threads(), section).ok();
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
        let gate = self.lock.gate;
        Poll::Ready(match reason.ended(&self.waiter, || self.leave(context)) {
            WaitEnd::Told(Some(Outcome::Granted)) => {
                self.lock.entered(self.waiter.party(), self.request);
                Ok(Recovered::Acquired)
            }
            WaitEnd::Told(Some(Outcome::GrantedAbandoned)) => {
                context
                    .queues
                    .lock(gate.key())
                    .forget_dead_owner(gate.key());
                Ok(Recovered::Cleared)
            }
            WaitEnd::Told(Some(Outcome::OwnerDied(dead))) => Err(Fault::Abandoned(dead)),
            WaitEnd::Told(Some(Outcome::Corrupt(word))) => Err(Fault::Corrupt(word)),
            WaitEnd::Told(_) => Err(Fault::Corrupt(gate.cell.load())),
            WaitEnd::TimedOut => Ok(Recovered::TimedOut),
            WaitEnd::Deadlock(circle) => Err(Fault::Deadlock(circle)),
            WaitEnd::Interrupted => {
                self.cancel(context);
                Err(Fault::Interrupted)
            }
        })
    }

    fn revalidate(&self, context: &Context) {
        self.lock.revalidate(context);
    }

    fn requeue_for_block(&mut self, context: &Context) {
        let mut section = context.queues.lock(self.lock.gate.key());
        if let Some(outcome @ (Outcome::Granted | Outcome::GrantedAbandoned)) =
            self.waiter.outcome()
        {
            section.push_front(&self.waiter);
            self.undo(context, &mut section, outcome);
        } else if !section.is_behind_sibling(&self.waiter) {
            // Those behind may be let in now, and a promise does not look by itself.
            self.lock
                .gate
                .grant_waiters(context.queues.threads(), &mut section)
                .ok();
        }
    }
}
