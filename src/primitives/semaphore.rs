//! The Semaphore: a number of permits. Each caller takes some and gives some back, not necessarily the same number.
//!
//! A thread that gives permits back wakes the waiter at the front, if that waiter asks for one permit. The woken waiter
//! then competes with any thread that runs at that moment, as at a Mutex, so running threads need not wait for
//! sleeping ones. If the waiter has waited long, it is handed the permit instead. A request for more than one permit
//! is always handed them. No request passes it while it stands at the front, so small requests do not starve a large
//! one. A waiter that gives up looks into the queue too, since the waiters behind it may need fewer permits.
//!
//! The waiters bit tells a release to look into the queue, and keeps a thread from taking permits without doing so. A
//! waiter sets it under the lock of the queue before it sleeps. A release that wakes a waiter to compete clears it.
//! The woken waiter restores it when it takes its permit while others wait behind it, or when it sleeps again. The
//! invariant: while a waiter is queued, the bit is set, or a woken waiter that will look into the queue is on its way.
//! A promise whose thread is blocked does not count: it is passed over, and what it was given before is given back.
//! When its thread resumes, that thread looks into the queue.
//!
//! Permits have no owner: nothing gives back those of a thread that dies. Only the program knows how many it had.
//!
//! Orderings: every change of the word is a read-modify-write that acquires and releases. The acquire of a thread
//! that takes permits pairs with the releases of all threads that gave permits back before. If permits are handed
//! off, the waiter's acquire of its outcome pairs with the release of the thread that stored it.

use super::wait::{Step, corrupt, enter_queue, fault_of, take_woken};
use super::{Fault, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Aim, Context, Key, Kind, MIN_SPIN_NS, Outcome, QueueGuard, Requester, Waiter, spin_until,
};
use crate::threads::Interrupt;
use std::sync::Arc;
use std::task::Poll;

// The word, bit by bit:
//
// | bit   | name    | meaning                                          |
// | ----- | ------- | ------------------------------------------------ |
// | 0     | WAITERS | waiters are queued: look into the queue          |
// | 1-31  |         | permits taken, as a signed number; one is PERMIT |

/// Waiters are queued: permits are taken and given back under the lock of the queue.
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
            if count > free || !self.may_pass(word, &queue) {
                return Err(Fault::TimedOut);
            }
            if self.cell.replace(word, taken(word, count)) {
                return Ok(());
            }
        }
    }

    /// Gives back `count` permits, and wakes waiters or hands them off.
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
                // If the cell was written over, waiters may be stranded: end their waits before this returns.
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
            let (after, acquired) = if count <= free && self.may_pass(word, queue) {
                (taken(word, count), true)
            } else {
                (with_waiters_bit(word, true), false)
            };
            if self.cell.replace(word, after) {
                return Ok(acquired);
            }
        }
    }

    /// Whether a new request may take free permits now: no waiter is queued, or one was woken to compete for them.
    fn may_pass(self, word: u32, queue: &QueueGuard) -> bool {
        !has_waiters(word) || !queue.has_present(self.key())
    }

    /// Whether `next` is woken to compete for its permit, instead of being handed what it asks for. While it competes,
    /// others may pass, but not a large request that stands behind it.
    fn competes(self, queue: &QueueGuard, next: &Arc<Waiter>) -> bool {
        let mut others = queue
            .present(self.key())
            .filter(|other| !Arc::ptr_eq(other, next));
        next.request() == 1
            && others.next().is_none_or(|behind| behind.request() == 1)
            && !queue.handoff_due(next)
    }

    /// Wakes a waiter for each free permit, or hands off the permits, in the order of arrival, until the next waiter
    /// asks for more than is free. Makes the waiters bit agree with the queue.
    fn grant_waiters(self, queue: &mut QueueGuard) -> Result<(), Fault> {
        // Free permits for which a waiter was woken.
        let mut offered = 0;
        loop {
            let (word, free) = self.examine(queue)?;
            let left = free.saturating_sub(offered);
            let next = queue.next_admissible(self.key(), |waiter| waiter.request() <= left);
            let competes = next.as_ref().is_some_and(|next| self.competes(queue, next));
            let after = match &next {
                // A waiter that was woken restores the bit, or looks into the queue again.
                _ if competes => with_waiters_bit(word, false),
                None if offered > 0 => word,
                None => with_waiters_bit(word, queue.has_present(self.key())),
                Some(next) => with_waiters_bit(taken(word, next.request()), true),
            };
            if word != after && !self.cell.replace(word, after) {
                continue;
            }
            let Some(next) = next else {
                return Ok(());
            };
            queue.remove(&next);
            if competes {
                offered += 1;
                let more = !queue.is_empty(self.key());
                queue.complete(next, Outcome::Retry { more });
            } else {
                if next.request() == 1 {
                    queue.note_handoff(self.key());
                }
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

    /// Competes for one permit, and enters the queue again, before all others, if that fails. `more` says whether
    /// others wait behind.
    fn compete(&self, context: &Context, more: bool) -> Step<()> {
        let semaphore = self.semaphore;
        let mut left = 0;
        let take = || {
            let word = semaphore.cell.load();
            let after = with_waiters_bit(taken(word, 1), more || has_waiters(word));
            left = semaphore.available_of(word).unwrap_or(0);
            left > 0 && semaphore.cell.replace(word, after)
        };
        let acquired = take_woken(&self.waiter, MIN_SPIN_NS, take);
        if acquired && !(more && left > 1) {
            return Poll::Ready(Ok(()));
        }
        let mut queue = context.queues.lock(semaphore.key());
        if acquired {
            // Free permits are left for the waiters behind it.
            self.update(context, &mut queue);
            return Poll::Ready(Ok(()));
        }
        loop {
            let (word, free) = match semaphore.examine(&mut queue) {
                Ok(examined) => examined,
                Err(fault) => return Poll::Ready(Err(fault)),
            };
            let after = if free > 0 {
                taken(word, 1)
            } else {
                with_waiters_bit(word, true)
            };
            if !semaphore.cell.replace(word, after) {
                continue;
            }
            if free > 0 {
                self.update(context, &mut queue);
                return Poll::Ready(Ok(()));
            }
            self.waiter.note_overtaken();
            queue.push_front(&self.waiter);
            return Poll::Pending;
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

    fn completed(&mut self, context: &Context, outcome: Outcome) -> Step<()> {
        match outcome {
            Outcome::Granted => Poll::Ready(Ok(())),
            Outcome::Retry { more } => self.compete(context, more),
            outcome => Poll::Ready(Err(fault_of(&self.waiter, outcome))),
        }
    }

    fn update(&self, _context: &Context, queue: &mut QueueGuard) {
        // A fault has already ended all waits.
        self.semaphore.grant_waiters(queue).ok();
    }

    fn pass_on(&self, context: &Context, queue: &mut QueueGuard, outcome: Outcome) {
        if outcome == Outcome::Granted {
            // Fails only if more permits were given back than taken: then there would be too many now.
            self.semaphore.give_back(queue, self.waiter.request()).ok();
        } else {
            self.update(context, queue);
        }
    }
}
