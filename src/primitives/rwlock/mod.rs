//! The RwLock: many readers or one writer.
//!
//! Those who wait are let in by whoever leaves, under the lock of the queue, in the order in which they came: a writer
//! when the last reader leaves, and all readers up to the next writer at once. A reader who comes while a writer is queued
//! waits behind it, so writers are not starved; a writer who comes again waits behind the readers, so they are not
//! either. That a thread which reads would wait for a writer that waits for it is told at once.
//!
//! The waiters bit says that somebody is queued. It changes only under the lock of the queue. While it is clear, reading
//! and writing begin and end with single instructions, and while it is set nobody changes the word without the lock. A
//! promise whose thread is blocked does not count: it is passed, and what it was let in to before is taken back, until its
//! thread goes on and sees to the queue.
//!
//! The word names the writer, but only counts the reads. Each thread counts its own, in memory that only it touches:
//! so its death can be told, and a read that it does not hold not be given back. A lock that somebody died inside lets
//! nobody in but those who recover it, one at a time, once the living readers have left. Who died is noted beside the
//! queue.
//!
//! Orderings: every change of the word is a read-modify-write that acquires and releases. Entering acquires what every
//! leaving before it released; where somebody is let in by another, the waiter's outcome carries it.

mod entering;
mod gate;

pub use entering::Entering;

use super::{Fault, Recovered, WaitResult, block_in};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{Begun, Context, DeadOwner, Party, QueueGuard, Queues, Waiter, spin_until};
use crate::threads::{Status, ThreadId, Threads};
use gate::{Admission, GUARD, Gate, State, WAITERS, WRITER, claim_of};

/// What somebody asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request {
    /// To read, with others.
    Read,
    /// To write, alone.
    Write,
    /// To write, alone, also after somebody has died inside.
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

/// Who is inside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// So many reads are held, or none.
    Readers(u32),
    /// A living thread writes.
    Writer(ThreadId),
    /// This thread died inside; none where it is known only that some thread did.
    Dead(Option<ThreadId>),
}

/// How many reads the calling thread holds: two counts that no other thread touches, in whatever memory JavaScript can
/// count in too.
#[derive(Clone, Copy, Debug)]
pub struct Held {
    /// By itself.
    pub own: SharedWord,
    /// By guards: what promises to read were fulfilled with.
    pub by_guards: SharedWord,
}

impl Held {
    fn of(self, party: &Party) -> SharedWord {
        if party.is_promise() {
            self.by_guards
        } else {
            self.own
        }
    }

    fn all(self) -> u32 {
        self.own.load().saturating_add(self.by_guards.load())
    }

    /// Whether there are any.
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
    gate: Gate,
    held: Held,
}

impl RwLock {
    /// The word of one that nobody is inside.
    pub const FREE: u32 = 0;
    /// The largest number of reads, and the mask of the writer's number.
    pub const NUMBER: u32 = gate::NUMBER;
    /// The bit of the word that says that somebody is queued.
    pub const WAITERS: u32 = WAITERS;
    /// The bit of the word that says that a thread writes.
    pub const WRITER: u32 = WRITER;
    /// The bit of the word that says that a guard of a thread's writes.
    pub const GUARD: u32 = GUARD;

    /// The lock in `cell`, of which the calling thread holds so many reads.
    pub fn new(cell: SharedWord, held: Held) -> Self {
        let gate = Gate { cell };
        RwLock { gate, held }
    }

    /// Forgets the reads that this thread has counted, where the word counts fewer: the cell was written over. While the
    /// thread reads, no other can end its reads, so the word counts at least as many. True where there were any.
    pub fn forget_lost_reads(self) -> bool {
        let lost = !self.counts_held_reads(self.gate.cell.load());
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

    /// What JavaScript tries before it calls in.
    #[inline]
    pub fn try_read_fast(self) -> bool {
        let free = self.gate.try_read_fast();
        if free {
            increment(self.held.own);
        }
        free
    }

    /// What JavaScript tries before it calls in.
    #[inline]
    pub fn try_write_fast(self, id: ThreadId) -> bool {
        self.gate.cell.replace(Self::FREE, id.get() | WRITER)
    }

    /// What JavaScript tries before it calls in.
    #[inline]
    pub fn unlock_read_fast(self) -> bool {
        let unlocked = self.held.own.load() > 0 && self.gate.unlock_read_fast();
        if unlocked {
            decrement(self.held.own);
        }
        unlocked
    }

    /// What JavaScript tries before it calls in.
    #[inline]
    pub fn unlock_write_fast(self, id: ThreadId) -> bool {
        self.gate.cell.replace(id.get() | WRITER, Self::FREE)
    }

    /// Begins to read, waiting until `deadline` or without limit.
    pub fn read(self, context: &Context, deadline: Option<Deadline>) -> Result<WaitResult, Fault> {
        // Once somebody is queued, only those at the front are let in.
        let is_queue = || self.gate.cell.load() & WAITERS != 0;
        let mut free = false;
        spin_until(|| {
            free = self.try_read_fast();
            free || is_queue()
        });
        if free {
            return Ok(WaitResult::Acquired);
        }
        self.enter(context, Request::Read, deadline).map(locked)
    }

    /// Begins to write, waiting until `deadline` or without limit.
    pub fn write(self, context: &Context, deadline: Option<Deadline>) -> Result<WaitResult, Fault> {
        if self.try_write_fast(context.id()) {
            return Ok(WaitResult::Acquired);
        }
        self.enter(context, Request::Write, deadline).map(locked)
    }

    /// Begins to write, waiting until `deadline` or without limit, also after somebody has died inside.
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
        block_in(context, deadline, || {
            self.begin(context, &Party::thread_of(context.thread), request)
        })
    }

    /// Begins to wait.
    pub fn begin(self, context: &Context, party: &Party, request: Request) -> Begun<Entering> {
        let entering = Entering::new(self, party, request);
        Begun::with(entering, |wait| wait.start(context))
    }

    /// Enters if that takes no waiting, neither for those inside nor for those who are queued.
    pub fn try_enter(self, context: &Context, request: Request) -> Result<WaitResult, Fault> {
        self.try_enter_as(context, &Party::thread_of(context.thread), request)
    }

    /// Lets a guard of the calling thread enter, if that takes no waiting.
    pub fn try_enter_guard(self, context: &Context, request: Request) -> Result<WaitResult, Fault> {
        self.try_enter_as(context, &Party::guard_of(context.thread), request)
    }

    fn try_enter_as(
        self,
        context: &Context,
        party: &Party,
        request: Request,
    ) -> Result<WaitResult, Fault> {
        let threads = context.queues.threads();
        let mut section = context.queues.lock(self.gate.key());
        let admitted = self
            .gate
            .admit(threads, &mut section, party, request, self.held);
        match admitted {
            Ok(Admission::Entered(_)) => {
                self.entered(party, request);
                Ok(WaitResult::Acquired)
            }
            Ok(Admission::Refused(_)) | Err(Fault::Recursive) => Ok(WaitResult::TimedOut),
            Err(fault) => Err(fault),
        }
    }

    /// Whether a guard of this thread writes.
    pub fn is_written_by_guard(self, id: ThreadId) -> bool {
        self.gate.cell.load() & !WAITERS == id.get() | GUARD
    }

    /// Ends a read of this thread's.
    pub fn unlock_read(self, context: &Context) -> Result<(), Fault> {
        self.unlock_read_of(context, self.held.own)
    }

    /// Ends a read that a guard of this thread's holds.
    pub fn unlock_read_guard(self, context: &Context) -> Result<(), Fault> {
        self.unlock_read_of(context, self.held.by_guards)
    }

    fn unlock_read_of(self, context: &Context, count: SharedWord) -> Result<(), Fault> {
        let threads = context.queues.threads();
        if count.load() == 0 {
            self.revalidate(context);
            return Err(self.not_inside(threads, context.id()));
        }
        if self.counts_held_reads(self.gate.cell.load()) && self.gate.unlock_read_fast() {
            decrement(count);
            return Ok(());
        }
        let mut section = context.queues.lock(self.gate.key());
        loop {
            let word = self.gate.cell.load();
            match State::of(word) {
                State::Reads(1..) | State::Abandoned(1..) if self.counts_held_reads(word) => {
                    if self.gate.cell.replace(word, word - 1) {
                        decrement(count);
                        // A fault was told to everybody who waits; this read is over all the same.
                        self.gate.grant_waiters(threads, &mut section).ok();
                        return Ok(());
                    }
                }
                _ => {
                    // Written over: by this word the thread does not hold these reads.
                    self.held.own.overwrite(0);
                    self.held.by_guards.overwrite(0);
                    return Err(self.gate.corrupt(&mut section, word));
                }
            }
        }
    }

    /// Ends this thread's write.
    pub fn unlock_write(self, context: &Context) -> Result<(), Fault> {
        self.leave(context, context.id().get() | WRITER, Self::FREE)
    }

    /// Ends the write of a guard of this thread's.
    pub fn unlock_write_guard(self, context: &Context) -> Result<(), Fault> {
        self.leave(context, context.id().get() | GUARD, Self::FREE)
    }

    /// Goes on as a reader, with nobody else writing in between.
    pub fn downgrade(self, context: &Context) -> Result<(), Fault> {
        self.leave(context, context.id().get() | WRITER, 1)?;
        increment(self.held.own);
        Ok(())
    }

    /// Has a guard of this thread's go on as one that reads.
    pub fn downgrade_guard(self, context: &Context) -> Result<(), Fault> {
        self.leave(context, context.id().get() | GUARD, 1)?;
        increment(self.held.by_guards);
        Ok(())
    }

    /// Ends a write, with so many reads left instead.
    fn leave(self, context: &Context, claim: u32, reads: u32) -> Result<(), Fault> {
        if self.gate.cell.replace(claim, reads) {
            return Ok(());
        }
        let threads = context.queues.threads();
        let mut section = context.queues.lock(self.gate.key());
        loop {
            let word = self.gate.cell.load();
            if word & !WAITERS != claim {
                // A cell that was written over may have stranded those who wait: see to them all the same.
                self.gate.grant_waiters(threads, &mut section)?;
                return Err(self.not_inside(threads, context.id()));
            }
            if self.gate.cell.replace(word, reads | (word & WAITERS)) {
                return self.gate.grant_waiters(threads, &mut section);
            }
        }
    }

    /// Who writes, or died writing before anybody noticed.
    pub fn writer(self, threads: &Threads) -> Result<Option<ThreadId>, Fault> {
        let word = self.gate.cell.load();
        match State::of(word) {
            State::Written(writer) if threads.status(writer) != Status::Unknown => Ok(Some(writer)),
            State::Written(_) | State::Corrupt => Err(Fault::Corrupt(word)),
            State::Reads(_) | State::Abandoned(_) => Ok(None),
        }
    }

    /// Who is inside, also where nobody has asked since somebody died there.
    pub fn inside(self, threads: &Threads, section: &QueueGuard) -> Result<Inside, Fault> {
        let word = self.gate.cell.load();
        match State::of(word) {
            State::Reads(reads) => Ok(Inside::Readers(reads)),
            State::Written(writer) => match threads.status(writer) {
                Status::Alive => Ok(Inside::Writer(writer)),
                Status::Dead => Ok(Inside::Dead(Some(writer))),
                Status::Unknown => Err(Fault::Corrupt(word)),
            },
            State::Abandoned(_) => self
                .gate
                .dead(section)
                .map(|dead| Inside::Dead(dead.thread()))
                .ok_or(Fault::Corrupt(word)),
            State::Corrupt => Err(Fault::Corrupt(word)),
        }
    }

    /// How many reads are held.
    pub fn readers(self) -> Result<u32, Fault> {
        let word = self.gate.cell.load();
        match State::of(word) {
            State::Reads(reads) | State::Abandoned(reads) => Ok(reads),
            State::Written(_) => Ok(0),
            State::Corrupt => Err(Fault::Corrupt(word)),
        }
    }

    /// The writer that a word names.
    fn owner_of(word: u32) -> Option<ThreadId> {
        match State::of(word) {
            State::Written(writer) => Some(writer),
            _ => None,
        }
    }

    /// Why thread `id` cannot leave.
    fn not_inside(self, threads: &Threads, id: ThreadId) -> Fault {
        match self.writer(threads) {
            Ok(Some(writer)) if writer == id => Fault::WrongOwnerKind,
            Ok(_) if self.held.any() => Fault::WrongOwnerKind,
            Ok(writer) => Fault::NotOwner(writer),
            Err(fault) => fault,
        }
    }

    /// This party has entered.
    fn entered(self, party: &Party, request: Request) {
        if request == Request::Read {
            increment(self.held.of(party));
        }
    }

    /// Sees to the queue after a long wait, should somebody have written over the cell.
    fn revalidate(self, context: &Context) {
        let mut section = context.queues.lock(self.gate.key());
        // A fault was told to everybody who waits.
        self.gate
            .grant_waiters(context.queues.threads(), &mut section)
            .ok();
    }

    /// Tells everybody who waits that the writer died, if it was this thread.
    pub(super) fn writer_died(
        cell: SharedWord,
        id: ThreadId,
        threads: &Threads,
        section: &mut QueueGuard,
    ) {
        if Self::owner_of(cell.load()) == Some(id) {
            // As above.
            Gate { cell }.grant_waiters(threads, section).ok();
        }
    }

    /// The thread `id`, whose view of the lock this is, has died: where it held reads, everybody who waits is told, and
    /// everybody who comes.
    pub fn reader_died(self, queues: &Queues, id: ThreadId) {
        let dead = self.held.all();
        if dead == 0 {
            return;
        }
        let mut section = queues.lock(self.gate.key());
        loop {
            let word = self.gate.cell.load();
            let reads = match State::of(word) {
                State::Reads(reads) | State::Abandoned(reads) if reads >= dead => reads - dead,
                // Written over: by this word it held no read.
                _ => return,
            };
            if self
                .gate
                .abandon(&mut section, word, DeadOwner::Known(id), reads)
            {
                // As above.
                self.gate.grant_waiters(queues.threads(), &mut section).ok();
                return;
            }
        }
    }
}

fn locked(entered: Recovered) -> WaitResult {
    match entered {
        Recovered::TimedOut => WaitResult::TimedOut,
        Recovered::Acquired | Recovered::Cleared => WaitResult::Acquired,
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::primitives::thread_died;
    use crate::queue::HandOff;
    use crate::sync::AtomicU32;
    use crate::threads::{Interrupt, InterruptSource, Runtime};

    struct Quiet;

    impl Runtime for Quiet {
        fn attention(&self) -> InterruptSource {
            InterruptSource::Never
        }

        fn check_interrupts(&self) -> Interrupt {
            Interrupt::Continue
        }
    }

    /// One more lock than a bucket remembers deaths.
    const LOCKS: usize = 65;
    const ABANDONED: u32 = 3 << 30;

    #[test]
    fn a_lock_whose_dead_owner_was_forgotten_is_abandoned_and_can_be_recovered() {
        let handoff = HandOff {
            after: 0,
            at_last: 0,
            every: 0,
        };
        let queues = Queues::new(0, handoff);
        let thread = |number| {
            let id = ThreadId::new(number).unwrap();
            queues.threads().register(id).ok().unwrap()
        };
        let (this, dies) = (thread(1), thread(2));
        let caller_of = |thread| Context {
            queues: &queues,
            thread,
            runtime: &Quiet,
        };
        let words = [const { AtomicU32::new(0) }; LOCKS + 1];
        let counts = [const { AtomicU32::new(0) }; 2];
        // SAFETY: aligned, and alive until the end of this function.
        let [own, by_guards] = [0, 1].map(|index| unsafe { SharedWord::new(&counts[index]) });
        let lock = |index: usize| {
            // SAFETY: as above.
            let cell = unsafe { SharedWord::new(&words[index]) };
            RwLock::new(cell, Held { own, by_guards })
        };
        let inside = |lock: RwLock| lock.inside(queues.threads(), &queues.lock(lock.gate.key()));
        let context = caller_of(&this);
        let dead = dies.id();
        for index in 0..LOCKS {
            let written = lock(index).write(&caller_of(&dies), None);
            assert_eq!(written, Ok(WaitResult::Acquired));
        }
        thread_died(&queues, dead);

        let told = |by| Err(Fault::Abandoned(by));
        assert_eq!(lock(0).write(&context, None), told(Some(dead)));
        // No death was forgotten yet: such a word was written over.
        words[LOCKS].store(ABANDONED, std::sync::atomic::Ordering::Release);
        let corrupt = Fault::Corrupt(ABANDONED);
        assert_eq!(lock(LOCKS).read(&context, None), Err(corrupt.clone()));
        assert_eq!(lock(LOCKS).recover(&context, None), Err(corrupt));

        for index in 1..LOCKS {
            assert_eq!(lock(index).write(&context, None), told(Some(dead)));
        }
        assert_eq!(lock(0).read(&context, None), told(None));
        assert_eq!(inside(lock(0)), Ok(Inside::Dead(None)));
        assert_eq!(inside(lock(1)), Ok(Inside::Dead(Some(dead))));
        for index in 0..LOCKS {
            assert_eq!(lock(index).recover(&context, None), Ok(Recovered::Cleared));
            assert_eq!(lock(index).unlock_write(&context), Ok(()));
            assert_eq!(inside(lock(index)), Ok(Inside::Readers(0)));
        }
    }
}
