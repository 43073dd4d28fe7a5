//! The Cancel: ends waits at other primitives, in all threads.
//!
//! A wait that can be cancelled stands in the queue of its primitive, and there alone. Beside that it registers in the
//! queue of the Cancel's cell, by a second waiter that stands for the same thread or promise. Aborting sets the bit
//! and completes these registrations under the lock of that queue, so that each registered thread wakes, and leaves
//! the queue of its primitive by itself, as after a time limit. A thread registers before it looks at the word, so it
//! misses no abort.
//!
//! The deadline is in the word, too. No timer ever writes to the cell, since native code cannot keep its memory. Each
//! wait sleeps until the deadline at most, and the thread that finds that it has passed sets the bit. So it comes even if the
//! thread that asked for it is dead.
//!
//! Orderings: setting the bit is a read-modify-write that acquires and releases, and a thread that finds it acquires.
//! So that thread sees what the aborting one wrote before.

use super::wait::{Step, fault_of};
use super::{Fault, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Aim, Cancelled, Cancels, Context, Key, Kind, Outcome, QueueGuard, Queues, Requester, Waiter,
};
use crate::threads;
use std::sync::Arc;
use std::task::Poll;

// The word, bit by bit:
//
// | bit  | name     | meaning                                       |
// | ---- | -------- | --------------------------------------------- |
// | 0-30 | DEADLINE | when it aborts by itself; 0 if it does not    |
// | 31   | ABORTED  | aborted, for ever                             |
//
// The deadline counts milliseconds on the system's monotonic clock, rounded up, in a ring of 2^31 - 1, plus one. A
// moment up to half the ring ahead is still to come, every other one has passed.

/// When it aborts by itself.
const DEADLINE: u32 = (1 << 31) - 1;
/// Aborted.
const ABORTED: u32 = 1 << 31;

/// The number of milliseconds after which deadlines repeat.
const RING: u64 = DEADLINE as u64;
const NANOSECONDS: u64 = 1_000_000;

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Abortion {
    /// It has not been aborted, and has no deadline.
    None,
    /// It aborts at this moment, which is still to come.
    At(Deadline),
    /// It was aborted, or its deadline has passed.
    Done,
}

impl Abortion {
    fn of(word: u32, now: Deadline) -> Self {
        if word & ABORTED != 0 {
            return Abortion::Done;
        }
        let Some(place) = u64::from(word).checked_sub(1) else {
            return Abortion::None;
        };
        let now = now.as_nanoseconds() / NANOSECONDS;
        let ahead = (place + RING - now % RING) % RING;
        // One more, since a deadline is rounded up and now is rounded down.
        if (1..=u64::from(Cancel::MAX_AFTER) + 1).contains(&ahead) {
            Abortion::At(Deadline::from_nanoseconds((now + ahead) * NANOSECONDS))
        } else {
            Abortion::Done
        }
    }
}

/// The word of a deadline.
fn word_of(deadline: Deadline) -> u32 {
    let milliseconds = deadline.as_nanoseconds().div_ceil(NANOSECONDS);
    (milliseconds % RING) as u32 + 1
}

/// The Cancel in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Cancel {
    cell: SharedWord,
}

impl Cancel {
    /// The bit of the word that says that it was aborted.
    pub const ABORTED: u32 = ABORTED;
    /// How far ahead a deadline can lie, in milliseconds: half the ring.
    pub const MAX_AFTER: u32 = DEADLINE / 2;

    /// The cancel in `cell`.
    pub fn new(cell: SharedWord) -> Self {
        Cancel { cell }
    }

    /// Ends the waits that were given this cancel, and all that will be.
    pub fn abort(self, queues: &Queues) {
        let mut queue = queues.lock(self.key());
        self.mark();
        queue.complete_all(self.key(), Outcome::Passed);
    }

    /// Aborts at `deadline`, at most [`Cancel::MAX_AFTER`] ahead, unless it aborts before.
    pub fn abort_at(self, queues: &Queues, deadline: Deadline) {
        let mut queue = queues.lock(self.key());
        loop {
            let word = self.cell.load();
            let is_later = match Abortion::of(word, threads::now()) {
                Abortion::None => false,
                Abortion::At(earlier) => earlier <= deadline,
                Abortion::Done => true,
            };
            if is_later {
                return;
            }
            if self.cell.replace(word, word_of(deadline)) {
                queue.wake_all(self.key());
                return;
            }
        }
    }

    /// Whether it was aborted, or its deadline has passed. Sets the bit then.
    pub fn is_aborted(self) -> bool {
        let is_aborted = self.abortion() == Abortion::Done;
        if is_aborted {
            self.mark();
        }
        is_aborted
    }

    /// When it aborts. Changes nothing.
    pub fn abortion(self) -> Abortion {
        Abortion::of(self.cell.load(), threads::now())
    }

    /// The queue of the waits that can be cancelled.
    pub fn key(self) -> Key {
        Key::new(self.cell, Kind::Cancel)
    }

    fn mark(self) {
        loop {
            let word = self.cell.load();
            if word & ABORTED != 0 || self.cell.replace(word, word | ABORTED) {
                return;
            }
        }
    }
}

/// Fails if one of the cancels in `cells` was aborted: then a call ends before it takes anything.
#[inline]
pub fn assert_not_cancelled(cells: &[SharedWord]) -> Result<(), Fault> {
    if !cells.is_empty() && is_any_aborted(cells) {
        return Err(Fault::Cancelled);
    }
    Ok(())
}

#[cold]
fn is_any_aborted(cells: &[SharedWord]) -> bool {
    cells.iter().any(|cell| Cancel::new(*cell).is_aborted())
}

/// The cancels of one wait, and its registrations there. Dropping it removes them.
pub struct Registered<'a> {
    queues: &'a Queues,
    cancels: Vec<Cancel>,
    waiters: Vec<Arc<Waiter>>,
}

impl<'a> Registered<'a> {
    /// Registers `requester` in the queue of each of `cells`. None if there are none.
    pub fn enter(queues: &'a Queues, cells: &[SharedWord], requester: &Requester) -> Option<Self> {
        let mut registered = Self::watch(queues, cells)?;
        for cancel in &registered.cancels {
            let waiter = Waiter::new(requester, cancel.key(), Aim::default());
            queues.lock(cancel.key()).push_back(&waiter);
            registered.waiters.push(waiter);
        }
        Some(registered)
    }

    /// The cancels in `cells`, for a wait that they wake in another way.
    pub fn watch(queues: &'a Queues, cells: &[SharedWord]) -> Option<Self> {
        if cells.is_empty() {
            return None;
        }
        Some(Registered {
            queues,
            cancels: cells.iter().map(|cell| Cancel::new(*cell)).collect(),
            waiters: Vec::new(),
        })
    }
}

impl Cancels for Registered<'_> {
    fn check(&self) -> Result<Option<Deadline>, Cancelled> {
        // The registration was completed even if another program has written over the word since.
        if self.waiters.iter().any(|waiter| waiter.is_completed()) {
            return Err(Cancelled);
        }
        let mut next = None;
        for cancel in &self.cancels {
            match cancel.abortion() {
                Abortion::None => {}
                Abortion::At(deadline) => {
                    next = Some(next.map_or(deadline, |next: Deadline| next.min(deadline)));
                }
                Abortion::Done => {
                    cancel.mark();
                    return Err(Cancelled);
                }
            }
        }
        Ok(next)
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        for waiter in &self.waiters {
            self.queues.lock(waiter.key()).remove(waiter);
        }
    }
}

/// A wait until a Cancel is aborted. It ends with [`Fault::Cancelled`]. Its deadline counts if the wait is given its
/// own cancel to [watch](Registered::watch).
pub struct Aborting {
    cancel: Cancel,
    waiter: Arc<Waiter>,
}

impl Aborting {
    /// A wait of `requester` for `cancel`.
    pub fn new(cancel: Cancel, requester: &Requester) -> Self {
        Aborting {
            cancel,
            waiter: Waiter::new(requester, cancel.key(), Aim::default()),
        }
    }
}

impl Wait for Aborting {
    type Output = ();

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn start(&mut self, context: &Context) -> Step<()> {
        let mut queue = context.queues.lock(self.cancel.key());
        if self.cancel.is_aborted() {
            return Poll::Ready(Err(Fault::Cancelled));
        }
        queue.push_back(&self.waiter);
        Poll::Pending
    }

    fn completed(&mut self, _context: &Context, outcome: Outcome) -> Step<()> {
        Poll::Ready(Err(match outcome {
            Outcome::Passed => Fault::Cancelled,
            outcome => fault_of(&self.waiter, outcome),
        }))
    }

    /// Each waiter looks at the word by itself.
    fn update(&self, _context: &Context, _queue: &mut QueueGuard) {}
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(milliseconds: u64) -> Deadline {
        Deadline::from_nanoseconds(milliseconds * NANOSECONDS)
    }

    #[test]
    fn a_word_without_a_deadline_never_aborts() {
        assert_eq!(Abortion::of(0, at(0)), Abortion::None);
        assert_eq!(Abortion::of(0, at(RING)), Abortion::None);
    }

    #[test]
    fn any_word_with_the_bit_is_aborted() {
        for word in [ABORTED, u32::MAX, ABORTED | 1] {
            assert_eq!(Abortion::of(word, at(5)), Abortion::Done);
        }
    }

    proptest! {
        #[test]
        fn a_deadline_comes_in_its_millisecond_and_never_early(
            // A few turns of the ring.
            now in 0..RING * 4 * NANOSECONDS,
            after in 0..u64::from(Cancel::MAX_AFTER) * NANOSECONDS,
            later in 0..u64::from(Cancel::MAX_AFTER) * NANOSECONDS,
        ) {
            let now = Deadline::from_nanoseconds(now);
            let deadline = now.plus(after);
            let word = word_of(deadline);
            prop_assert_ne!(word, 0);
            prop_assert_eq!(word & ABORTED, 0);
            match Abortion::of(word, now) {
                Abortion::At(until) => {
                    prop_assert!(until >= deadline);
                    prop_assert!(until.as_nanoseconds() < deadline.as_nanoseconds() + NANOSECONDS);
                    prop_assert!(until > now);
                }
                abortion => {
                    prop_assert_eq!(abortion, Abortion::Done);
                    prop_assert!(deadline <= now);
                }
            }
            prop_assert_eq!(Abortion::of(word, deadline.plus(NANOSECONDS + later / 2)), Abortion::Done);
        }
    }
}
