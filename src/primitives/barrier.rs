//! The Barrier: a fixed number of parties wait for each other, again and again.
//!
//! The word counts the arrivals of the phase that is under way. The last to arrive sets it back to zero and lets go
//! everybody who is queued, under one lock: whoever arrives next belongs to the next phase, and cannot be mistaken
//! for one of this. So one cell serves for ever, with no phase number that could wrap.
//!
//! Where the last to arrive has an action to run first, the word names its thread meanwhile. Whoever arrives then waits
//! before the barrier, until the action is over, and arrives anew. If that thread dies, the barrier breaks.
//!
//! A party that leaves early breaks the barrier for all, as in Java's CyclicBarrier and Python's threading.Barrier, until
//! it is reset.
//!
//! Orderings: the lock of the bucket orders all arrivals of a phase before its end; the waiters' outcomes carry it.

use super::Fault;
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Begun, Context, Key, Kind, Outcome, Party, QueueGuard, Wait, WaitEnd, Waiter, WakeReason,
};
use crate::threads::{Status, ThreadId, Threads};
use std::sync::Arc;
use std::task::Poll;

/// How many have arrived.
const ARRIVALS: u32 = (1 << 24) - 1;
/// Somebody left before the others had come: nobody passes any more.
const BROKEN: u32 = 1 << 30;
/// All have arrived, and the thread that the lower bits name runs the action.
const ACTING: u32 = 1 << 31;

/// What a word says, where it agrees with the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// So many have arrived.
    Arriving(u32),
    /// All have, and this thread runs the action.
    Acting(ThreadId),
}

/// What becomes of the last to arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// It lets the others go.
    Opens,
    /// It runs an action first, and then calls [`Barrier::open`], or [`Barrier::abort`] where that fails.
    Acts,
}

/// The Barrier in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Barrier {
    cell: SharedWord,
    total: u32,
}

impl Barrier {
    /// The largest number of parties.
    pub const MAX_TOTAL: u32 = ARRIVALS;

    /// The barrier in `cell` for `total` parties, from 1 to [`Barrier::MAX_TOTAL`].
    pub fn new(cell: SharedWord, total: u32) -> Self {
        Barrier { cell, total }
    }

    /// Arrives, and waits until all parties have. Returns how many were still missing: `total - 1` for the first to
    /// arrive, 0 for the last. One that leaves early, past `deadline` or interrupted, breaks the barrier.
    pub fn wait(
        self,
        context: &Context,
        last: Last,
        deadline: Option<Deadline>,
    ) -> Result<u32, Fault> {
        self.begin(context, &Party::thread_of(context.thread), last)
            .block(context, deadline)
    }

    /// Begins to wait.
    pub fn begin(self, context: &Context, party: &Party, last: Last) -> Begun<Arriving> {
        let arriving = Arriving {
            barrier: self,
            waiter: Waiter::new(party, self.key()),
            last,
            missing: None,
        };
        Begun::with(arriving, |wait| wait.arrive(context))
    }

    /// Lets the others go after the action, which this thread ran.
    pub fn open(self, context: &Context) -> Result<(), Fault> {
        let mut section = context.queues.lock(self.key());
        match self.examine(context.queues.threads(), &mut section)? {
            Phase::Acting(id) if id == context.id() => {
                self.release_all(&mut section, 0, Outcome::Passed);
                Ok(())
            }
            // It was reset meanwhile, and those who waited have been told.
            Phase::Acting(_) | Phase::Arriving(_) => Err(Fault::Broken),
        }
    }

    /// Breaks it, as the action that this thread runs failed. Does nothing where it was reset meanwhile.
    pub fn fail(self, context: &Context) {
        let mut section = context.queues.lock(self.key());
        Self::actor_died(self.cell, context.id(), &mut section);
    }

    /// Breaks it: everybody who waits and everybody who comes is told, until it is reset.
    pub fn abort(self, context: &Context) {
        let mut section = context.queues.lock(self.key());
        self.release_all(&mut section, BROKEN, Outcome::Broken);
    }

    /// Makes it fresh again. Those who wait are told that it broke.
    pub fn reset(self, context: &Context) {
        let mut section = context.queues.lock(self.key());
        self.release_all(&mut section, 0, Outcome::Broken);
    }

    /// Whether it is broken.
    pub fn is_broken(self) -> bool {
        self.cell.load() == BROKEN
    }

    /// How many have arrived and wait.
    pub fn waiting(self, context: &Context) -> usize {
        context.queues.lock(self.key()).len(self.key())
    }

    /// Breaks the barrier in `cell` if this thread, which has died, was running the action.
    pub(super) fn actor_died(cell: SharedWord, id: ThreadId, section: &mut QueueGuard) {
        if cell.load() == (id.get() | ACTING) {
            Barrier::new(cell, 1).release_all(section, BROKEN, Outcome::Broken);
        }
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Barrier)
    }

    /// Where those wait who arrive while the action runs.
    fn gate(self) -> Key {
        Key::new(self.cell, Kind::BarrierGate)
    }

    /// Ends the phase: sets the word, and tells those who are in it, and those who came too early to be.
    fn release_all(self, section: &mut QueueGuard, word: u32, outcome: Outcome) {
        self.cell.overwrite(word);
        section.settle_all(self.key(), outcome);
        section.settle_all(self.gate(), Outcome::Retry { more: false });
    }

    /// Reads the word. Under the lock of the queue, whose length it has to agree with.
    pub fn phase(self, threads: &Threads, section: &QueueGuard) -> Result<Phase, Fault> {
        let word = self.cell.load();
        if word == BROKEN {
            return Err(Fault::Broken);
        }
        if word as usize == section.len(self.key()) && word < self.total {
            return Ok(Phase::Arriving(word));
        }
        let actor = ThreadId::new(word & !ACTING).filter(|_| word & ACTING != 0);
        match actor.map(|id| (id, threads.status(id))) {
            Some((id, Status::Alive)) => Ok(Phase::Acting(id)),
            Some((_, Status::Dead)) => Err(Fault::Broken),
            Some((_, Status::Unknown)) | None => Err(Fault::Corrupt(word)),
        }
    }

    /// As [`Barrier::phase`]; what is wrong is told to everybody.
    fn examine(self, threads: &Threads, section: &mut QueueGuard) -> Result<Phase, Fault> {
        let phase = self.phase(threads, section);
        match phase {
            Err(Fault::Broken) => self.release_all(section, BROKEN, Outcome::Broken),
            Err(Fault::Corrupt(word)) => {
                section.settle_all(self.key(), Outcome::Corrupt(word));
                section.settle_all(self.gate(), Outcome::Corrupt(word));
            }
            // Nobody waits for the end of an action that nobody runs, but where the cell was written over.
            Ok(Phase::Arriving(_)) => {
                section.settle_all(self.gate(), Outcome::Retry { more: false });
            }
            Ok(Phase::Acting(_)) | Err(_) => {}
        }
        phase
    }
}

/// A wait at a Barrier.
pub struct Arriving {
    barrier: Barrier,
    waiter: Arc<Waiter>,
    last: Last,
    /// How many were missing when it arrived; none where it waits before the barrier.
    missing: Option<u32>,
}

impl Arriving {
    fn arrive(&mut self, context: &Context) -> Poll<Result<u32, Fault>> {
        let threads = context.queues.threads();
        let mut section = context.queues.lock(self.barrier.key());
        loop {
            let arrived = match self.barrier.examine(threads, &mut section) {
                Ok(Phase::Arriving(arrived)) => arrived,
                // The action would wait for its own end, and a thread that blocks for the end of an asynchronous one.
                Ok(Phase::Acting(id))
                    if id == context.id() && !self.waiter.party().is_promise() =>
                {
                    return Poll::Ready(Err(Fault::Recursive));
                }
                Ok(Phase::Acting(_)) => {
                    self.missing = None;
                    self.queue_up(&mut section, self.barrier.gate());
                    return Poll::Pending;
                }
                Err(fault) => return Poll::Ready(Err(fault)),
            };
            let missing = self.barrier.total - arrived - 1;
            let word = match (missing, self.last) {
                (0, Last::Opens) => 0,
                (0, Last::Acts) => context.id().get() | ACTING,
                _ => arrived + 1,
            };
            if !self.barrier.cell.replace(arrived, word) {
                continue;
            }
            if missing > 0 {
                self.missing = Some(missing);
                self.queue_up(&mut section, self.barrier.key());
                return Poll::Pending;
            }
            if word == 0 {
                section.settle_all(self.barrier.key(), Outcome::Passed);
            }
            return Poll::Ready(Ok(0));
        }
    }

    /// Stands in one of the two queues.
    fn queue_up(&mut self, section: &mut QueueGuard, key: Key) {
        if self.waiter.key() != key {
            self.waiter = Waiter::new(self.waiter.party(), key);
        }
        section.push_back(&self.waiter);
    }

    /// Leaves early: true where it was still queued, and the barrier breaks for all if it had arrived.
    fn leave(&self, context: &Context) -> bool {
        let mut section = context.queues.lock(self.barrier.key());
        let left = section.remove(&self.waiter);
        if left && self.missing.is_some() {
            self.barrier
                .release_all(&mut section, BROKEN, Outcome::Broken);
        }
        left
    }
}

impl Wait for Arriving {
    type Output = Result<u32, Fault>;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn resume(&mut self, context: &Context, reason: WakeReason) -> Poll<Self::Output> {
        Poll::Ready(match reason.ended(&self.waiter, || self.leave(context)) {
            WaitEnd::Told(outcome) => match (outcome, self.missing) {
                (Some(Outcome::Passed), Some(missing)) => Ok(missing),
                (Some(Outcome::Retry { .. }), None) => return self.arrive(context),
                (Some(Outcome::Broken), _) => Err(Fault::Broken),
                (Some(Outcome::Corrupt(word)), _) => Err(Fault::Corrupt(word)),
                _ => Err(Fault::Corrupt(self.barrier.cell.load())),
            },
            WaitEnd::TimedOut => Err(Fault::TimedOut),
            WaitEnd::Interrupted | WaitEnd::Deadlock(_) => {
                let complete = !self.leave(context)
                    && self.waiter.party().is_promise()
                    && self.waiter.outcome() == Some(Outcome::Passed);
                // The others have gone on: too late to break the barrier for them.
                self.missing.filter(|_| complete).ok_or(Fault::Interrupted)
            }
        })
    }

    fn revalidate(&self, context: &Context) {
        // A fault was told to everybody who waits.
        self.barrier
            .examine(
                context.queues.threads(),
                &mut context.queues.lock(self.barrier.key()),
            )
            .ok();
    }
}
