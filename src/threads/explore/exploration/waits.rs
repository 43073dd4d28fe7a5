//! How the threads of an exploration block and are woken.

use super::super::{Explored, Resumed, Sleeper};
use super::member::Status;
use super::state::Phase;
use super::{Exploration, Verdict};
use crate::futex::Deadline;
use crate::sync::{Ordering, lock};

impl Exploration {
    /// Blocks the calling thread.
    pub(in crate::threads::explore) fn block(
        &self,
        me: &Explored,
        deadline: Option<Deadline>,
        sleeper: Sleeper,
    ) -> Resumed {
        let mut state = lock(&self.state);
        match state.phase {
            Phase::Running => {}
            Phase::Alone => {
                let member = &mut state.members[me.index];
                if std::mem::take(&mut member.token) {
                    return Resumed::Woken;
                }
                let Some(deadline) = deadline else {
                    // The controller is alone, so nothing will wake it.
                    state.verdict = Verdict::Deadlock;
                    self.unwinding.store(true, Ordering::Release);
                    return Resumed::Stopped;
                };
                state.clock = state.clock.max(deadline.as_nanoseconds());
                return Resumed::TimedOut;
            }
            _ => return Resumed::Stopped,
        }
        let member = &mut state.members[me.index];
        if std::mem::take(&mut member.token) {
            return Resumed::Woken;
        }
        member.status = Status::Blocked(deadline);
        let next = self.next(&mut state, me.index, false);
        drop(state);
        if self.pass(me, next, sleeper).is_err() {
            return Resumed::Stopped;
        }
        let mut state = lock(&self.state);
        let member = &mut state.members[me.index];
        if std::mem::take(&mut member.timed_out) {
            return Resumed::TimedOut;
        }
        member.token = false;
        Resumed::Woken
    }

    /// The calling thread is about to wait at a cell.
    pub(in crate::threads::explore) fn begin_wait(&self, me: &Explored, cell: usize) {
        lock(&self.state).written(me.index, cell);
    }

    /// Waits for a notification of an address, as `Atomics.wait` does.
    pub fn wait(
        &self,
        me: &Explored,
        address: usize,
        deadline: Option<Deadline>,
        sleeper: Sleeper,
    ) -> Resumed {
        let mut state = lock(&self.state);
        state.waiters.push((address, me.index));
        state.written(me.index, address);
        drop(state);
        let resumed = self.block(me, deadline, sleeper);
        lock(&self.state)
            .waiters
            .retain(|(_, index)| *index != me.index);
        resumed
    }

    /// Notifies up to `count` threads that wait for an address. Returns how many there were.
    pub fn notify(&self, address: usize, count: usize) -> usize {
        let mut state = lock(&self.state);
        let mut notified = 0;
        while notified < count
            && let Some(place) = state
                .waiters
                .iter()
                .position(|(other, _)| *other == address)
        {
            let (_, index) = state.waiters.remove(place);
            state.wake(index);
            notified += 1;
        }
        notified
    }

    pub(in crate::threads::explore) fn wake(&self, index: usize) {
        lock(&self.state).wake(index);
    }
}
