//! The Latch: closed until it was counted down often enough, and open for ever after.
//!
//! Orderings: counting down is a read-modify-write that acquires and releases, so the one that opens the latch has
//! everything that was written before the others; whoever finds it open acquires that, and whoever slept gets it
//! with the outcome.

use super::{Fault, WaitResult};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Begun, Context, Key, Kind, Outcome, Party, QueueGuard, Wait, WaitEnd, Waiter, WakeReason,
};
use std::sync::Arc;
use std::task::Poll;

/// How many times it was counted down. It is open at the count that its constructor was given.
const COUNTED: u32 = (1 << 30) - 1;
/// It is closed, and somebody waits.
const WAITERS: u32 = 1 << 30;

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
    /// The bit that says that somebody waits.
    pub const WAITERS: u32 = WAITERS;
    /// The largest count.
    pub const MAX_COUNT: u32 = COUNTED;

    /// The latch in `cell` that opens at `count`, from 1 to [`Latch::MAX_COUNT`].
    pub fn new(cell: SharedWord, count: u32) -> Self {
        Latch { cell, count }
    }

    /// Waits until it is open or `deadline` passes, or without limit.
    pub fn wait(self, context: &Context, deadline: Option<Deadline>) -> Result<WaitResult, Fault> {
        if self.is_open()? {
            return Ok(WaitResult::Acquired);
        }
        self.begin(context, &Party::thread_of(context.thread))
            .block(context, deadline)
    }

    /// Begins to wait.
    pub fn begin(self, context: &Context, party: &Party) -> Begun<Opening> {
        let waiter = Waiter::new(party, self.key());
        Begun::with(
            Opening {
                latch: self,
                waiter,
            },
            |wait| {
                let mut section = context.queues.lock(self.key());
                match self.set_waiters_bit(&mut section) {
                    Ok(true) => Poll::Ready(Ok(WaitResult::Acquired)),
                    Ok(false) => {
                        section.push_back(&wait.waiter);
                        Poll::Pending
                    }
                    Err(fault) => Poll::Ready(Err(fault)),
                }
            },
        )
    }

    /// What JavaScript tries before it calls in: counts down while nobody waits.
    #[inline]
    pub fn count_down_fast(self, by: u32) -> bool {
        let word = self.cell.load();
        // Below the count the bit is clear, too.
        word < self.count
            && self
                .cell
                .replace(word, word.saturating_add(by).min(self.count))
    }

    /// Counts down `by`, at most to open. To open it whatever remains, count down by its count.
    pub fn count_down(self, context: &Context, by: u32) -> Result<(), Fault> {
        if self.count_down_fast(by) {
            return Ok(());
        }
        let mut section = context.queues.lock(self.key());
        loop {
            let word = self.cell.load();
            match self.state(word) {
                State::Open => {
                    self.release_all(&mut section);
                    return Ok(());
                }
                State::Corrupt => return Err(self.corrupt(&mut section, word)),
                State::Closed if by >= self.remaining_of(word) => {
                    if self.cell.replace(word, self.count) {
                        self.release_all(&mut section);
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

    /// How often it has to be counted down until it is open.
    pub fn remaining(self) -> Result<u32, Fault> {
        let word = self.cell.load();
        match self.state(word) {
            State::Open => Ok(0),
            State::Closed => Ok(self.remaining_of(word)),
            State::Corrupt => Err(Fault::Corrupt(word)),
        }
    }

    fn remaining_of(self, closed: u32) -> u32 {
        self.count - (closed & COUNTED)
    }

    /// Whether it is open.
    pub fn is_open(self) -> Result<bool, Fault> {
        Ok(self.remaining()? == 0)
    }

    fn state(self, word: u32) -> State {
        match word & !WAITERS {
            counted if counted < self.count => State::Closed,
            counted if counted == self.count && word == counted => State::Open,
            _ => State::Corrupt,
        }
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Latch)
    }

    /// Sets the bit, or returns true if the latch is open. Under the lock of the queue.
    fn set_waiters_bit(self, section: &mut QueueGuard) -> Result<bool, Fault> {
        loop {
            let word = self.cell.load();
            match self.state(word) {
                State::Open => {
                    self.release_all(section);
                    return Ok(true);
                }
                State::Corrupt => return Err(self.corrupt(section, word)),
                State::Closed => {
                    if self.cell.replace(word, word | WAITERS) {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Tells everybody who waits that it is open.
    fn release_all(self, section: &mut QueueGuard) {
        section.settle_all(self.key(), Outcome::Passed);
    }

    /// Tells everybody who waits that the cell was written over.
    fn corrupt(self, section: &mut QueueGuard, word: u32) -> Fault {
        section.settle_all(self.key(), Outcome::Corrupt(word));
        Fault::Corrupt(word)
    }
}

/// A wait for a Latch to open.
pub struct Opening {
    latch: Latch,
    waiter: Arc<Waiter>,
}

impl Opening {
    /// Leaves the queue; false where it was settled before. The bit stays: it costs the one that opens the latch a
    /// look, once.
    fn leave(&self, context: &Context) -> bool {
        context.queues.lock(self.latch.key()).remove(&self.waiter)
    }
}

impl Wait for Opening {
    type Output = Result<WaitResult, Fault>;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Self::Output> {
        Poll::Ready(match reason.ended(&self.waiter, || self.leave(context)) {
            WaitEnd::Told(Some(Outcome::Passed)) => Ok(WaitResult::Acquired),
            WaitEnd::Told(Some(Outcome::Corrupt(word))) => Err(Fault::Corrupt(word)),
            WaitEnd::Told(_) => Err(Fault::Corrupt(self.latch.cell.load())),
            WaitEnd::TimedOut => Ok(WaitResult::TimedOut),
            WaitEnd::Interrupted | WaitEnd::Deadlock(_) => {
                self.leave(context);
                Err(Fault::Interrupted)
            }
        })
    }

    fn revalidate(&self, context: &Context) {
        // A fault was told to everybody who waits.
        self.latch
            .set_waiters_bit(&mut context.queues.lock(self.latch.key()))
            .ok();
    }
}
