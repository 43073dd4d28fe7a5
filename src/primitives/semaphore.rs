//! The Semaphore: a number of permits. Each caller takes some and gives some back, not necessarily the same number.
//!
//! Waiters receive permits in the order of their arrival. A request for more permits than there are keeps its place
//! at the front, and no other request passes it: small requests do not starve a large one. A thread that gives
//! permits back hands them off to the waiters at the front, under the lock of the queue. A waiter that gives up does
//! so too, since the waiters behind it may need fewer permits.
//!
//! The waiters bit says that waiters are queued. It changes only under the lock of the queue. While it is clear,
//! taking and giving back are single instructions. While it is set, no thread changes the word without the lock. A
//! promise whose thread is blocked does not count: it is passed over, and permits that it was granted before are
//! given back. When its thread resumes, it looks into the queue.
//!
//! Permits have no owner: nothing gives back those of a thread that dies. Only the program knows how many it had.
//!
//! Orderings: every change of the word is a read-modify-write that acquires and releases. The acquire of a thread
//! that takes permits pairs with the releases of all threads that gave permits back before. If permits are handed
//! off, the waiter's acquire of its outcome pairs with the release of the thread that stored it.

use super::wait::{Step, corrupt, enter_queue, fault_of};
use super::{Fault, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{Aim, Context, Key, Kind, Outcome, QueueGuard, Requester, Waiter, spin_until};
use crate::threads::Interrupt;
use std::sync::Arc;
use std::task::Poll;

// The word, bit by bit:
//
// | bit   | name    | meaning                                          |
// | ----- | ------- | ------------------------------------------------ |
// | 0     | WAITERS | waiters are queued                               |
// | 1-31  |         | permits taken, as a signed number; one is PERMIT |

/// Waiters are queued.
const WAITERS: u32 = 1;
/// One permit that is taken. The number of taken permits is signed: more may have been given back than were taken.
const PERMIT: u32 = 2;

/// Whether waiters are queued.
fn has_waiters(word: u32) -> bool {
    word & WAITERS != 0
}

/// The word with the waiters bit set or cleared.
fn with_waiters_bit(word: u32, is_set: bool) -> u32 {
    if is_set {
        word | WAITERS
    } else {
        word & !WAITERS
    }
}

/// How an attempt to give permits back ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// The permits are given back.
    Done,
    /// There would be more permits than the maximum: nothing has changed.
    PastMax,
}

/// The Semaphore in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Semaphore {
    cell: SharedWord,
    permits: u32,
    max: u32,
}

impl Semaphore {
    /// The largest number of permits.
    pub const MAX_PERMITS: u32 = (1 << 30) - 1;
    /// The waiters bit of the word.
    pub const WAITERS: u32 = WAITERS;
    /// What each taken permit adds to the word.
    pub const PERMIT: u32 = PERMIT;

    /// The semaphore in `cell`. `permits` are free at first and never more than `max`, which is at least `permits`
    /// and 1, and at most [`Semaphore::MAX_PERMITS`].
    pub fn new(cell: SharedWord, permits: u32, max: u32) -> Self {
        Semaphore { cell, permits, max }
    }

    /// What JavaScript tries before it calls native code: takes free permits if there are no waiters.
    #[inline]
    pub fn try_acquire_fast(self, count: u32) -> bool {
        let word = self.cell.load();
        !has_waiters(word)
            && self.available_of(word).is_some_and(|free| count <= free)
            && self.cell.replace(word, taken(word, count))
    }

    /// What JavaScript tries before it calls native code: gives permits back if there are no waiters.
    #[inline]
    pub fn release_fast(self, count: u32) -> bool {
        let word = self.cell.load();
        !has_waiters(word)
            && self
                .available_of(word)
                .is_some_and(|free| count <= self.max - free)
            && self.cell.replace(word, given(word, count))
    }

    /// Takes `count` permits, from 1 to the maximum. Waits until `deadline` or without limit.
    pub fn acquire(
        self,
        context: &Context,
        count: u32,
        deadline: Option<Deadline>,
    ) -> Result<(), Fault> {
        let mut acquired = false;
        // Once waiters are queued, only those at the front receive permits.
        spin_until(|| {
            acquired = self.try_acquire_fast(count);
            acquired || has_waiters(self.cell.load())
        });
        if acquired {
            return Ok(());
        }
        Acquiring::new(self, &Requester::thread_of(context.thread), count)
            .block(context, deadline)?;
        // A thread that is being terminated cannot use permits that it was granted meanwhile, and nothing else would
        // give them back.
        if context.thread.check_interrupts(context.runtime) == Interrupt::Stop {
            // The release fails only if more permits were given back than taken: then there would be too many now.
            self.release(context, count).ok();
            return Err(Fault::Interrupted);
        }
        Ok(())
    }

    /// Takes `count` permits if the caller need not wait, neither for permits nor for the waiters.
    pub fn try_acquire(self, context: &Context, count: u32) -> Result<(), Fault> {
        if self.try_acquire_fast(count) {
            return Ok(());
        }
        let mut queue = context.queues.lock(self.key());
        self.grant_waiters(&mut queue)?;
        loop {
            let (word, free) = self.examine(&mut queue)?;
            if count > free || queue.has_present(self.key()) {
                return Err(Fault::TimedOut);
            }
            if self.cell.replace(word, taken(word, count)) {
                return Ok(());
            }
        }
    }

    /// Gives back `count` permits, and hands them off to waiters.
    pub fn release(self, context: &Context, count: u32) -> Result<Released, Fault> {
        if self.release_fast(count) {
            return Ok(Released::Done);
        }
        self.release_contended(context, count)
    }

    /// The number of free permits.
    pub fn available(self) -> Result<u32, Fault> {
        let word = self.cell.load();
        self.available_of(word).ok_or(Fault::Corrupt(word))
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Semaphore)
    }

    /// The number of free permits. None for a word that this semaphore never writes.
    fn available_of(self, word: u32) -> Option<u32> {
        let free = i64::from(self.permits) - i64::from(word.cast_signed() >> 1);
        u32::try_from(free).ok().filter(|free| *free <= self.max)
    }

    #[cold]
    fn release_contended(self, context: &Context, count: u32) -> Result<Released, Fault> {
        self.give_back(&mut context.queues.lock(self.key()), count)
    }

    /// Gives permits back under the lock of the queue.
    fn give_back(self, queue: &mut QueueGuard, count: u32) -> Result<Released, Fault> {
        loop {
            let (word, free) = self.examine(queue)?;
            if count > self.max - free {
                // If the cell was written over, waiters may be stranded: see to them before this returns.
                self.grant_waiters(queue)?;
                return Ok(Released::PastMax);
            }
            if self.cell.replace(word, given(word, count)) {
                self.grant_waiters(queue)?;
                return Ok(Released::Done);
            }
        }
    }

    /// Takes `count` permits and returns true, or sets the waiters bit for a caller that is about to enter the queue.
    fn take(self, queue: &mut QueueGuard, count: u32) -> Result<bool, Fault> {
        self.grant_waiters(queue)?;
        loop {
            let (word, free) = self.examine(queue)?;
            let first = !queue.has_present(self.key());
            let (after, acquired) = if first && count <= free {
                (taken(word, count), true)
            } else {
                (with_waiters_bit(word, true), false)
            };
            if self.cell.replace(word, after) {
                return Ok(acquired);
            }
        }
    }

    /// Hands off free permits to the waiters at the front, until the next one asks for more than is free. Makes the
    /// waiters bit agree with the queue.
    fn grant_waiters(self, queue: &mut QueueGuard) -> Result<(), Fault> {
        loop {
            let (word, free) = self.examine(queue)?;
            let Some(next) = queue.next_admissible(self.key(), |waiter| waiter.request() <= free)
            else {
                let after = with_waiters_bit(word, queue.has_present(self.key()));
                if word == after || self.cell.replace(word, after) {
                    return Ok(());
                }
                continue;
            };
            let after = with_waiters_bit(taken(word, next.request()), true);
            if self.cell.replace(word, after) {
                queue.remove(&next);
                queue.complete(next, Outcome::Granted);
            }
        }
    }

    /// Reads the word and the number of free permits. A word that was written over ends all waits.
    fn examine(self, queue: &mut QueueGuard) -> Result<(u32, u32), Fault> {
        let word = self.cell.load();
        match self.available_of(word) {
            Some(free) => Ok((word, free)),
            None => Err(corrupt(queue, self.key(), word)),
        }
    }
}

/// The word after `count` permits were taken.
fn taken(word: u32, count: u32) -> u32 {
    word.wrapping_add(count * PERMIT)
}

/// The word after `count` permits were given back.
fn given(word: u32, count: u32) -> u32 {
    word.wrapping_sub(count * PERMIT)
}

/// A wait for permits of a Semaphore.
pub struct Acquiring {
    semaphore: Semaphore,
    waiter: Arc<Waiter>,
}

impl Acquiring {
    /// A wait of `requester` for `count` permits.
    pub fn new(semaphore: Semaphore, requester: &Requester, count: u32) -> Self {
        let aim = Aim {
            request: count,
            ..Aim::default()
        };
        Acquiring {
            semaphore,
            waiter: Waiter::new(requester, semaphore.key(), aim),
        }
    }
}

impl Wait for Acquiring {
    type Output = ();

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn start(&mut self, context: &Context) -> Step<()> {
        enter_queue(context, &self.waiter, |queue| {
            let acquired = self.semaphore.take(queue, self.waiter.request())?;
            Ok(acquired.then_some(()))
        })
    }

    fn completed(&mut self, _context: &Context, outcome: Outcome) -> Step<()> {
        Poll::Ready(match outcome {
            Outcome::Granted => Ok(()),
            outcome => Err(fault_of(&self.waiter, outcome)),
        })
    }

    fn update(&self, _context: &Context, queue: &mut QueueGuard) {
        // A fault has already ended all waits.
        self.semaphore.grant_waiters(queue).ok();
    }

    fn pass_on(&self, _context: &Context, queue: &mut QueueGuard, outcome: Outcome) {
        if outcome == Outcome::Granted {
            // Fails only if more permits were given back than taken: then there would be too many now.
            self.semaphore.give_back(queue, self.waiter.request()).ok();
        }
    }
}
