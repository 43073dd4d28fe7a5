//! The Mutex: mutual exclusion, with the owner in the word.
//!
//! A lock that others wait for is released first and then competed for, by the one that is woken and by whoever
//! runs at that moment: threads that run are not made to wait for threads that sleep. Only when the one at the front
//! has waited long is the lock handed to it directly ("eventual fairness", parking_lot `core/src/parking_lot.rs`).
//!
//! The waiters bit says that an unlock has to look into the queue. It is set under the queue's lock before anybody
//! sleeps. The unlock that wakes one clears it, so that the locks and unlocks of those who run stay single instructions
//! until the woken one restores it: when it takes the lock while others wait behind it, or when it sleeps again. A
//! woken one that gives up wakes the next instead. One that is busy serving its runtime is passed over. So at any time at which somebody is queued, the bit is set or
//! somebody is on the way who sees to it.
//!
//! Orderings: every change of the word is a read-modify-write that acquires and releases. Taking the lock acquires
//! what the release before it released; where the lock is handed over, the waiter's outcome carries it.

use super::Fault;
use crate::cell::Cell;
use crate::futex::Deadline;
use crate::queue::{Caller, Key, Kind, Outcome, Section, Slept, Waiter, spin_until};
use crate::threads::{Status, ThreadId, Threads};
use std::convert::identity;
use std::sync::Arc;

/// Nobody owns it, nobody died owning it, and no unlock is needed to wake anybody.
const FREE: u32 = 0;
/// The owner's number: its worker's `threadId + 1`.
const OWNER: u32 = ThreadId::MAX;
/// Somebody is queued: the unlock has to wake one.
const WAITERS: u32 = 1 << 30;
/// The owner that the word names died owning it.
const ABANDONED: u32 = 1 << 31;

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Owned(ThreadId),
    Abandoned(ThreadId),
    Corrupt,
}

impl State {
    fn of(word: u32) -> Self {
        match (ThreadId::new(word & OWNER), word & !OWNER) {
            (None, 0) => State::Free,
            (Some(owner), 0 | WAITERS) => State::Owned(owner),
            (Some(owner), ABANDONED) => State::Abandoned(owner),
            _ => State::Corrupt,
        }
    }
}

/// How an attempt to lock ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// The caller owns the lock.
    Acquired,
    /// The time limit passed first.
    TimedOut,
}

/// How an attempt to recover ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// The caller owns the lock, and took it over from an owner that died.
    Cleared,
    /// The caller owns the lock; nobody had died, or somebody else took it over before.
    Locked,
    /// The time limit passed first.
    TimedOut,
}

/// Who owns it, for those who only look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// It is free.
    Nobody,
    /// A living thread.
    Alive(ThreadId),
    /// A thread that died owning it.
    Dead(ThreadId),
}

/// What there is to do for those who are queued.
enum Served {
    /// The lock is free: one of them may compete for it.
    Free,
    /// A living thread owns it, and its unlock will look into the queue.
    Held,
}

/// Where somebody who waits stands after a sleep.
enum Turn {
    Granted,
    TimedOut,
    Retry { more: bool },
}

/// The Mutex in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Mutex {
    cell: Cell,
}

impl Mutex {
    /// The word of one that nobody owns.
    pub const FREE: u32 = FREE;
    /// The mask of the bits that name the owner.
    pub const OWNER: u32 = OWNER;

    /// The mutex in `cell`.
    pub fn new(cell: Cell) -> Self {
        Mutex { cell }
    }

    /// The cell.
    pub fn cell(self) -> Cell {
        self.cell
    }

    /// The one instruction that JavaScript tries before it calls in.
    #[inline]
    pub fn lock_free(self, id: ThreadId) -> bool {
        self.cell.replace(FREE, id.get())
    }

    /// The one instruction that JavaScript tries before it calls in.
    #[inline]
    pub fn unlock_quiet(self, id: ThreadId) -> bool {
        self.cell.replace(id.get(), FREE)
    }

    /// Locks, waiting until `deadline`, or without limit.
    pub fn lock(self, caller: &Caller, deadline: Option<Deadline>) -> Result<Locked, Fault> {
        if self.lock_free(caller.id()) {
            return Ok(Locked::Acquired);
        }
        if self.is_owned_by(caller.id()) {
            return Err(Fault::Recursive);
        }
        let waiter = Waiter::at_lock(caller.thread, self.key(), Self::owner_of);
        self.lock_contended(caller, &waiter, deadline, None)
    }

    /// Locks if that takes no waiting.
    pub fn try_lock(self, caller: &Caller) -> Result<Locked, Fault> {
        loop {
            if self.lock_free(caller.id()) {
                return Ok(Locked::Acquired);
            }
            // A living owner's word is left alone: a bit that nobody waits behind would make its unlock a call.
            let threads = caller.queues.threads();
            if Self::owner_of(self.cell.load())
                .is_some_and(|owner| threads.status(owner) == Status::Alive)
            {
                return Ok(Locked::TimedOut);
            }
            let mut section = caller.queues.enter(self.key());
            self.serve_fault(threads, &mut section)?;
        }
    }

    /// Locks, waiting until `deadline` or without limit, and takes the lock over from an owner that died, too.
    pub fn recover(self, caller: &Caller, deadline: Option<Deadline>) -> Result<Recovered, Fault> {
        loop {
            match self.lock(caller, deadline) {
                Ok(Locked::Acquired) => return Ok(Recovered::Locked),
                Ok(Locked::TimedOut) => return Ok(Recovered::TimedOut),
                Err(Fault::Abandoned(owner)) => {
                    if self
                        .cell
                        .replace(owner.get() | ABANDONED, caller.id().get())
                    {
                        return Ok(Recovered::Cleared);
                    }
                }
                Err(fault) => return Err(fault),
            }
        }
    }

    /// Unlocks, and wakes who waits.
    pub fn unlock(self, caller: &Caller) -> Result<(), Fault> {
        if self.unlock_quiet(caller.id()) {
            return Ok(());
        }
        self.unlock_contended(caller)
    }

    /// Whether this thread owns it.
    pub fn is_owned_by(self, id: ThreadId) -> bool {
        State::of(self.cell.load()) == State::Owned(id)
    }

    /// Fails unless this thread owns it.
    pub fn assert_owned(self, threads: &Threads, id: ThreadId) -> Result<(), Fault> {
        if self.is_owned_by(id) {
            Ok(())
        } else {
            Err(self.owner(threads).map_or_else(identity, Fault::NotOwner))
        }
    }

    /// The living owner that a word names.
    pub fn owner_of(word: u32) -> Option<ThreadId> {
        match State::of(word) {
            State::Owned(owner) => Some(owner),
            _ => None,
        }
    }

    /// Who owns it, or died owning it.
    pub fn owner(self, threads: &Threads) -> Result<Option<ThreadId>, Fault> {
        match self.holder(threads)? {
            Holder::Nobody => Ok(None),
            Holder::Alive(owner) | Holder::Dead(owner) => Ok(Some(owner)),
        }
    }

    /// Who owns it, and whether that thread lives, also where nobody has asked since it died.
    pub fn holder(self, threads: &Threads) -> Result<Holder, Fault> {
        let word = self.cell.load();
        match State::of(word) {
            State::Free => Ok(Holder::Nobody),
            State::Owned(owner) | State::Abandoned(owner) => match threads.status(owner) {
                Status::Alive => Ok(Holder::Alive(owner)),
                Status::Dead => Ok(Holder::Dead(owner)),
                Status::Unknown => Err(Fault::Corrupt(word)),
            },
            State::Corrupt => Err(Fault::Corrupt(word)),
        }
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Mutex)
    }

    /// Competes, sleeps and competes again until the lock is the caller's. `woken` is set for a waiter that was
    /// told to retry, and says whether others wait behind it.
    #[cold]
    fn lock_contended(
        self,
        caller: &Caller,
        waiter: &Arc<Waiter>,
        deadline: Option<Deadline>,
        mut woken: Option<bool>,
    ) -> Result<Locked, Fault> {
        loop {
            if self.compete(caller.id(), woken) {
                return Ok(Locked::Acquired);
            }
            if let Served::Free = self.queue_up(caller, waiter, woken.is_some())? {
                continue;
            }
            let slept = caller.sleep(waiter, deadline, || self.tend(caller));
            match self.turn(caller, waiter, slept)? {
                Turn::Granted => return Ok(Locked::Acquired),
                Turn::TimedOut => return Ok(Locked::TimedOut),
                Turn::Retry { more } => woken = Some(more),
            }
        }
    }

    /// Locks again for a Condition's waiter that was notified, and so stands in this mutex's queue or was taken out
    /// of it. `slept` is what it woke up to.
    pub(super) fn lock_again(
        self,
        caller: &Caller,
        waiter: &Arc<Waiter>,
        slept: Slept,
    ) -> Result<(), Fault> {
        let slept = match slept {
            // The time limit was the Condition's. Locking again has none.
            Slept::TimedOut => caller.sleep(waiter, None, || self.tend(caller)),
            slept => slept,
        };
        let woken = match self.turn(caller, waiter, slept)? {
            Turn::Granted => return Ok(()),
            Turn::Retry { more } => Some(more),
            Turn::TimedOut => None,
        };
        self.lock_contended(caller, waiter, None, woken).map(drop)
    }

    /// Spins for the lock. A waiter that was woken restores the bit where others wait behind it.
    fn compete(self, id: ThreadId, woken: Option<bool>) -> bool {
        let owned = match woken {
            Some(true) => id.get() | WAITERS,
            _ => id.get(),
        };
        spin_until(|| self.cell.load() == FREE && self.cell.replace(FREE, owned))
    }

    /// Enters the queue, unless the lock is free.
    fn queue_up(self, caller: &Caller, waiter: &Arc<Waiter>, woken: bool) -> Result<Served, Fault> {
        let mut section = caller.queues.enter(self.key());
        // Since the check before the wait, code that ran in the middle of it may have locked.
        if self.is_owned_by(caller.id()) {
            return Err(Fault::Recursive);
        }
        let served = self.serve_fault(caller.queues.threads(), &mut section)?;
        if let Served::Held = served {
            if woken {
                section.push_front(waiter);
            } else {
                section.push_back(waiter);
            }
        }
        Ok(served)
    }

    /// What a sleep came to.
    fn turn(self, caller: &Caller, waiter: &Arc<Waiter>, slept: Slept) -> Result<Turn, Fault> {
        let outcome = match slept {
            Slept::Settled(outcome) => Some(outcome),
            Slept::TimedOut if self.leave(caller, waiter) => return Ok(Turn::TimedOut),
            Slept::Interrupted => {
                if !self.leave(caller, waiter) {
                    self.decline(caller, waiter);
                }
                return Err(Fault::Interrupted);
            }
            Slept::Deadlock(circle) if self.leave(caller, waiter) => {
                return Err(Fault::Deadlock(circle));
            }
            Slept::TimedOut | Slept::Deadlock(_) => waiter.outcome(),
        };
        match outcome {
            Some(Outcome::Granted) => Ok(Turn::Granted),
            Some(Outcome::Retry { more }) => Ok(Turn::Retry { more }),
            Some(Outcome::OwnerDied(owner)) => Err(Fault::Abandoned(owner)),
            Some(Outcome::Corrupt(word)) => Err(Fault::Corrupt(word)),
            _ => Err(Fault::Corrupt(self.cell.load())),
        }
    }

    /// Takes a waiter out of the queue; false where it was settled before.
    fn leave(self, caller: &Caller, waiter: &Arc<Waiter>) -> bool {
        let mut section = caller.queues.enter(self.key());
        let left = section.remove(waiter);
        if left && section.is_empty(self.key()) {
            // Nobody is left to wake: spare the owner the call. Where the word has changed there is nothing to spare.
            let word = self.cell.load();
            if let State::Owned(owner) = State::of(word) {
                self.cell.replace(word, owner.get());
            }
        }
        left
    }

    /// Passes on what a waiter was given and cannot use.
    fn decline(self, caller: &Caller, waiter: &Waiter) {
        match waiter.outcome() {
            // Only a cell that was written over can be no longer owned here, and then there is nothing to pass on.
            Some(Outcome::Granted) => drop(self.unlock(caller)),
            Some(Outcome::Retry { .. }) => self.tend(caller),
            _ => {}
        }
    }

    #[cold]
    fn unlock_contended(self, caller: &Caller) -> Result<(), Fault> {
        let threads = caller.queues.threads();
        let mut section = caller.queues.enter(self.key());
        loop {
            let word = self.cell.load();
            if State::of(word) != State::Owned(caller.id()) {
                // A cell that was written over may have stranded those who wait: see to them all the same.
                self.serve(threads, &mut section);
                self.assert_owned(threads, caller.id())?;
                continue;
            }
            // Asked once: whether somebody is ready may change at any moment.
            let next = section.next(self.key()).cloned();
            let heir = next.as_ref().filter(|next| {
                next.is_ready()
                    && section.hand_over_due(next)
                    && threads.status(next.thread()) == Status::Alive
            });
            let more = section.len(self.key()) > 1;
            let (released, outcome) = match heir {
                Some(heir) if more => (heir.thread().get() | WAITERS, Outcome::Granted),
                Some(heir) => (heir.thread().get(), Outcome::Granted),
                None => (FREE, Outcome::Retry { more }),
            };
            if !self.cell.replace(word, released) {
                continue;
            }
            if heir.is_some() {
                section.note_hand_over(self.key());
            }
            if let Some(next) = next {
                section.remove(&next);
                section.settle(next, outcome);
            }
            return Ok(());
        }
    }

    /// Tells everybody who waits that the owner died, if it was this thread. A free lock is left alone: whoever was
    /// woken for it is on the way.
    pub(super) fn owner_died(self, id: ThreadId, threads: &Threads, section: &mut Section) {
        if self.is_owned_by(id) {
            self.serve(threads, section);
        }
    }

    /// Sees to the queue after a long wait, should somebody have written over the cell.
    pub(super) fn tend(self, caller: &Caller) {
        let mut section = caller.queues.enter(self.key());
        self.serve(caller.queues.threads(), &mut section);
    }

    /// Lets a Condition's waiters that were notified in, behind those who wait already.
    pub(super) fn admit(self, threads: &Threads, section: &mut Section, notified: &[Arc<Waiter>]) {
        for waiter in notified {
            section.push_back(waiter);
        }
        self.serve(threads, section);
    }

    /// Sees to it that those who are queued will be served: wakes one if the lock is free, sets the bit if it is
    /// held, tells them all if its owner died or the cell was written over.
    pub(super) fn serve(self, threads: &Threads, section: &mut Section) {
        if section.is_empty(self.key()) {
            return;
        }
        // A fault was told to everybody in the queue.
        if let Ok(Served::Free) = self.serve_fault(threads, section)
            && let Some(next) = section.next(self.key()).cloned()
        {
            section.remove(&next);
            let more = !section.is_empty(self.key());
            section.settle(next, Outcome::Retry { more });
        }
    }

    /// As [`Mutex::serve`], for one who is about to queue up: leaves a free lock to it, and tells it the fault too.
    ///
    /// That the owner lives is checked under the lock of the bucket: one that dies later will sweep the queues,
    /// and find everybody who queued up before.
    fn serve_fault(self, threads: &Threads, section: &mut Section) -> Result<Served, Fault> {
        loop {
            let word = self.cell.load();
            let (fault, outcome) = match State::of(word) {
                State::Free => return Ok(Served::Free),
                State::Abandoned(owner) => (Fault::Abandoned(owner), Outcome::OwnerDied(owner)),
                State::Corrupt => (Fault::Corrupt(word), Outcome::Corrupt(word)),
                State::Owned(owner) => match threads.status(owner) {
                    Status::Alive if word & WAITERS != 0 => return Ok(Served::Held),
                    Status::Alive if self.cell.replace(word, word | WAITERS) => {
                        return Ok(Served::Held);
                    }
                    Status::Dead if self.cell.replace(word, owner.get() | ABANDONED) => {
                        (Fault::Abandoned(owner), Outcome::OwnerDied(owner))
                    }
                    Status::Unknown => (Fault::Corrupt(word), Outcome::Corrupt(word)),
                    // The word changed under our eyes: look again.
                    Status::Alive | Status::Dead => continue,
                },
            };
            section.settle_all(self.key(), outcome);
            return Err(fault);
        }
    }
}
