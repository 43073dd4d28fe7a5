//! Waiting for an RwLock.

use super::gate::Admission;
use super::{Request, RwLock, claim_of};
use crate::primitives::{Fault, Recovered};
use crate::queue::{Caller, Outcome, Party, Slept, Step, Wait, Waiter};
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
        if self.leave(caller) {
            return;
        }
        let party = self.waiter.party();
        match (self.waiter.outcome(), self.request) {
            (Some(Outcome::Granted), Request::Read) => {
                self.lock.entered(party, self.request);
                // Only a cell that was written over can be no longer read here, and then there is nothing to pass on.
                self.lock.unlock_read_as(caller, party).ok();
            }
            // As above.
            (Some(Outcome::Granted), _) => drop(self.lock.unlock_write_as(caller, party)),
            (Some(Outcome::GrantedAbandoned), _) => self.abandon_again(caller),
            _ => {}
        }
    }

    /// Nobody took care of what the dead one left: the next may.
    fn abandon_again(&self, caller: &Caller) {
        let gate = self.lock.gate;
        let claim = claim_of(self.waiter.party());
        let mut section = caller.queues.enter(gate.key());
        let Some(dead) = section.dead_owner(gate.key()) else {
            return;
        };
        loop {
            let word = gate.cell.load();
            if word & !super::WAITERS != claim {
                return;
            }
            if gate.abandon(&mut section, word, dead, 0) {
                // A fault was told to everybody who waits.
                gate.serve(caller.queues.threads(), &mut section).ok();
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
        let outcome = match slept {
            Slept::Settled(outcome) => Some(outcome),
            Slept::TimedOut if self.leave(caller) => {
                return Step::Done(Ok(Recovered::TimedOut));
            }
            Slept::Interrupted => {
                self.withdraw(caller);
                return Step::Done(Err(Fault::Interrupted));
            }
            Slept::Deadlock(circle) if self.leave(caller) => {
                return Step::Done(Err(Fault::Deadlock(circle)));
            }
            Slept::TimedOut | Slept::Deadlock(_) => self.waiter.outcome(),
        };
        let gate = self.lock.gate;
        Step::Done(match outcome {
            Some(Outcome::Granted) => {
                self.lock.entered(self.waiter.party(), self.request);
                Ok(Recovered::Locked)
            }
            Some(Outcome::GrantedAbandoned) => {
                caller
                    .queues
                    .enter(gate.key())
                    .forget_dead_owner(gate.key());
                Ok(Recovered::Cleared)
            }
            Some(Outcome::OwnerDied(dead)) => Err(Fault::Abandoned(dead)),
            Some(Outcome::Corrupt(word)) => Err(Fault::Corrupt(word)),
            _ => Err(Fault::Corrupt(gate.cell.load())),
        })
    }

    fn tend(&self, caller: &Caller) {
        self.lock.tend(caller);
    }
}
