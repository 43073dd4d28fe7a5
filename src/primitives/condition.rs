//! The Condition: threads that hold a mutex wait until somebody tells them that something may have changed.
//!
//! A waiter enters the queue before it unlocks the mutex, so a notification that follows any change made under the
//! mutex finds it. The word holds one bit, "somebody waits", which changes only under the lock of the queue: a bit
//! that the notifier cleared by itself would lose wake-ups. While it is clear, notifying is one load.
//!
//! A notified waiter is moved to the queue of its mutex and woken only when it is its turn there ("wait morphing", as
//! in Linux's FUTEX_REQUEUE and parking_lot): notifyAll wakes no herd.
//!
//! Orderings: the lock of the bucket orders waiting and notifying. The notifier's load is safe without it: a waiter
//! that must not be missed set the bit before it unlocked the mutex that the notifier's change was made under.

use super::{Fault, Mutex};
use crate::cell::Cell;
use crate::futex::Deadline;
use crate::queue::{Caller, Key, Kind, Outcome, Section, Slept, Waiter};
use std::sync::Arc;

/// Nobody waits.
const EMPTY: u32 = 0;
/// Somebody waits.
const WAITERS: u32 = 1 << 30;

/// Why a wait ended, with the mutex owned again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notification {
    /// It was notified.
    Received,
    /// The time limit passed first.
    TimedOut,
}

/// The Condition in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Condition {
    cell: Cell,
}

impl Condition {
    /// The word of one that nobody waits for.
    pub const EMPTY: u32 = EMPTY;

    /// The condition in `cell`.
    pub fn new(cell: Cell) -> Self {
        Condition { cell }
    }

    /// The one instruction that JavaScript tries before it calls in.
    #[inline]
    pub fn is_quiet(self) -> bool {
        self.cell.load() == EMPTY
    }

    /// Unlocks `mutex`, waits to be notified until `deadline` or without limit, and locks `mutex` again. After a
    /// fault other than [`Fault::NotOwner`] and this cell's own corruption, the mutex is not owned.
    pub fn wait(
        self,
        mutex: Mutex,
        caller: &Caller,
        deadline: Option<Deadline>,
    ) -> Result<Notification, Fault> {
        mutex.assert_owned(caller.queues.threads(), caller.id())?;
        let waiter = Waiter::at_condition(caller.thread, self.key(), mutex.cell(), Mutex::owner_of);
        {
            let mut section = caller.queues.enter(self.key());
            self.raise(&mut section)?;
            section.push_back(&waiter);
        }
        if let Err(fault) = mutex.unlock(caller) {
            self.withdraw(mutex, caller, &waiter);
            return Err(fault);
        }
        match caller.sleep(&waiter, deadline, || self.tend(caller, mutex)) {
            Slept::Interrupted => {
                self.withdraw(mutex, caller, &waiter);
                Err(Fault::Interrupted)
            }
            Slept::TimedOut if self.leave(caller, &waiter) => {
                mutex.lock(caller, None)?;
                Ok(Notification::TimedOut)
            }
            // Settled without a notification: the cell was written over.
            _ if !waiter.was_notified() => {
                mutex.lock(caller, None)?;
                Err(match waiter.outcome() {
                    Some(Outcome::Corrupt(word)) => Fault::Corrupt(word),
                    _ => Fault::Corrupt(self.cell.load()),
                })
            }
            slept => {
                let locked = mutex.lock_again(caller, &waiter, slept);
                if locked.is_err() {
                    self.pass_on(caller, &waiter);
                }
                locked.map(|()| Notification::Received)
            }
        }
    }

    /// Notifies up to `count` of those who wait, the longest waiting first, and returns how many.
    pub fn notify(self, caller: &Caller, count: usize) -> Result<usize, Fault> {
        if self.is_quiet() {
            return Ok(0);
        }
        // Those who begin to wait while this runs are not counted: it ends.
        let waiting = {
            let mut section = caller.queues.enter(self.key());
            self.examine(&mut section)?;
            section.len(self.key())
        };
        let mut left = count.min(waiting);
        let mut notified = 0;
        while left > 0
            && let Some(moved) = self.notify_front(caller, left)?
        {
            notified += moved;
            left -= moved;
        }
        Ok(notified)
    }

    /// Notifies up to `count` of those at the front that wait with the same mutex: none are left to where nobody waits,
    /// and zero where somebody else came to the front meanwhile.
    fn notify_front(self, caller: &Caller, count: usize) -> Result<Option<usize>, Fault> {
        let mutex_of =
            |section: &Section| section.front(self.key()).and_then(|front| front.mutex());
        let Some(mutex) = mutex_of(&caller.queues.enter(self.key())) else {
            return Ok(None);
        };
        let mutex_key = Key::new(mutex, Kind::Mutex);
        let mut section = caller.queues.enter_both(self.key(), mutex_key);
        self.examine(&mut section)?;
        let mut moved = Vec::new();
        while moved.len() < count && mutex_of(&section) == Some(mutex) {
            moved.extend(section.pop_front(self.key()));
        }
        self.lower(&section);
        let others_wait = !section.is_empty(self.key());
        for waiter in &moved {
            section.notify(waiter, others_wait);
        }
        Mutex::new(mutex).admit(caller.queues.threads(), &mut section, &moved);
        Ok(Some(moved.len()))
    }

    /// How many wait to be notified. Under the lock of the queue.
    pub fn waiting(self, section: &Section) -> Result<usize, Fault> {
        self.agreed(section)?;
        Ok(section.len(self.key()))
    }

    /// Gives up, wherever the waiter stands by now.
    fn withdraw(self, mutex: Mutex, caller: &Caller, waiter: &Arc<Waiter>) {
        if !self.leave(caller, waiter) && waiter.was_notified() {
            // As an interrupted wait for the mutex: it leaves that queue, and passes on what it was given there.
            mutex.lock_again(caller, waiter, Slept::Interrupted).ok();
            self.pass_on(caller, waiter);
        }
    }

    /// Nobody will act on the notification that the waiter was chosen for: somebody else has to.
    fn pass_on(self, caller: &Caller, waiter: &Waiter) {
        if waiter.was_chosen() {
            // A fault was told to everybody who waits.
            self.notify(caller, 1).ok();
        }
    }

    /// Sees to both queues after a long wait, should somebody have written over the cells.
    fn tend(self, caller: &Caller, mutex: Mutex) {
        // A fault is told to everybody who waits.
        self.examine(&mut caller.queues.enter(self.key())).ok();
        mutex.tend(caller);
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Condition)
    }

    /// Takes a waiter out of the queue; false where it was notified before.
    fn leave(self, caller: &Caller, waiter: &Arc<Waiter>) -> bool {
        let mut section = caller.queues.enter(self.key());
        // A notified waiter stands in the queue of its mutex, which is not locked here.
        let left = !waiter.was_notified() && section.remove(waiter);
        self.lower(&section);
        left
    }

    /// Sets the bit. Under the lock of the queue.
    fn raise(self, section: &mut Section) -> Result<(), Fault> {
        while self.examine(section)? == EMPTY {
            if self.cell.replace(EMPTY, WAITERS) {
                break;
            }
        }
        Ok(())
    }

    /// Clears the bit if nobody waits any longer. Under the lock of the queue.
    fn lower(self, section: &Section) {
        if section.is_empty(self.key()) {
            // Fails only where the cell was written over, and then whoever looks next will tell.
            self.cell.replace(WAITERS, EMPTY);
        }
    }

    /// Reads the word, which has to agree with the queue. Under the lock of the queue.
    fn agreed(self, section: &Section) -> Result<u32, Fault> {
        match self.cell.load() {
            WAITERS => Ok(WAITERS),
            EMPTY if section.is_empty(self.key()) => Ok(EMPTY),
            word => Err(Fault::Corrupt(word)),
        }
    }

    /// As [`Condition::agreed`]; a word that was written over is told to everybody who waits.
    fn examine(self, section: &mut Section) -> Result<u32, Fault> {
        let word = self.agreed(section);
        if let Err(Fault::Corrupt(word)) = word {
            section.settle_all(self.key(), Outcome::Corrupt(word));
        }
        word
    }
}
