//! Waiting for a Mutex, also for one whose owner died.

use super::{Locked, Locking, Mutex, Recovered};
use crate::primitives::Fault;
use crate::queue::{Caller, Party, Slept, Step, Wait, Waiter};
use std::sync::Arc;

/// A wait for a Mutex that takes it over from an owner that died.
pub struct Recovering {
    mutex: Mutex,
    locking: Locking,
}

impl Recovering {
    pub(super) fn new(mutex: Mutex, party: &Party) -> Self {
        Recovering {
            mutex,
            locking: Locking::new(mutex, party),
        }
    }

    pub(super) fn start(&mut self, caller: &Caller) -> Step<Result<Recovered, Fault>> {
        let step = self.locking.compete(caller, None);
        self.after(caller, step)
    }

    fn after(
        &mut self,
        caller: &Caller,
        mut step: Step<Result<Locked, Fault>>,
    ) -> Step<Result<Recovered, Fault>> {
        loop {
            return Step::Done(match step {
                Step::Pending => return Step::Pending,
                Step::Done(Ok(Locked::Acquired)) => Ok(Recovered::Locked),
                Step::Done(Ok(Locked::TimedOut)) => Ok(Recovered::TimedOut),
                Step::Done(Err(Fault::Abandoned(Some(dead)))) => {
                    if self.mutex.take_over(dead, self.locking.waiter().party()) {
                        Ok(Recovered::Cleared)
                    } else {
                        // Somebody else was faster: wait for the lock.
                        step = self.locking.compete(caller, None);
                        continue;
                    }
                }
                Step::Done(Err(fault)) => Err(fault),
            });
        }
    }
}

impl Wait for Recovering {
    type Output = Result<Recovered, Fault>;

    fn waiter(&self) -> &Arc<Waiter> {
        self.locking.waiter()
    }

    fn resume(&mut self, caller: &Caller, slept: Slept) -> Step<Self::Output> {
        let step = self.locking.resume(caller, slept);
        self.after(caller, step)
    }

    fn tend(&self, caller: &Caller) {
        self.locking.tend(caller);
    }

    fn retreat(&mut self, caller: &Caller) {
        self.locking.retreat(caller);
    }
}
