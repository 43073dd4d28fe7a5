//! The Mutex: mutual exclusion, with the owner in the word.
//!
//! A lock that others wait for is released first and then competed for, by the one that is woken and by whoever
//! runs at that moment: threads that run are not made to wait for threads that sleep. Only when the one at the front
//! has waited long, and others were faster than it when it was woken, is the lock handed to it directly ("eventual
//! fairness", parking_lot `core/src/parking_lot.rs`).
//!
//! The waiters bit says that an unlock has to look into the queue. It is set under the queue's lock before anybody
//! sleeps. The unlock that wakes one clears it, so that the locks and unlocks of those who run stay single instructions
//! until the woken one restores it: when it takes the lock while others wait behind it, or when it sleeps again. A
//! woken one that gives up wakes the next instead. One that is busy serving its runtime is passed over. So at any time at
//! which somebody is queued, the bit is set or somebody is on the way who sees to it.
//!
//! A promise whose thread is blocked is away: nobody wakes it or hands it the lock, and where it was woken or handed the
//! lock before, its thread gives that back when it blocks. When the thread goes on, it sees to the queue.
//!
//! Orderings: every change of the word is a read-modify-write that acquires and releases. Taking the lock acquires
//! what the release before it released; where the lock is handed over, the waiter's outcome carries it.

mod backing_off;
mod locking;
mod recovering;

pub use locking::Locking;
pub use recovering::Recovering;

use super::{Fault, block_in};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{Begun, Context, Key, Kind, Outcome, Party, QueueGuard, Waiter, spin_until};
use crate::threads::{Status, ThreadId, Threads};
use std::sync::Arc;

/// Nobody owns it, nobody died owning it, and no unlock is needed to wake anybody.
const FREE: u32 = 0;
/// The owner's number: its worker's `threadId + 1`.
const OWNER: u32 = ThreadId::MAX;
/// The owner is not the thread as such but a guard: what a promise to lock was fulfilled with. JavaScript's unlock of
/// the thread's own lock fails on it.
const GUARD: u32 = 1 << 29;
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
        match (ThreadId::new(word & OWNER), word & !(OWNER | GUARD)) {
            (None, 0) if word == FREE => State::Free,
            (Some(owner), 0 | WAITERS) => State::Owned(owner),
            (Some(owner), ABANDONED) if word & GUARD == 0 => State::Abandoned(owner),
            _ => State::Corrupt,
        }
    }
}

/// How an attempt to lock ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitResult {
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
    Acquired,
    /// The time limit passed first.
    TimedOut,
}

impl Recovered {
    /// Whether it was taken over from an owner that died; none where the time limit passed first.
    pub fn cleared(self) -> Option<bool> {
        match self {
            Recovered::Cleared => Some(true),
            Recovered::Acquired => Some(false),
            Recovered::TimedOut => None,
        }
    }
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

/// What the word says when the lock is this party's, and nobody is queued.
fn claim_of(party: &Party) -> u32 {
    let guard = if party.is_promise() { GUARD } else { 0 };
    party.thread().get() | guard
}

/// The Mutex in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Mutex {
    cell: SharedWord,
}

impl Mutex {
    /// The word of one that nobody owns.
    pub const FREE: u32 = FREE;
    /// The bit that says that somebody is queued.
    pub const WAITERS: u32 = WAITERS;

    /// The mutex in `cell`.
    pub fn new(cell: SharedWord) -> Self {
        Mutex { cell }
    }

    /// The cell.
    pub fn cell(self) -> SharedWord {
        self.cell
    }

    /// The one instruction that JavaScript tries before it calls in.
    #[inline]
    pub fn try_lock_fast(self, id: ThreadId) -> bool {
        self.cell.replace(FREE, id.get())
    }

    /// The one instruction that JavaScript tries before it calls in.
    #[inline]
    pub fn unlock_fast(self, id: ThreadId) -> bool {
        self.cell.replace(id.get(), FREE)
    }

    /// Locks, waiting until `deadline`, or without limit.
    pub fn lock(self, context: &Context, deadline: Option<Deadline>) -> Result<WaitResult, Fault> {
        // Most waits are over before they have begun.
        if spin_until(|| self.cell.load() == FREE && self.try_lock_fast(context.id())) {
            return Ok(WaitResult::Acquired);
        }
        block_in(context, deadline, || {
            if self.is_owned_by(context.id()) {
                return Begun::Done(Err(Fault::Recursive));
            }
            self.begin(context, &Party::thread_of(context.thread))
        })
    }

    /// Begins to lock, without limit.
    pub fn begin(self, context: &Context, party: &Party) -> Begun<Locking> {
        Begun::with(Locking::new(self, party), |wait| {
            wait.compete(context, None)
        })
    }

    /// Locks if that takes no waiting.
    pub fn try_lock(self, context: &Context) -> Result<WaitResult, Fault> {
        self.try_claim(context, context.id().get())
    }

    /// Locks for a guard of the calling thread, if that takes no waiting.
    pub fn try_lock_guard(self, context: &Context) -> Result<WaitResult, Fault> {
        self.try_claim(context, context.id().get() | GUARD)
    }

    fn try_claim(self, context: &Context, claim: u32) -> Result<WaitResult, Fault> {
        loop {
            if self.cell.replace(FREE, claim) {
                return Ok(WaitResult::Acquired);
            }
            // A living owner's word is left alone: a bit that nobody waits behind would make its unlock a call.
            let threads = context.queues.threads();
            if Self::owner_of(self.cell.load())
                .is_some_and(|owner| threads.status(owner) == Status::Alive)
            {
                return Ok(WaitResult::TimedOut);
            }
            let mut section = context.queues.lock(self.key());
            self.check_owner(threads, &mut section)?;
        }
    }

    /// Locks, waiting until `deadline` or without limit, and takes the lock over from an owner that died, too.
    pub fn recover(
        self,
        context: &Context,
        deadline: Option<Deadline>,
    ) -> Result<Recovered, Fault> {
        block_in(context, deadline, || {
            if self.is_owned_by(context.id()) {
                return Begun::Done(Err(Fault::Recursive));
            }
            self.begin_recovery(context, &Party::thread_of(context.thread))
        })
    }

    /// Begins to recover, without limit.
    pub fn begin_recovery(self, context: &Context, party: &Party) -> Begun<Recovering> {
        let recovering = Recovering::new(self, party);
        Begun::with(recovering, |wait| wait.start(context))
    }

    /// Takes it over from an owner that died, if that is what the word says.
    fn take_over(self, dead: ThreadId, party: &Party) -> bool {
        self.cell.replace(dead.get() | ABANDONED, claim_of(party))
    }

    /// Unlocks, and wakes who waits.
    pub fn unlock(self, context: &Context) -> Result<(), Fault> {
        self.unlock_claim(context, context.id().get())
    }

    /// Unlocks what a guard of this thread's owns.
    pub fn unlock_guard(self, context: &Context) -> Result<(), Fault> {
        self.unlock_claim(context, context.id().get() | GUARD)
    }

    /// Unlocks what this party owns: the thread, or the guard of its promise.
    pub fn unlock_as(self, context: &Context, party: &Party) -> Result<(), Fault> {
        self.unlock_claim(context, claim_of(party))
    }

    fn unlock_claim(self, context: &Context, claim: u32) -> Result<(), Fault> {
        if self.cell.replace(claim, FREE) {
            return Ok(());
        }
        self.unlock_contended(context, claim)
    }

    /// Whether this party owns it: the thread, or the guard of its promise.
    pub fn is_owned_as(self, party: &Party) -> bool {
        let word = self.cell.load();
        matches!(State::of(word), State::Owned(_)) && word & !WAITERS == claim_of(party)
    }

    /// Whether a guard of this thread owns it.
    pub fn is_guarded_by(self, id: ThreadId) -> bool {
        self.cell.load() & !WAITERS == id.get() | GUARD
    }

    /// Whether this thread owns it, by itself or by a guard.
    pub fn is_owned_by(self, id: ThreadId) -> bool {
        State::of(self.cell.load()) == State::Owned(id)
    }

    /// Fails unless this party owns it.
    pub fn assert_owned_as(self, threads: &Threads, party: &Party) -> Result<(), Fault> {
        if self.is_owned_as(party) {
            return Ok(());
        }
        Err(self.not_owned(threads, party.thread()))
    }

    /// Why a party of thread `id` does not own it.
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

    /// Who owns it at this moment.
    pub(super) fn living_owner(self) -> Option<ThreadId> {
        Self::owner_of(self.cell.load())
    }

    /// Whether this thread, which has died, owned it.
    pub(super) fn was_owned_by(self, id: ThreadId) -> bool {
        matches!(State::of(self.cell.load()), State::Owned(owner) | State::Abandoned(owner) if owner == id)
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

    #[cold]
    fn unlock_contended(self, context: &Context, claim: u32) -> Result<(), Fault> {
        let mut section = context.queues.lock(self.key());
        self.release(context, &mut section, claim)
    }

    /// Unlocks under the lock of the queue, and wakes who waits.
    fn release(self, context: &Context, section: &mut QueueGuard, claim: u32) -> Result<(), Fault> {
        let threads = context.queues.threads();
        loop {
            let word = self.cell.load();
            if word & !WAITERS != claim {
                // A cell that was written over may have stranded those who wait: see to them all the same.
                self.grant_waiters(threads, section);
                return Err(self.not_owned(threads, context.id()));
            }
            // Asked once: whether somebody is ready may change at any moment.
            let next = section.next(self.key());
            let heir = next.as_ref().filter(|next| {
                next.is_ready()
                    && section.handoff_due(next)
                    && threads.status(next.thread()) == Status::Alive
            });
            let more = section.len(self.key()) > 1;
            let released = match heir {
                Some(heir) if more => claim_of(heir.party()) | WAITERS,
                Some(heir) => claim_of(heir.party()),
                None => FREE,
            };
            if !self.cell.replace(word, released) {
                continue;
            }
            let handed_off = heir.is_some();
            match next {
                Some(heir) if handed_off => {
                    section.note_handoff(self.key());
                    section.remove(&heir);
                    section.settle(heir, Outcome::Granted);
                }
                Some(next) => self.wake_next(section, next),
                None => {}
            }
            return Ok(());
        }
    }

    /// Tells everybody who waits that the owner died, if it was this thread. A free lock is left alone: whoever was
    /// woken for it is on the way.
    pub(super) fn owner_died(self, id: ThreadId, threads: &Threads, section: &mut QueueGuard) {
        if self.is_owned_by(id) {
            self.grant_waiters(threads, section);
        }
    }

    /// Sees to the queue after a long wait, should somebody have written over the cell.
    pub(super) fn revalidate(self, context: &Context) {
        let mut section = context.queues.lock(self.key());
        self.grant_waiters(context.queues.threads(), &mut section);
    }

    /// Lets a Condition's waiters that were notified in, behind those who wait already.
    pub(super) fn admit(
        self,
        threads: &Threads,
        section: &mut QueueGuard,
        notified: &[Arc<Waiter>],
    ) {
        for waiter in notified {
            section.push_back(waiter);
        }
        self.grant_waiters(threads, section);
    }

    /// Sees to it that those who are queued will be served: wakes one if the lock is free, sets the bit if it is
    /// held, tells them all if its owner died or the cell was written over.
    pub(super) fn grant_waiters(self, threads: &Threads, section: &mut QueueGuard) {
        if section.is_empty(self.key()) {
            return;
        }
        // A fault was told to everybody in the queue.
        if let Ok(Served::Free) = self.check_owner(threads, section)
            && let Some(next) = section.next(self.key())
        {
            self.wake_next(section, next);
        }
    }

    /// Wakes `next` to compete for the lock, which is free. One of a crowd that was notified takes another of it along: to
    /// wake a processor takes longer than a short critical section, so that the lock would lie idle between two of them.
    /// Whoever comes too late keeps its place.
    fn wake_next(self, section: &mut QueueGuard, next: Arc<Waiter>) {
        let was_notified_with_all =
            |waiter: &Waiter| waiter.was_notified() && !waiter.party().is_promise();
        let crowded = was_notified_with_all(&next);
        self.wake(section, next);
        if crowded
            && let Some(another) = section
                .next(self.key())
                .filter(|next| was_notified_with_all(next))
        {
            self.wake(section, another);
        }
    }

    /// Wakes a queued waiter to compete for the lock.
    fn wake(self, section: &mut QueueGuard, waiter: Arc<Waiter>) {
        section.remove(&waiter);
        let more = !section.is_empty(self.key());
        section.settle(waiter, Outcome::Retry { more });
    }

    /// As [`Mutex::serve`], for one who is about to queue up: leaves a free lock to it, and tells it the fault too.
    ///
    /// That the owner lives is checked under the lock of the bucket: one that dies later will sweep the queues,
    /// and find everybody who queued up before.
    fn check_owner(self, threads: &Threads, section: &mut QueueGuard) -> Result<Served, Fault> {
        loop {
            let word = self.cell.load();
            let (fault, outcome) = match State::of(word) {
                State::Free => return Ok(Served::Free),
                State::Abandoned(owner) if threads.status(owner) == Status::Dead => (
                    Fault::Abandoned(Some(owner)),
                    Outcome::OwnerDied(Some(owner)),
                ),
                State::Abandoned(_) | State::Corrupt => {
                    (Fault::Corrupt(word), Outcome::Corrupt(word))
                }
                State::Owned(owner) => match threads.status(owner) {
                    Status::Alive if word & WAITERS != 0 => return Ok(Served::Held),
                    Status::Alive if self.cell.replace(word, word | WAITERS) => {
                        return Ok(Served::Held);
                    }
                    Status::Dead if self.cell.replace(word, owner.get() | ABANDONED) => (
                        Fault::Abandoned(Some(owner)),
                        Outcome::OwnerDied(Some(owner)),
                    ),
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
