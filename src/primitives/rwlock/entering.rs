//! Waiting for an RwLock.

use super::gate::{Admission, State};
use super::{Request, RwLock, claim_of};
use crate::primitives::{Fault, Recovered};
use crate::queue::{Caller, Ended, Outcome, Party, Section, Slept, Step, Wait, Waiter};
use std::sync::Arc;

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
    pub(super) fn start(&self, caller: &Caller) -> Step<Result<Recovered, Fault>> {
        let threads = caller.queues.threads();
        let gate = self.lock.gate;
        let party = self.waiter.party();
        let mut section = caller.queues.enter(gate.key());
        loop {
            match gate.admit(threads, &mut section, party, self.request, self.lock.held) {
                Ok(Admission::Entered(entered)) => {
                    self.lock.entered(party, self.request);
                    return Step::Done(Ok(entered));
                }
                Ok(Admission::Refused(word)) => {
                    if gate.queue_up(&mut section, word, &self.waiter) {
                        return Step::Pending;
                    }
                }
                Err(fault) => return Step::Done(Err(fault)),
            }
        }
    }

    /// Leaves the queue; false where it was settled before. Those behind may be let in now.
    fn leave(&self, caller: &Caller) -> bool {
        let gate = self.lock.gate;
        let mut section = caller.queues.enter(gate.key());
        let left = section.remove(&self.waiter);
        if left {
            // A fault was told to everybody who waits.
            gate.serve(caller.queues.threads(), &mut section).ok();
        }
        left
    }

    /// Leaves, and passes on what it was given and cannot use.
    fn withdraw(&self, caller: &Caller) {
        if !self.leave(caller)
            && let Some(outcome) = self.waiter.outcome()
        {
            let mut section = caller.queues.enter(self.lock.gate.key());
            self.undo(caller, &mut section, outcome);
        }
    }

    /// Takes back that it was let in, which it does not know yet, and lets others in.
    fn undo(&self, caller: &Caller, section: &mut Section, outcome: Outcome) {
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
                gate.serve(caller.queues.threads(), section).ok();
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

    fn resume(&mut self, caller: &Caller, slept: Slept) -> Step<Self::Output> {
        let gate = self.lock.gate;
        Step::Done(match slept.ended(&self.waiter, || self.leave(caller)) {
            Ended::Told(Some(Outcome::Granted)) => {
                self.lock.entered(self.waiter.party(), self.request);
                Ok(Recovered::Locked)
            }
            Ended::Told(Some(Outcome::GrantedAbandoned)) => {
                caller
                    .queues
                    .enter(gate.key())
                    .forget_dead_owner(gate.key());
                Ok(Recovered::Cleared)
            }
            Ended::Told(Some(Outcome::OwnerDied(dead))) => Err(Fault::Abandoned(dead)),
            Ended::Told(Some(Outcome::Corrupt(word))) => Err(Fault::Corrupt(word)),
            Ended::Told(_) => Err(Fault::Corrupt(gate.cell.load())),
            Ended::TimedOut => Ok(Recovered::TimedOut),
            Ended::Deadlock(circle) => Err(Fault::Deadlock(circle)),
            Ended::Interrupted => {
                self.withdraw(caller);
                Err(Fault::Interrupted)
            }
        })
    }

    fn tend(&self, caller: &Caller) {
        self.lock.tend(caller);
    }

    fn retreat(&mut self, caller: &Caller) {
        let mut section = caller.queues.enter(self.lock.gate.key());
        if let Some(outcome @ (Outcome::Granted | Outcome::GrantedAbandoned)) =
            self.waiter.outcome()
        {
            section.push_front(&self.waiter);
            self.undo(caller, &mut section, outcome);
        } else if !section.is_behind_sibling(&self.waiter) {
            // Those behind may be let in now, and a promise does not look by itself.
            self.lock
                .gate
                .serve(caller.queues.threads(), &mut section)
                .ok();
        }
    }
}
