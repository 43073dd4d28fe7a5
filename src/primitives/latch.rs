//! The Latch: closed until it was counted down often enough, and open for ever after.
//!
//! Orderings: counting down is a read-modify-write that acquires and releases, so the one that opens the latch has
//! everything that was written before the others; whoever finds it open acquires that, and whoever slept gets it
//! with the outcome.

use super::{Fault, Locked};
use crate::cell::Cell;
use crate::futex::Deadline;
use crate::queue::{
    Begun, Caller, Ended, Key, Kind, Outcome, Party, Section, Slept, Step, Wait, Waiter,
};
use std::sync::Arc;

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
    cell: Cell,
    count: u32,
}

impl Latch {
    /// The bit that says that somebody waits.
    pub const WAITERS: u32 = WAITERS;
    /// The largest count.
    pub const MAX_COUNT: u32 = COUNTED;

    /// The latch in `cell` that opens at `count`, from 1 to [`Latch::MAX_COUNT`].
    pub fn new(cell: Cell, count: u32) -> Self {
        Latch { cell, count }
    }

    /// Waits until it is open or `deadline` passes, or without limit.
    pub fn wait(self, caller: &Caller, deadline: Option<Deadline>) -> Result<Locked, Fault> {
        if self.is_open()? {
            return Ok(Locked::Acquired);
        }
        self.begin(caller, &Party::thread_of(caller))
            .block(caller, deadline)
    }

    /// Begins to wait.
    pub fn begin(self, caller: &Caller, party: &Party) -> Begun<Opening> {
        let waiter = Waiter::new(party, self.key());
        Begun::with(
            Opening {
                latch: self,
                waiter,
            },
            |wait| {
                let mut section = caller.queues.enter(self.key());
                match self.raise(&mut section) {
                    Ok(true) => Step::Done(Ok(Locked::Acquired)),
                    Ok(false) => {
                        section.push_back(&wait.waiter);
                        Step::Pending
                    }
                    Err(fault) => Step::Done(Err(fault)),
                }
            },
        )
    }

    /// What JavaScript tries before it calls in: counts down while nobody waits.
    #[inline]
    pub fn count_down_quiet(self, by: u32) -> bool {
        let word = self.cell.load();
        // Below the count the bit is clear, too.
        word < self.count
            && self
                .cell
                .replace(word, word.saturating_add(by).min(self.count))
    }

    /// Counts down `by`, at most to open. To open it whatever remains, count down by its count.
    pub fn count_down(self, caller: &Caller, by: u32) -> Result<(), Fault> {
        if self.count_down_quiet(by) {
            return Ok(());
        }
        let mut section = caller.queues.enter(self.key());
        loop {
            let word = self.cell.load();
            match self.state(word) {
                State::Open => {
                    self.let_through(&mut section);
                    return Ok(());
                }
                State::Corrupt => return Err(self.corrupt(&mut section, word)),
                State::Closed if by >= self.remaining_of(word) => {
                    if self.cell.replace(word, self.count) {
                        self.let_through(&mut section);
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
    fn raise(self, section: &mut Section) -> Result<bool, Fault> {
        loop {
            let word = self.cell.load();
            match self.state(word) {
                State::Open => {
                    self.let_through(section);
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
    fn let_through(self, section: &mut Section) {
        section.settle_all(self.key(), Outcome::Passed);
    }

    /// Tells everybody who waits that the cell was written over.
    fn corrupt(self, section: &mut Section, word: u32) -> Fault {
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
    fn leave(&self, caller: &Caller) -> bool {
        caller.queues.enter(self.latch.key()).remove(&self.waiter)
    }
}

impl Wait for Opening {
    type Output = Result<Locked, Fault>;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn resume(&mut self, caller: &Caller, slept: Slept) -> Step<Self::Output> {
        Step::Done(match slept.ended(&self.waiter, || self.leave(caller)) {
            Ended::Told(Some(Outcome::Passed)) => Ok(Locked::Acquired),
            Ended::Told(Some(Outcome::Corrupt(word))) => Err(Fault::Corrupt(word)),
            Ended::Told(_) => Err(Fault::Corrupt(self.latch.cell.load())),
            Ended::TimedOut => Ok(Locked::TimedOut),
            Ended::Interrupted | Ended::Deadlock(_) => {
                self.leave(caller);
                Err(Fault::Interrupted)
            }
        })
    }

    fn tend(&self, caller: &Caller) {
        // A fault was told to everybody who waits.
        self.latch
            .raise(&mut caller.queues.enter(self.latch.key()))
            .ok();
    }
}
