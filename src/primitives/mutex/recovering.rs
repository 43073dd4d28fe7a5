//! Waiting for a Mutex that may be abandoned.

use super::{Locking, Mutex, Recovered, WaitResult};
use crate::primitives::Fault;
use crate::queue::{Context, Requester, Wait, Waiter, WakeReason};
use std::sync::Arc;
use std::task::Poll;

/// A wait for a Mutex that takes it over from an owner that died.
pub struct Recovering {
    mutex: Mutex,
    locking: Locking,
}

impl Recovering {
    pub(super) fn new(mutex: Mutex, requester: &Requester) -> Self {
        Recovering {
            mutex,
            locking: Locking::new(mutex, requester),
        }
    }

    pub(super) fn start(&mut self, context: &Context) -> Poll<Result<Recovered, Fault>> {
        let step = self.locking.compete(context, None);
        self.after(context, step)
    }

    fn after(
        &mut self,
        context: &Context,
        mut step: Poll<Result<WaitResult, Fault>>,
    ) -> Poll<Result<Recovered, Fault>> {
        loop {
            return Poll::Ready(match step {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(WaitResult::Acquired)) => Ok(Recovered::Acquired),
                Poll::Ready(Ok(WaitResult::TimedOut)) => Ok(Recovered::TimedOut),
                Poll::Ready(Err(Fault::Abandoned(Some(dead)))) => {
                    if self
                        .mutex
                        .take_over(dead, self.locking.waiter().requester())
                    {
                        Ok(Recovered::Cleared)
                    } else {
                        // Another thread took the lock over first: wait for it.
                        step = self.locking.compete(context, None);
                        continue;
                    }
                }
                Poll::Ready(Err(fault)) => Err(fault),
            });
        }
    }
}

impl Wait for Recovering {
    type Output = Result<Recovered, Fault>;

    fn waiter(&self) -> &Arc<Waiter> {
        self.locking.waiter()
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Self::Output> {
        let step = self.locking.resume(context, reason);
        self.after(context, step)
    }

    fn revalidate(&self, context: &Context) {
        self.locking.revalidate(context);
    }

    fn requeue_for_block(&mut self, context: &Context) {
        self.locking.requeue_for_block(context);
    }
}
