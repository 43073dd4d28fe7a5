//! The Mutex: mutual exclusion, with the owner in the word.
//!
//! A contended unlock first releases the lock. The waiter that it wakes then competes with any thread that runs at
//! that moment, so running threads need not wait for sleeping ones. The lock is handed off to the waiter at the front
//! only when that waiter has waited long and was overtaken when it was woken ("eventual fairness", parking_lot
//! `core/src/parking_lot.rs`).
//!
//! The waiters bit tells the unlock to look into the queue. A waiter sets it under the lock of the queue before it
//! sleeps. The unlock that wakes a waiter clears it, so that running threads lock and unlock with single
//! instructions. The woken waiter restores it when it takes the lock while others wait behind it, or when it sleeps
//! again. A woken waiter that gives up wakes the next instead. A waiter that is busy with an interrupt of its runtime
//! is passed over. The invariant: while a waiter is queued, the bit is set or a woken waiter that will look into the
//! queue is on its way.
//!
//! A promise whose thread is blocked counts as absent: it is neither woken nor handed the lock. If it was woken or
//! handed the lock before, its thread gives that back when it blocks. When the thread resumes, it looks into the
//! queue.
//!
//! Orderings: every change of the word is a read-modify-write that acquires and releases. The acquire of the thread
//! that locks pairs with the release of the thread that unlocked before. In a hand-off, the waiter's acquire of its
//! outcome pairs with the release of the thread that stored it.

mod backing_off;
mod locking;

pub use backing_off::Hint;
pub use locking::Locking;

use super::{Fault, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Access, Aim, Context, Key, Kind, Outcome, Owner, QueueGuard, Requester, Waiter, spin_for,
};
use crate::threads::{Status, ThreadId, Threads};
use std::sync::Arc;

// The word, bit by bit:
//
// | bit   | name      | meaning                                      |
// | ----- | --------- | -------------------------------------------- |
// | 0-28  | OWNER     | the owner's thread id; 0 if there is none    |
// | 29    | GUARD     | the owner is a guard of that thread          |
// | 30    | WAITERS   | waiters are queued                           |
// | 31    | ABANDONED | the owner died; no other flag is set         |

/// Unlocked, not abandoned, and no unlock is needed to wake a waiter.
const FREE: u32 = 0;
/// The owner's thread id: its worker's `threadId + 1`.
const OWNER: u32 = ThreadId::MAX;
/// The owner is a guard, with which a promise to lock was fulfilled, and not the thread as such. JavaScript's unlock
/// of a lock that the thread owns itself fails on it.
const GUARD: u32 = 1 << 29;
/// Waiters are queued: the unlock has to wake one.
const WAITERS: u32 = 1 << 30;
/// The named owner died while it owned the lock.
const ABANDONED: u32 = 1 << 31;

/// How long a thread spins before it enters the queue, in nanoseconds. With half of that, eight workers that own the
/// lock for half a microsecond each got 6 % less done.
const SPIN_NS: u64 = 4_000;

/// Whether waiters are queued.
fn has_waiters(word: u32) -> bool {
    word & WAITERS != 0
}

/// The word with the waiters bit.
fn with_waiters(word: u32) -> u32 {
    word | WAITERS
}

/// The word without the waiters bit.
fn without_waiters(word: u32) -> u32 {
    word & !WAITERS
}

/// Whether the word says that the owner with this claim owns the lock, with waiters or without.
fn is_claimed_by(word: u32, claim: u32) -> bool {
    without_waiters(word) == claim
}

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
        match (ThreadId::new(word & OWNER), word & !(OWNER | GUARD)) {
            (None, 0) if word == FREE => State::Free,
            (Some(owner), 0 | WAITERS) => State::Owned(owner),
            (Some(owner), ABANDONED) if word & GUARD == 0 => State::Abandoned(owner),
            _ => State::Corrupt,
        }
    }

    fn is_owned(self) -> bool {
        matches!(self, State::Owned(_))
    }
}

/// How a caller that may recover the lock came to own it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovered {
    /// It took the lock over from an owner that died.
    Cleared,
    /// No owner had died, or another thread took the lock over before.
    Acquired,
}

/// Who owns the lock, for a caller that only inspects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// It is free.
    Free,
    /// A living thread.
    Alive(ThreadId),
    /// A thread that died owning it.
    Dead(ThreadId),
}

/// Whether a waiter can compete for the lock now.
enum Availability {
    /// The lock is free: one of the waiters may compete for it.
    Free,
    /// A living thread owns the lock, and its unlock will look into the queue.
    Owned,
}

/// The word when `owner` owns the lock and no waiter is queued.
fn claim_of(owner: Owner) -> u32 {
    owner.id().get() | if owner.is_guard() { GUARD } else { 0 }
}

/// The Mutex in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Mutex {
    cell: SharedWord,
}

impl Mutex {
    /// The word of an unlocked mutex.
    pub const FREE: u32 = FREE;
    /// The waiters bit of the word.
    pub const WAITERS: u32 = WAITERS;

    /// What a waiter for a mutex waits for.
    pub(super) const AIM: Aim = Aim {
        owner_of: Some(Self::owner_of),
        mutex: None,
        access: Access::Own,
        request: 0,
    };

    /// The mutex in `cell`.
    pub fn new(cell: SharedWord) -> Self {
        Mutex { cell }
    }

    /// The cell.
    pub fn cell(self) -> SharedWord {
        self.cell
    }

    /// What JavaScript tries before it calls native code: one instruction.
    #[inline]
    pub fn try_lock_fast(self, id: ThreadId) -> bool {
        self.cell.replace(FREE, id.get())
    }

    /// What JavaScript tries before it calls native code: one instruction.
    #[inline]
    pub fn unlock_fast(self, id: ThreadId) -> bool {
        self.cell.replace(id.get(), FREE)
    }

    /// Locks. Waits until `deadline`, or without limit.
    pub fn lock(self, context: &Context, deadline: Option<Deadline>) -> Result<(), Fault> {
        // Most locks are released before the thread would have entered the queue.
        if spin_for(SPIN_NS, || {
            self.cell.load() == FREE && self.try_lock_fast(context.id())
        }) {
            return Ok(());
        }
        Locking::new(self, &Requester::thread_of(context.thread))
            .block(context, deadline)
            .map(drop)
    }

    /// What JavaScript tries when it has the turn to compete, before it calls native code: one instruction. `more` says
    /// whether others wait behind.
    #[inline]
    pub fn take_turn_fast(self, id: ThreadId, more: bool) -> bool {
        let claim = id.get();
        self.cell
            .replace(FREE, if more { with_waiters(claim) } else { claim })
    }

    /// Locks for a thread that had the turn to compete and was overtaken: it waits before all others.
    pub fn take_turn(self, context: &Context, more: bool) -> Result<(), Fault> {
        Locking::with_turn(self, &Requester::thread_of(context.thread), more)
            .block(context, None)
            .map(drop)
    }

    /// Locks if that does not need to wait.
    pub fn try_lock(self, context: &Context) -> Result<(), Fault> {
        self.try_lock_as(context, context.owner())
    }

    /// Locks for `owner` if that does not need to wait.
    pub fn try_lock_as(self, context: &Context, owner: Owner) -> Result<(), Fault> {
        loop {
            if self.cell.replace(FREE, claim_of(owner)) {
                return Ok(());
            }
            // Do not touch the word of a living owner: a waiters bit without a waiter would turn its unlock into a
            // native call.
            let threads = context.queues.threads();
            if Self::owner_of(self.cell.load())
                .is_some_and(|owner| threads.status(owner) == Status::Alive)
            {
                return Err(Fault::TimedOut);
            }
            let mut queue = context.queues.lock(self.key());
            self.check_owner(threads, &mut queue)?;
        }
    }

    /// Locks, even if the owner died. Waits until `deadline` or without limit.
    pub fn recover(
        self,
        context: &Context,
        deadline: Option<Deadline>,
    ) -> Result<Recovered, Fault> {
        Locking::recovering(self, &Requester::thread_of(context.thread)).block(context, deadline)
    }

    /// Unlocks, and wakes a waiter.
    pub fn unlock(self, context: &Context) -> Result<(), Fault> {
        self.unlock_as(context, context.owner())
    }

    /// Unlocks what `owner` owns, and wakes a waiter.
    pub fn unlock_as(self, context: &Context, owner: Owner) -> Result<(), Fault> {
        if self.cell.replace(claim_of(owner), FREE) {
            return Ok(());
        }
        self.release(context, &mut context.queues.lock(self.key()), owner)
    }

    /// Whether `owner` owns the lock.
    pub fn is_owned_as(self, owner: Owner) -> bool {
        is_claimed_by(self.cell.load(), claim_of(owner))
    }

    /// Whether this thread owns the lock, by itself or by a guard.
    pub fn is_owned_by(self, id: ThreadId) -> bool {
        State::of(self.cell.load()) == State::Owned(id)
    }

    /// Returns a fault unless `owner` owns the lock.
    pub fn assert_owned_as(self, threads: &Threads, owner: Owner) -> Result<(), Fault> {
        if self.is_owned_as(owner) {
            return Ok(());
        }
        Err(self.not_owned(threads, owner.id()))
    }

    /// The fault of a caller of thread `id` that does not own the lock.
    fn not_owned(self, threads: &Threads, id: ThreadId) -> Fault {
        match self.owner(threads) {
            Ok(Some(owner)) if owner == id => Fault::WrongOwnerKind,
            Ok(owner) => Fault::NotOwner(owner),
            Err(fault) => fault,
        }
    }

    /// The living owner that a word names.
    pub fn owner_of(word: u32) -> Option<ThreadId> {
        match State::of(word) {
            State::Owned(owner) => Some(owner),
            _ => None,
        }
    }

    /// Whether the owner that a word names is a guard.
    pub fn is_guard(word: u32) -> bool {
        word & GUARD != 0
    }

    /// The owner at this moment.
    pub(super) fn living_owner(self) -> Option<ThreadId> {
        Self::owner_of(self.cell.load())
    }

    /// Whether this thread, which has died, owned the lock.
    pub(super) fn was_owned_by(self, id: ThreadId) -> bool {
        matches!(State::of(self.cell.load()), State::Owned(owner) | State::Abandoned(owner) if owner == id)
    }

    /// The owner, alive or dead.
    pub fn owner(self, threads: &Threads) -> Result<Option<ThreadId>, Fault> {
        match self.holder(threads)? {
            Holder::Free => Ok(None),
            Holder::Alive(owner) | Holder::Dead(owner) => Ok(Some(owner)),
        }
    }

    /// The owner, and whether its thread is alive. Notices a death even before the word was marked as abandoned.
    pub fn holder(self, threads: &Threads) -> Result<Holder, Fault> {
        let word = self.cell.load();
        match State::of(word) {
            State::Free => Ok(Holder::Free),
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

    /// Unlocks under the lock of the queue, and wakes a waiter.
    #[cold]
    fn release(self, context: &Context, queue: &mut QueueGuard, owner: Owner) -> Result<(), Fault> {
        let threads = context.queues.threads();
        loop {
            let word = self.cell.load();
            if !is_claimed_by(word, claim_of(owner)) {
                // If the cell was written over, waiters may be stranded: end their waits before the fault is returned.
                self.grant_waiters(threads, queue);
                return Err(self.not_owned(threads, owner.id()));
            }
            // Readiness is read once: it may change at any moment.
            let next = queue.next(self.key());
            let heir = next.as_ref().filter(|next| {
                next.is_ready()
                    && queue.handoff_due(next)
                    && threads.status(next.thread()) == Status::Alive
            });
            let released = match heir {
                Some(heir) if queue.len(self.key()) > 1 => {
                    with_waiters(claim_of(Owner::from(heir.requester())))
                }
                Some(heir) => claim_of(Owner::from(heir.requester())),
                None => FREE,
            };
            if !self.cell.replace(word, released) {
                continue;
            }
            queue.note_release(self.key());
            let handed_off = heir.is_some();
            match next {
                Some(heir) if handed_off => {
                    queue.note_handoff(self.key());
                    queue.remove(&heir);
                    queue.complete(heir, Outcome::Granted);
                }
                Some(next) => self.wake_next(queue, next),
                None => {}
            }
            return Ok(());
        }
    }

    /// Checks the queue after a long wait, in case the cell was written over.
    pub(super) fn revalidate(self, context: &Context) {
        let mut queue = context.queues.lock(self.key());
        self.grant_waiters(context.queues.threads(), &mut queue);
    }

    /// Requeues notified waiters of a Condition behind those that wait for the mutex already.
    pub(super) fn requeue(
        self,
        threads: &Threads,
        queue: &mut QueueGuard,
        notified: &[Arc<Waiter>],
    ) {
        for waiter in notified {
            queue.push_back(waiter);
        }
        self.grant_waiters(threads, queue);
    }

    /// Makes sure that the queue makes progress. Wakes one waiter if the lock is free. Sets the waiters bit if the
    /// lock is owned. Ends all waits if the owner died or the cell was written over.
    ///
    /// Also called when any thread has died: it may have been woken for a free lock and died before it took its turn.
    pub(super) fn grant_waiters(self, threads: &Threads, queue: &mut QueueGuard) {
        if queue.is_empty(self.key()) {
            return;
        }
        // On a fault, `check_owner` has ended all waits.
        if let Ok(Availability::Free) = self.check_owner(threads, queue)
            && let Some(next) = queue.next(self.key())
        {
            self.wake_next(queue, next);
        }
    }

    /// Wakes `next` to compete for the lock, which is free. Each woken waiter of a Condition also wakes the next: waking a
    /// processor takes longer than a short critical section, so the lock would be idle between two waiters. A woken waiter
    /// that is overtaken keeps its place in the queue.
    ///
    /// Such a thread takes its turn in JavaScript, and a time limit of `vm` may end the code that would. The threads behind
    /// it look again after a while. A promise does not, so it is woken, too.
    fn wake_next(self, queue: &mut QueueGuard, next: Arc<Waiter>) {
        let is_promise = |waiter: &Waiter| waiter.requester().is_promise();
        let was_notified = |waiter: &Waiter| waiter.was_notified() && !is_promise(waiter);
        let crowded = was_notified(&next);
        let more = self.wake(queue, next);
        if crowded && more {
            self.wake_next_if(queue, was_notified);
            self.wake_next_if(queue, is_promise);
        }
    }

    /// Wakes the next waiter if it is such a one.
    fn wake_next_if(self, queue: &mut QueueGuard, wanted: impl Fn(&Waiter) -> bool) {
        if let Some(next) = queue.next(self.key())
            && wanted(&next)
        {
            self.wake(queue, next);
        }
    }

    /// Wakes a queued waiter to compete for the lock. Returns whether more are queued.
    fn wake(self, queue: &mut QueueGuard, waiter: Arc<Waiter>) -> bool {
        queue.remove(&waiter);
        let more = !queue.is_empty(self.key());
        queue.complete(waiter, Outcome::Retry { more });
        more
    }

    /// As [`Mutex::grant_waiters`], for a caller that is about to enter the queue: a free lock is left to the caller,
    /// and the caller receives the fault too.
    ///
    /// Whether the owner is alive is checked under the lock of the bucket. An owner that dies later sweeps the
    /// queues, and finds each waiter that entered before.
    fn check_owner(self, threads: &Threads, queue: &mut QueueGuard) -> Result<Availability, Fault> {
        loop {
            let word = self.cell.load();
            let (fault, outcome) = match State::of(word) {
                State::Free => return Ok(Availability::Free),
                State::Abandoned(owner) if threads.status(owner) == Status::Dead => (
                    Fault::Abandoned(Some(owner)),
                    Outcome::OwnerDied(Some(owner)),
                ),
                State::Abandoned(_) | State::Corrupt => {
                    (Fault::Corrupt(word), Outcome::Corrupt(word))
                }
                State::Owned(owner) => match threads.status(owner) {
                    Status::Alive if has_waiters(word) => return Ok(Availability::Owned),
                    Status::Alive if self.cell.replace(word, with_waiters(word)) => {
                        return Ok(Availability::Owned);
                    }
                    Status::Dead if self.cell.replace(word, owner.get() | ABANDONED) => (
                        Fault::Abandoned(Some(owner)),
                        Outcome::OwnerDied(Some(owner)),
                    ),
                    Status::Unknown => (Fault::Corrupt(word), Outcome::Corrupt(word)),
                    // The word changed since it was loaded: check again.
                    Status::Alive | Status::Dead => continue,
                },
            };
            queue.complete_all(self.key(), outcome);
            return Err(fault);
        }
    }
}
