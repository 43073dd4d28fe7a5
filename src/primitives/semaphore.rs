//! The Semaphore: a number of permits, of which each caller takes some and gives some back, not necessarily the same.
//!
//! Permits go to those who wait in the order in which they came. A request that needs more than there is keeps its place
//! at the front, and nobody passes it: a large one is not starved by small ones. Whoever gives permits back hands them
//! to those at the front directly, under the lock of the queue; so does one who gives up, since those behind it may be
//! content with what it was not.
//!
//! The waiters bit says that somebody is queued. It changes only under the lock of the queue. While it is clear, taking
//! and giving back are single instructions, and while it is set nobody changes the word without the lock. A promise whose
//! thread is blocked does not count: it is passed, and what it was given before goes back, until its thread goes on and
//! sees to the queue.
//!
//! Nobody owns permits: those of a thread that dies are given back only by whoever knows of them.
//!
//! Orderings: every change of the word is a read-modify-write that acquires and releases, so taking permits acquires what
//! every release before it released; where permits are handed over, the waiter's outcome carries it.

use super::{Fault, WaitResult};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Begun, Context, Key, Kind, Outcome, Party, QueueGuard, Wait, WaitEnd, Waiter, WakeReason,
    spin_until,
};
use crate::threads::Interrupt;
use std::sync::Arc;
use std::task::Poll;

/// Somebody is queued.
const WAITERS: u32 = 1;
/// One permit that is taken. Above the bit the word holds how many are, as a signed number: more may have been given back
/// than were taken.
const PERMIT: u32 = 2;

/// How an attempt to give permits back ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// They are back.
    Done,
    /// There would be more than the maximum: nothing has changed.
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
    /// The bit of the word that says that somebody is queued.
    pub const WAITERS: u32 = WAITERS;
    /// What each permit that is taken adds to the word.
    pub const PERMIT: u32 = PERMIT;

    /// The semaphore in `cell`, of which `permits` are free at first and never more than `max`: from `permits`, and 1, to
    /// [`Semaphore::MAX_PERMITS`].
    pub fn new(cell: SharedWord, permits: u32, max: u32) -> Self {
        Semaphore { cell, permits, max }
    }

    /// What JavaScript tries before it calls in: takes permits that are free while nobody is queued.
    #[inline]
    pub fn try_acquire_fast(self, count: u32) -> bool {
        let word = self.cell.load();
        word & WAITERS == 0
            && self.available_of(word).is_some_and(|free| count <= free)
            && self.cell.replace(word, taken(word, count))
    }

    /// What JavaScript tries before it calls in: gives back permits while nobody is queued.
    #[inline]
    pub fn release_fast(self, count: u32) -> bool {
        let word = self.cell.load();
        word & WAITERS == 0
            && self
                .available_of(word)
                .is_some_and(|free| count <= self.max - free)
            && self.cell.replace(word, given(word, count))
    }

    /// Takes `count` permits, from 1 to the maximum, waiting until `deadline` or without limit.
    pub fn acquire(
        self,
        context: &Context,
        count: u32,
        deadline: Option<Deadline>,
    ) -> Result<WaitResult, Fault> {
        let mut acquired = false;
        // Once somebody is queued, only those at the front are given any.
        spin_until(|| {
            acquired = self.try_acquire_fast(count);
            acquired || self.cell.load() & WAITERS != 0
        });
        if acquired {
            return Ok(WaitResult::Acquired);
        }
        let acquired = self
            .begin(context, &Party::thread_of(context.thread), count)
            .block(context, deadline)?;
        // Nobody would ever be told of permits that a thread was given while it was being terminated.
        if acquired == WaitResult::Acquired
            && context.thread.check_interrupts(context.runtime) == Interrupt::Stop
        {
            // Only where more were given back than were taken are there too many now.
            self.release(context, count).ok();
            return Err(Fault::Interrupted);
        }
        Ok(acquired)
    }

    /// Begins to take `count` permits.
    pub fn begin(self, context: &Context, party: &Party, count: u32) -> Begun<Acquiring> {
        let acquiring = Acquiring {
            semaphore: self,
            waiter: Waiter::for_request(party, self.key(), count),
        };
        Begun::with(acquiring, |wait| {
            let mut section = context.queues.lock(self.key());
            match self.take(&mut section, count) {
                Ok(true) => Poll::Ready(Ok(WaitResult::Acquired)),
                Ok(false) => {
                    section.push_back(&wait.waiter);
                    Poll::Pending
                }
                Err(fault) => Poll::Ready(Err(fault)),
            }
        })
    }

    /// Takes `count` permits if that takes no waiting, neither for them nor for those who wait already.
    pub fn try_acquire(self, context: &Context, count: u32) -> Result<WaitResult, Fault> {
        if self.try_acquire_fast(count) {
            return Ok(WaitResult::Acquired);
        }
        let mut section = context.queues.lock(self.key());
        self.grant_waiters(&mut section)?;
        loop {
            let (word, free) = self.examine(&mut section)?;
            if count > free || section.is_anybody_present(self.key()) {
                return Ok(WaitResult::TimedOut);
            }
            if self.cell.replace(word, taken(word, count)) {
                return Ok(WaitResult::Acquired);
            }
        }
    }

    /// Gives back `count` permits, and hands them to those who wait.
    pub fn release(self, context: &Context, count: u32) -> Result<Released, Fault> {
        if self.release_fast(count) {
            return Ok(Released::Done);
        }
        self.release_contended(context, count)
    }

    /// How many are free.
    pub fn available(self) -> Result<u32, Fault> {
        let word = self.cell.load();
        self.available_of(word).ok_or(Fault::Corrupt(word))
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Semaphore)
    }

    /// How many are free; none for a word that this semaphore never writes.
    fn available_of(self, word: u32) -> Option<u32> {
        let free = i64::from(self.permits) - i64::from(word.cast_signed() >> 1);
        u32::try_from(free).ok().filter(|free| *free <= self.max)
    }

    #[cold]
    fn release_contended(self, context: &Context, count: u32) -> Result<Released, Fault> {
        self.give_back(&mut context.queues.lock(self.key()), count)
    }

    /// Gives back permits under the lock of the queue.
    fn give_back(self, section: &mut QueueGuard, count: u32) -> Result<Released, Fault> {
        loop {
            let (word, free) = self.examine(section)?;
            if count > self.max - free {
                // A cell that was written over may have stranded those who wait: see to them all the same.
                self.grant_waiters(section)?;
                return Ok(Released::PastMax);
            }
            if self.cell.replace(word, given(word, count)) {
                self.grant_waiters(section)?;
                return Ok(Released::Done);
            }
        }
    }

    /// Takes `count` permits and returns true, or sets the bit for one who is about to queue up.
    fn take(self, section: &mut QueueGuard, count: u32) -> Result<bool, Fault> {
        self.grant_waiters(section)?;
        loop {
            let (word, free) = self.examine(section)?;
            let first = !section.is_anybody_present(self.key());
            let (after, acquired) = if first && count <= free {
                (taken(word, count), true)
            } else {
                (word | WAITERS, false)
            };
            if self.cell.replace(word, after) {
                return Ok(acquired);
            }
        }
    }

    /// Hands to those at the front what is free, until there is not enough for the next, and makes the bit say whether
    /// anybody is left.
    fn grant_waiters(self, section: &mut QueueGuard) -> Result<(), Fault> {
        loop {
            let (word, free) = self.examine(section)?;
            let Some(next) =
                section.next_of_those_who(self.key(), |waiter| waiter.request() <= free)
            else {
                let bit = if section.is_anybody_present(self.key()) {
                    WAITERS
                } else {
                    0
                };
                let after = word & !WAITERS | bit;
                if word == after || self.cell.replace(word, after) {
                    return Ok(());
                }
                continue;
            };
            let after = taken(word, next.request()) | WAITERS;
            if self.cell.replace(word, after) {
                section.remove(&next);
                section.settle(next, Outcome::Granted);
            }
        }
    }

    /// Reads the word, and how many are free by it. One that was written over is told to everybody who waits.
    fn examine(self, section: &mut QueueGuard) -> Result<(u32, u32), Fault> {
        let word = self.cell.load();
        match self.available_of(word) {
            Some(free) => Ok((word, free)),
            None => Err(self.corrupt(section, word)),
        }
    }

    /// Tells everybody who waits that the cell was written over.
    fn corrupt(self, section: &mut QueueGuard, word: u32) -> Fault {
        section.settle_all(self.key(), Outcome::Corrupt(word));
        Fault::Corrupt(word)
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
    /// Leaves the queue; false where it was settled before. Those behind may be content with what is free.
    fn leave(&self, context: &Context) -> bool {
        let mut section = context.queues.lock(self.semaphore.key());
        let left = section.remove(&self.waiter);
        if left {
            // A fault was told to everybody who waits.
            self.semaphore.grant_waiters(&mut section).ok();
        }
        left
    }

    /// Leaves, and passes on what it was given and cannot use.
    fn cancel(&self, context: &Context) {
        if !self.leave(context) && self.waiter.outcome() == Some(Outcome::Granted) {
            // Only where more were given back than were taken are there too many now.
            self.semaphore.release(context, self.waiter.request()).ok();
        }
    }
}

impl Wait for Acquiring {
    type Output = Result<WaitResult, Fault>;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Self::Output> {
        Poll::Ready(match reason.ended(&self.waiter, || self.leave(context)) {
            WaitEnd::Told(Some(Outcome::Granted)) => Ok(WaitResult::Acquired),
            WaitEnd::Told(Some(Outcome::Corrupt(word))) => Err(Fault::Corrupt(word)),
            WaitEnd::Told(_) => Err(Fault::Corrupt(self.semaphore.cell.load())),
            WaitEnd::TimedOut => Ok(WaitResult::TimedOut),
            WaitEnd::Interrupted | WaitEnd::Deadlock(_) => {
                self.cancel(context);
                Err(Fault::Interrupted)
            }
        })
    }

    fn revalidate(&self, context: &Context) {
        // A fault was told to everybody who waits.
        self.semaphore
            .grant_waiters(&mut context.queues.lock(self.semaphore.key()))
            .ok();
    }

    fn requeue_for_block(&mut self, context: &Context) {
        let mut section = context.queues.lock(self.semaphore.key());
        if self.waiter.outcome() == Some(Outcome::Granted) {
            section.push_front(&self.waiter);
            // As in `withdraw`.
            let count = self.waiter.request();
            self.semaphore.give_back(&mut section, count).ok();
        } else if !section.is_behind_sibling(&self.waiter) {
            // Those behind may be content with what is free, and a promise does not look by itself.
            self.semaphore.grant_waiters(&mut section).ok();
        }
    }
}
