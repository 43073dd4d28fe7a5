//! The RwLock: many readers or one writer.
//!
//! A thread that leaves the lock wakes waiters in the order of their arrival, under the lock of the queue: one writer
//! when the last reader leaves, or all readers up to the next writer at once. A woken waiter competes with the threads
//! that run at that moment, as at a Mutex, and is handed the lock after a long wait, so neither readers nor writers
//! starve. A reader that arrives while a writer is queued waits behind it. A reader that would wait for a writer that
//! waits for it gets a fault at once.
//!
//! The waiters bit tells a thread that leaves to look into the queue, and keeps others from entering without doing so.
//! A waiter sets it under the lock of the queue before it sleeps. A thread that wakes a waiter to compete clears it.
//! The woken waiter restores it when it enters while others wait behind it, or when it sleeps again. A promise whose
//! thread is blocked does not count: it is passed over, and what it was given before is taken back. When its thread
//! resumes, that thread looks into the queue.
//!
//! The word names the writer, but only counts the reads. Each thread counts its own reads in memory that no other
//! thread touches. So the death of a reader can be reported, and a thread cannot end a read that it does not hold.
//! After a holder died, only recovery may enter, one caller at a time, once the living readers have left. The thread
//! that died is noted beside the queue.
//!
//! Orderings: every change of the word is a read-modify-write that acquires and releases. The acquire of a thread
//! that enters pairs with the releases of all threads that left before. If another thread lets a waiter enter, the
//! waiter's acquire of its outcome pairs with the release of the thread that stored it.

mod entering;
mod raw;

pub use entering::Entering;

use super::wait::corrupt;
use super::{Fault, Recovered, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{Context, DeadOwner, Owner, QueueGuard, Queues, Requester, Waiter, spin_until};
use crate::threads::{Status, ThreadId, Threads};
use raw::{
    Asks, GUARD, Place, RawRwLock, State, WAITERS, WRITER, claim_of, has_waiters, is_claimed_by,
};

/// What a caller asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// To read, with others.
    Read,
    /// To write, alone.
    Write,
    /// To write, alone, even after a holder died.
    Recover,
}

impl From<u32> for Request {
    /// The request of a number that `as u32` gave.
    fn from(number: u32) -> Self {
        match number {
            0 => Request::Read,
            1 => Request::Write,
            _ => Request::Recover,
        }
    }
}

impl Request {
    fn of(waiter: &Waiter) -> Self {
        Self::from(waiter.request())
    }
}

/// Who holds the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// This many reads are held, or none.
    Readers(u32),
    /// A living thread writes.
    Writer(ThreadId),
    /// This thread died while it held the lock. None if only the death is known.
    Dead(Option<ThreadId>),
}

/// How many reads the calling thread holds: two counts that no other thread touches, in memory in which JavaScript
/// can count too.
#[derive(Clone, Copy, Debug)]
pub struct ReadCounts {
    /// Reads that the thread holds itself.
    pub own: SharedWord,
    /// Reads that guards hold: promises to read were fulfilled with them.
    pub by_guards: SharedWord,
}

impl ReadCounts {
    fn of(self, owner: Owner) -> SharedWord {
        if owner.is_guard() {
            self.by_guards
        } else {
            self.own
        }
    }

    fn all(self) -> u32 {
        self.own.load().saturating_add(self.by_guards.load())
    }

    /// Whether the thread holds reads.
    pub fn any(self) -> bool {
        self.all() > 0
    }
}

fn increment(count: SharedWord) {
    count.overwrite(count.load().saturating_add(1));
}

fn decrement(count: SharedWord) {
    count.overwrite(count.load().saturating_sub(1));
}

/// The RwLock in one cell, as one thread sees it.
#[derive(Clone, Copy, Debug)]
pub struct RwLock {
    raw: RawRwLock,
    held: ReadCounts,
}

impl RwLock {
    /// The word of a free lock.
    pub const FREE: u32 = 0;
    /// The largest number of reads, and the mask of the writer's thread id.
    pub const NUMBER: u32 = raw::NUMBER;
    /// The waiters bit of the word.
    pub const WAITERS: u32 = WAITERS;
    /// The bit of the word for a thread that writes.
    pub const WRITER: u32 = WRITER;
    /// The bit of the word for a guard that writes.
    pub const GUARD: u32 = GUARD;

    /// The lock in `cell`, with the counts of the reads that the calling thread holds.
    pub fn new(cell: SharedWord, held: ReadCounts) -> Self {
        let raw = RawRwLock { cell };
        RwLock { raw, held }
    }

    /// Clears the counts of the thread's reads if the word counts fewer: the cell was written over. While a thread
    /// reads, no other thread can end its reads, so the word counts at least as many. True if there were lost reads.
    pub fn forget_lost_reads(self) -> bool {
        let lost = !self.counts_held_reads(self.raw.cell.load());
        if lost {
            self.held.own.overwrite(0);
            self.held.by_guards.overwrite(0);
        }
        lost
    }

    /// Whether the word counts at least the reads that this thread holds.
    fn counts_held_reads(self, word: u32) -> bool {
        let held = self.held.all();
        match State::of(word) {
            State::Reads(reads) | State::Abandoned(reads) => reads >= held,
            State::Written(_) | State::Corrupt => held == 0,
        }
    }

    /// What JavaScript tries before it calls native code.
    #[inline]
    pub fn try_read_fast(self) -> bool {
        let free = self.raw.try_read_fast();
        if free {
            increment(self.held.own);
        }
        free
    }

    /// What JavaScript tries before it calls native code.
    #[inline]
    pub fn try_write_fast(self, id: ThreadId) -> bool {
        self.raw.cell.replace(Self::FREE, id.get() | WRITER)
    }

    /// What JavaScript tries before it calls native code.
    #[inline]
    pub fn unlock_read_fast(self) -> bool {
        let unlocked = self.held.own.load() > 0 && self.raw.unlock_read_fast();
        if unlocked {
            decrement(self.held.own);
        }
        unlocked
    }

    /// What JavaScript tries before it calls native code.
    #[inline]
    pub fn unlock_write_fast(self, id: ThreadId) -> bool {
        self.raw.cell.replace(id.get() | WRITER, Self::FREE)
    }

    /// Begins to read. Waits until `deadline` or without limit.
    pub fn read(self, context: &Context, deadline: Option<Deadline>) -> Result<(), Fault> {
        let mut free = false;
        spin_until(|| {
            free = self.try_read_fast();
            // Once waiters are queued, only those at the front may enter.
            free || has_waiters(self.raw.cell.load())
        });
        if free {
            return Ok(());
        }
        self.enter(context, Request::Read, deadline).map(drop)
    }

    /// Begins to write. Waits until `deadline` or without limit.
    pub fn write(self, context: &Context, deadline: Option<Deadline>) -> Result<(), Fault> {
        let mut free = false;
        spin_until(|| {
            free = self.try_write_fast(context.id());
            free || has_waiters(self.raw.cell.load())
        });
        if free {
            return Ok(());
        }
        self.enter(context, Request::Write, deadline).map(drop)
    }

    /// Begins to write, even after a holder died. Waits until `deadline` or without limit.
    pub fn recover(
        self,
        context: &Context,
        deadline: Option<Deadline>,
    ) -> Result<Recovered, Fault> {
        self.enter(context, Request::Recover, deadline)
    }

    fn enter(
        self,
        context: &Context,
        request: Request,
        deadline: Option<Deadline>,
    ) -> Result<Recovered, Fault> {
        Entering::new(self, &Requester::thread_of(context.thread), request).block(context, deadline)
    }

    /// Enters for `owner` if it need not wait, neither for the holders nor for the waiters.
    pub fn try_enter(self, context: &Context, owner: Owner, request: Request) -> Result<(), Fault> {
        let mut queue = context.queues.lock(self.raw.key());
        let asks = Asks {
            owner,
            request,
            place: Place::Passing,
        };
        match self.try_enter_queued(context, &mut queue, asks) {
            Ok(Some(_)) => Ok(()),
            Ok(None) | Err(Fault::Recursive) => Err(Fault::TimedOut),
            Err(fault) => Err(fault),
        }
    }

    /// As [`RawRwLock::try_enter`]. The caller holds the lock of the queue.
    fn try_enter_queued(
        self,
        context: &Context,
        queue: &mut QueueGuard,
        asks: Asks,
    ) -> Result<Option<Recovered>, Fault> {
        let threads = context.queues.threads();
        let entered = self.raw.try_enter(threads, queue, asks, self.held)?;
        if entered.is_some() {
            self.entered(asks.owner, asks.request);
        }
        Ok(entered)
    }

    /// Whether `owner` writes.
    pub fn is_written_as(self, owner: Owner) -> bool {
        is_claimed_by(self.raw.cell.load(), claim_of(owner))
    }

    /// Ends a read of the calling thread.
    pub fn unlock_read(self, context: &Context) -> Result<(), Fault> {
        self.unlock_read_as(context, context.owner())
    }

    /// Ends a read that `owner` holds.
    pub fn unlock_read_as(self, context: &Context, owner: Owner) -> Result<(), Fault> {
        let count = self.held.of(owner);
        let threads = context.queues.threads();
        if count.load() == 0 {
            self.revalidate(context);
            return Err(self.not_inside(threads, context.id()));
        }
        if self.counts_held_reads(self.raw.cell.load()) && self.raw.unlock_read_fast() {
            decrement(count);
            return Ok(());
        }
        let mut queue = context.queues.lock(self.raw.key());
        loop {
            let word = self.raw.cell.load();
            match State::of(word) {
                State::Reads(1..) | State::Abandoned(1..) if self.counts_held_reads(word) => {
                    if self.raw.cell.replace(word, word - 1) {
                        decrement(count);
                        queue.note_release(self.raw.key());
                        // A fault has already ended all waits. This read is over all the same.
                        self.raw.grant_waiters(threads, &mut queue).ok();
                        return Ok(());
                    }
                }
                _ => {
                    // The cell was written over: according to the word, the thread does not hold these reads.
                    self.held.own.overwrite(0);
                    self.held.by_guards.overwrite(0);
                    return Err(corrupt(&mut queue, self.raw.key(), word));
                }
            }
        }
    }

    /// Ends the write of the calling thread.
    pub fn unlock_write(self, context: &Context) -> Result<(), Fault> {
        self.unlock_write_as(context, context.owner())
    }

    /// Ends the write of `owner`.
    pub fn unlock_write_as(self, context: &Context, owner: Owner) -> Result<(), Fault> {
        self.release_write(context, owner, Self::FREE)
    }

    /// Turns the write of `owner` into a read, with no other write in between.
    pub fn downgrade(self, context: &Context, owner: Owner) -> Result<(), Fault> {
        self.release_write(context, owner, 1)?;
        increment(self.held.of(owner));
        Ok(())
    }

    /// Ends a write and leaves `reads` reads instead.
    fn release_write(self, context: &Context, owner: Owner, reads: u32) -> Result<(), Fault> {
        let claim = claim_of(owner);
        if self.raw.cell.replace(claim, reads) {
            return Ok(());
        }
        let threads = context.queues.threads();
        let mut queue = context.queues.lock(self.raw.key());
        loop {
            let word = self.raw.cell.load();
            if !is_claimed_by(word, claim) {
                // If the cell was written over, waiters may be stranded: end their waits before the fault is returned.
                self.raw.grant_waiters(threads, &mut queue)?;
                return Err(self.not_inside(threads, context.id()));
            }
            if self
                .raw
                .cell
                .replace(word, reads | raw::waiters_bit_of(word))
            {
                queue.note_release(self.raw.key());
                return self.raw.grant_waiters(threads, &mut queue);
            }
        }
    }

    /// The writer, even if it died and its death was not noticed yet.
    pub fn writer(self, threads: &Threads) -> Result<Option<ThreadId>, Fault> {
        let word = self.raw.cell.load();
        match State::of(word) {
            State::Written(writer) if threads.status(writer) != Status::Unknown => Ok(Some(writer)),
            State::Written(_) | State::Corrupt => Err(Fault::Corrupt(word)),
            State::Reads(_) | State::Abandoned(_) => Ok(None),
        }
    }

    /// Who holds the lock. Notices a writer's death even before the word was marked as abandoned.
    pub fn inside(self, threads: &Threads, queue: &QueueGuard) -> Result<Inside, Fault> {
        let word = self.raw.cell.load();
        match State::of(word) {
            State::Reads(reads) => Ok(Inside::Readers(reads)),
            State::Written(writer) => match threads.status(writer) {
                Status::Alive => Ok(Inside::Writer(writer)),
                Status::Dead => Ok(Inside::Dead(Some(writer))),
                Status::Unknown => Err(Fault::Corrupt(word)),
            },
            State::Abandoned(_) => self
                .raw
                .dead(queue)
                .map(|dead| Inside::Dead(dead.thread()))
                .ok_or(Fault::Corrupt(word)),
            State::Corrupt => Err(Fault::Corrupt(word)),
        }
    }

    /// The number of reads that are held.
    pub fn readers(self) -> Result<u32, Fault> {
        let word = self.raw.cell.load();
        match State::of(word) {
            State::Reads(reads) | State::Abandoned(reads) => Ok(reads),
            State::Written(_) => Ok(0),
            State::Corrupt => Err(Fault::Corrupt(word)),
        }
    }

    /// How many reads a word counts.
    pub fn reads_of(word: u32) -> u32 {
        match State::of(word) {
            State::Reads(reads) | State::Abandoned(reads) => reads,
            State::Written(_) | State::Corrupt => 0,
        }
    }

    /// Whether the writer that a word names is a guard.
    pub fn is_guard(word: u32) -> bool {
        word & raw::MODE == GUARD
    }

    /// The writer that a word names.
    pub fn owner_of(word: u32) -> Option<ThreadId> {
        match State::of(word) {
            State::Written(writer) => Some(writer),
            _ => None,
        }
    }

    /// The fault of a call of thread `id` that cannot leave the lock.
    fn not_inside(self, threads: &Threads, id: ThreadId) -> Fault {
        match self.writer(threads) {
            Ok(Some(writer)) if writer == id => Fault::WrongOwnerKind,
            Ok(_) if self.held.any() => Fault::WrongOwnerKind,
            Ok(writer) => Fault::NotOwner(writer),
            Err(fault) => fault,
        }
    }

    /// Counts the read of an owner that has entered to read.
    fn entered(self, owner: Owner, request: Request) {
        if request == Request::Read {
            increment(self.held.of(owner));
        }
    }

    /// Checks the queue after a long wait, in case the cell was written over.
    fn revalidate(self, context: &Context) {
        let mut queue = context.queues.lock(self.raw.key());
        // A fault has already ended all waits.
        self.raw
            .grant_waiters(context.queues.threads(), &mut queue)
            .ok();
    }

    /// Ends all waits if the writer was thread `id`, which died.
    pub(super) fn writer_died(
        cell: SharedWord,
        id: ThreadId,
        threads: &Threads,
        queue: &mut QueueGuard,
    ) {
        if Self::owner_of(cell.load()) == Some(id) {
            // As in `revalidate`.
            RawRwLock { cell }.grant_waiters(threads, queue).ok();
        }
    }

    /// Thread `id`, whose view of the lock this is, has died. If it held reads, all waits end with that fault, and so
    /// do later calls.
    pub fn reader_died(self, queues: &Queues, id: ThreadId) {
        let dead = self.held.all();
        if dead == 0 {
            return;
        }
        let mut queue = queues.lock(self.raw.key());
        loop {
            let word = self.raw.cell.load();
            let reads = match State::of(word) {
                State::Reads(reads) | State::Abandoned(reads) if reads >= dead => reads - dead,
                // The cell was written over: according to the word, the thread held no read.
                _ => return,
            };
            if self
                .raw
                .abandon(&mut queue, word, DeadOwner::Known(id), reads)
            {
                // As in `revalidate`.
                self.raw.grant_waiters(queues.threads(), &mut queue).ok();
                return;
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::primitives::thread_died;
    use crate::queue::HandOff;
    use crate::sync::AtomicU32;
    use crate::threads::{Interrupt, InterruptSource, Runtime};

    struct NeverInterrupts;

    impl Runtime for NeverInterrupts {
        fn interrupt_source(&self) -> InterruptSource {
            InterruptSource::Never
        }

        fn check_interrupts(&self) -> Interrupt {
            Interrupt::Continue
        }
    }

    /// One lock more than the number of deaths that a bucket remembers.
    const LOCKS: usize = 65;
    const ABANDONED: u32 = 3 << 30;

    #[test]
    fn a_lock_whose_dead_owner_was_forgotten_is_abandoned_and_can_be_recovered() {
        let handoff = HandOff {
            overtaken_after: 0,
            otherwise_after: 0,
            min_interval: 0,
        };
        let queues = Queues::new(0, handoff);
        let thread = |number| {
            let id = ThreadId::new(number).unwrap();
            queues.threads().register(id).ok().unwrap()
        };
        let (this, dies) = (thread(1), thread(2));
        let context_of = |thread| Context {
            queues: &queues,
            thread,
            runtime: &NeverInterrupts,
            cancels: &[],
        };
        let words = [const { AtomicU32::new(0) }; LOCKS + 1];
        let counts = [const { AtomicU32::new(0) }; 2];
        // SAFETY: aligned, and alive until the end of this function.
        let [own, by_guards] = [0, 1].map(|index| unsafe { SharedWord::new(&counts[index]) });
        let lock = |index: usize| {
            // SAFETY: as above.
            let cell = unsafe { SharedWord::new(&words[index]) };
            RwLock::new(cell, ReadCounts { own, by_guards })
        };
        let inside = |lock: RwLock| lock.inside(queues.threads(), &queues.lock(lock.raw.key()));
        let context = context_of(&this);
        let dead = dies.id();
        for index in 0..LOCKS {
            let written = lock(index).write(&context_of(&dies), None);
            assert_eq!(written, Ok(()));
        }
        thread_died(&queues, dead);

        let failed = |by| Err(Fault::Abandoned(by));
        assert_eq!(lock(0).write(&context, None), failed(Some(dead)));
        // No death was dropped yet, so such a word means that the cell was written over.
        words[LOCKS].store(ABANDONED, std::sync::atomic::Ordering::Release);
        let corrupt = Fault::Corrupt(ABANDONED);
        assert_eq!(lock(LOCKS).read(&context, None), Err(corrupt.clone()));
        assert_eq!(lock(LOCKS).recover(&context, None), Err(corrupt));

        for index in 1..LOCKS {
            assert_eq!(lock(index).write(&context, None), failed(Some(dead)));
        }
        assert_eq!(lock(0).read(&context, None), failed(None));
        assert_eq!(inside(lock(0)), Ok(Inside::Dead(None)));
        assert_eq!(inside(lock(1)), Ok(Inside::Dead(Some(dead))));
        for index in 0..LOCKS {
            assert_eq!(lock(index).recover(&context, None), Ok(Recovered::Cleared));
            assert_eq!(lock(index).unlock_write(&context), Ok(()));
            assert_eq!(inside(lock(index)), Ok(Inside::Readers(0)));
        }
    }
}
