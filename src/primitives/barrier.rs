//! The Barrier: a fixed number of threads wait for each other, again and again.
//!
//! The word counts the arrivals of the phase that is under way. The last to arrive sets it back to zero and lets go
//! everybody who is queued, under one lock: whoever arrives next belongs to the next phase, and cannot be mistaken
//! for one of this. So one cell serves for ever, with no phase number that could wrap.
//!
//! Orderings: the lock of the bucket orders all arrivals of a phase before its end; the waiters' outcomes carry it.

use super::Fault;
use crate::cell::Cell;
use crate::futex::Deadline;
use crate::queue::{Caller, Key, Kind, Outcome, Section, Slept, Waiter};
use std::sync::Arc;

/// How many have arrived.
const ARRIVALS: u32 = (1 << 24) - 1;
/// Somebody left before the others had come: nobody passes any more.
const BROKEN: u32 = 1 << 30;

/// The Barrier in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Barrier {
    cell: Cell,
    total: u32,
}

impl Barrier {
    /// The largest number of parties.
    pub const MAX_TOTAL: u32 = ARRIVALS;

    /// The barrier in `cell` for `total` parties, from 1 to [`Barrier::MAX_TOTAL`].
    pub fn new(cell: Cell, total: u32) -> Self {
        Barrier { cell, total }
    }

    /// Arrives, and waits until all parties have. Returns how many were still missing: `total - 1` for the first to
    /// arrive, 0 for the last. One that leaves early, past `deadline` or interrupted, breaks the barrier.
    pub fn wait(self, caller: &Caller, deadline: Option<Deadline>) -> Result<u32, Fault> {
        let waiter = Waiter::new(caller.thread, self.key());
        let missing = {
            let mut section = caller.queues.enter(self.key());
            let missing = self.arrive(&mut section)?;
            if missing == 0 {
                section.settle_all(self.key(), Outcome::Passed);
                return Ok(0);
            }
            section.push_back(&waiter);
            missing
        };
        let outcome = match caller.sleep(&waiter, deadline, || self.tend(caller)) {
            Slept::Settled(outcome) => outcome,
            Slept::TimedOut => match self.leave(caller, &waiter) {
                None => return Err(Fault::Broken),
                Some(outcome) => outcome,
            },
            Slept::Interrupted | Slept::Deadlock(_) => {
                self.leave(caller, &waiter);
                return Err(Fault::Interrupted);
            }
        };
        match outcome {
            Outcome::Passed => Ok(missing),
            Outcome::Broken => Err(Fault::Broken),
            Outcome::Corrupt(word) => Err(Fault::Corrupt(word)),
            _ => Err(Fault::Corrupt(self.cell.load())),
        }
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Barrier)
    }

    /// How many have arrived. Under the lock of the queue, whose length the word has to agree with.
    pub fn arrived(self, section: &Section) -> Result<u32, Fault> {
        match self.cell.load() {
            BROKEN => Err(Fault::Broken),
            word if word as usize != section.len(self.key()) => Err(Fault::Corrupt(word)),
            word => Ok(word),
        }
    }

    /// Counts one arrival, and returns how many are missing then. Under the lock of the queue.
    fn arrive(self, section: &mut Section) -> Result<u32, Fault> {
        loop {
            let word = self.examine(section)?;
            if word >= self.total {
                return Err(self.corrupt(section, word));
            }
            let missing = self.total - word - 1;
            let counted = if missing == 0 { 0 } else { word + 1 };
            if self.cell.replace(word, counted) {
                return Ok(missing);
            }
        }
    }

    /// After a long wait: tells everybody if somebody has written over the cell.
    fn tend(self, caller: &Caller) {
        // The fault was told to everybody who waits.
        self.examine(&mut caller.queues.enter(self.key())).ok();
    }

    /// [`Barrier::arrived`], and tells everybody who waits if there is something wrong with it.
    fn examine(self, section: &mut Section) -> Result<u32, Fault> {
        let arrived = self.arrived(section);
        match arrived {
            Err(Fault::Broken) => section.settle_all(self.key(), Outcome::Broken),
            Err(Fault::Corrupt(word)) => section.settle_all(self.key(), Outcome::Corrupt(word)),
            _ => {}
        }
        arrived
    }

    fn corrupt(self, section: &mut Section, word: u32) -> Fault {
        section.settle_all(self.key(), Outcome::Corrupt(word));
        Fault::Corrupt(word)
    }

    /// Leaves early, which breaks the barrier for all: none then. Or how the wait ended before that.
    fn leave(self, caller: &Caller, waiter: &Arc<Waiter>) -> Option<Outcome> {
        let mut section = caller.queues.enter(self.key());
        if !section.remove(waiter) {
            return waiter.outcome();
        }
        self.cell.overwrite(BROKEN);
        section.settle_all(self.key(), Outcome::Broken);
        None
    }
}
