//! The Latch: closed until it was counted down often enough, and open for ever after.
//!
//! Orderings: counting down is a read-modify-write that acquires and releases. So the thread that opens the latch has
//! acquired what the threads that counted down before released. A thread that finds the latch open acquires all of
//! that from the word. A thread that slept acquires it from its outcome, which the opening thread released.

use super::{Fault, WaitResult};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Begun, Context, Key, Kind, Outcome, QueueGuard, Requester, Wait, WaitEnd, Waiter, WakeReason,
};
use std::sync::Arc;
use std::task::Poll;

// The word, bit by bit:
//
// | bit   | name    | meaning                             |
// | ----- | ------- | ----------------------------------- |
// | 0-29  | COUNTED | countdowns; open at the count       |
// | 30    | WAITERS | closed, and there are waiters       |

/// The number of countdowns. The latch is open when it equals the count that the constructor was given.
const COUNTED: u32 = (1 << 30) - 1;
/// The latch is closed, and there are waiters.
const WAITERS: u32 = 1 << 30;

/// The number of countdowns.
fn counted(word: u32) -> u32 {
    word & COUNTED
}

/// The word without the waiters bit.
fn without_waiters(word: u32) -> u32 {
    word & !WAITERS
}

/// What a word says.
enum State {
    Open,
    Closed,
    Corrupt,
}

/// The Latch in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Latch {
    cell: SharedWord,
    count: u32,
}

impl Latch {
    /// The waiters bit of the word.
    pub const WAITERS: u32 = WAITERS;
    /// The largest count.
    pub const MAX_COUNT: u32 = COUNTED;

    /// The latch in `cell` that opens at `count`, from 1 to [`Latch::MAX_COUNT`].
    pub fn new(cell: SharedWord, count: u32) -> Self {
        Latch { cell, count }
    }

    /// Waits until the latch is open or `deadline` passes, or without limit.
    pub fn wait(self, context: &Context, deadline: Option<Deadline>) -> Result<WaitResult, Fault> {
        if self.is_open()? {
            return Ok(WaitResult::Acquired);
        }
        self.begin(context, &Requester::thread_of(context.thread))
            .block(context, deadline)
    }

    /// Begins to wait.
    pub fn begin(self, context: &Context, requester: &Requester) -> Begun<Opening> {
        let waiter = Waiter::new(requester, self.key());
        Begun::with(
            Opening {
                latch: self,
                waiter,
            },
            |wait| {
                let mut queue = context.queues.lock(self.key());
                match self.set_waiters_bit(&mut queue) {
                    Ok(true) => Poll::Ready(Ok(WaitResult::Acquired)),
                    Ok(false) => {
                        queue.push_back(&wait.waiter);
                        Poll::Pending
                    }
                    Err(fault) => Poll::Ready(Err(fault)),
                }
            },
        )
    }

    /// What JavaScript tries before it calls native code: counts down while there are no waiters.
    #[inline]
    pub fn count_down_fast(self, by: u32) -> bool {
        let word = self.cell.load();
        // Below the count, the waiters bit is clear too.
        word < self.count
            && self
                .cell
                .replace(word, word.saturating_add(by).min(self.count))
    }

    /// Counts down by `by`, but not below open. Counting down by the latch's count opens it in any case.
    pub fn count_down(self, context: &Context, by: u32) -> Result<(), Fault> {
        if self.count_down_fast(by) {
            return Ok(());
        }
        let mut queue = context.queues.lock(self.key());
        loop {
            let word = self.cell.load();
            match self.state(word) {
                State::Open => {
                    self.release_all(&mut queue);
                    return Ok(());
                }
                State::Corrupt => return Err(self.corrupt(&mut queue, word)),
                State::Closed if by >= self.remaining_of(word) => {
                    if self.cell.replace(word, self.count) {
                        self.release_all(&mut queue);
                        return Ok(());
                    }
                }
                State::Closed => {
                    if self.cell.replace(word, word + by) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// How many countdowns are left until the latch is open.
    pub fn remaining(self) -> Result<u32, Fault> {
        let word = self.cell.load();
        match self.state(word) {
            State::Open => Ok(0),
            State::Closed => Ok(self.remaining_of(word)),
            State::Corrupt => Err(Fault::Corrupt(word)),
        }
    }

    fn remaining_of(self, closed: u32) -> u32 {
        self.count - counted(closed)
    }

    /// Whether the latch is open.
    pub fn is_open(self) -> Result<bool, Fault> {
        Ok(self.remaining()? == 0)
    }

    fn state(self, word: u32) -> State {
        match without_waiters(word) {
            counted if counted < self.count => State::Closed,
            counted if counted == self.count && word == counted => State::Open,
            _ => State::Corrupt,
        }
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Latch)
    }

    /// Sets the waiters bit, or returns true if the latch is open. The caller holds the lock of the queue.
    fn set_waiters_bit(self, queue: &mut QueueGuard) -> Result<bool, Fault> {
        loop {
            let word = self.cell.load();
            match self.state(word) {
                State::Open => {
                    self.release_all(queue);
                    return Ok(true);
                }
                State::Corrupt => return Err(self.corrupt(queue, word)),
                State::Closed => {
                    if self.cell.replace(word, word | WAITERS) {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Completes all waits: the latch is open.
    fn release_all(self, queue: &mut QueueGuard) {
        queue.complete_all(self.key(), Outcome::Passed);
    }

    /// Ends all waits: the cell was written over.
    fn corrupt(self, queue: &mut QueueGuard, word: u32) -> Fault {
        queue.complete_all(self.key(), Outcome::Corrupt(word));
        Fault::Corrupt(word)
    }
}

/// A wait for a Latch to open.
pub struct Opening {
    latch: Latch,
    waiter: Arc<Waiter>,
}

impl Opening {
    /// Leaves the queue. False if the wait completed before. The waiters bit stays: it costs the thread that opens
    /// the latch one look into an empty queue.
    fn dequeue(&self, context: &Context) -> bool {
        context.queues.lock(self.latch.key()).remove(&self.waiter)
    }
}

impl Wait for Opening {
    type Output = Result<WaitResult, Fault>;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Self::Output> {
        Poll::Ready(
            match reason.wait_end(&self.waiter, || self.dequeue(context)) {
                WaitEnd::Completed(Some(Outcome::Passed)) => Ok(WaitResult::Acquired),
                WaitEnd::Completed(Some(Outcome::Corrupt(word))) => Err(Fault::Corrupt(word)),
                WaitEnd::Completed(_) => Err(Fault::Corrupt(self.latch.cell.load())),
                WaitEnd::TimedOut => Ok(WaitResult::TimedOut),
                WaitEnd::Interrupted | WaitEnd::Deadlock(_) => {
                    self.dequeue(context);
                    Err(Fault::Interrupted)
                }
            },
        )
    }

    fn revalidate(&self, context: &Context) {
        // A fault ends all waits by itself.
        self.latch
            .set_waiters_bit(&mut context.queues.lock(self.latch.key()))
            .ok();
    }
}
