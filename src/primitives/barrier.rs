//! The Barrier: a fixed number of parties wait for each other, in phase after phase.
//!
//! The word counts the arrivals of the current phase. The last party to arrive sets it back to zero and releases all
//! queued parties, under one lock. The next party to arrive belongs to the next phase and cannot be mistaken for a
//! party of this one. So one cell is reusable for ever, without a phase number that could wrap.
//!
//! If the last party to arrive has an action to run first, the word names its thread while the action runs. A party
//! that arrives meanwhile waits at the gate until the action is over, and then arrives anew. If the thread that runs
//! the action dies, the barrier breaks.
//!
//! A party that leaves early breaks the barrier for all parties until it is reset, as in Java's CyclicBarrier and
//! Python's threading.Barrier.
//!
//! Orderings: each arrival and the end of its phase hold the lock of the bucket, so the end of the phase sees what
//! each party wrote before it arrived. A waiter acquires its outcome, which the end of the phase released.

use super::wait::{Step, fault_of};
use super::{Fault, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{Aim, Context, Key, Kind, Outcome, QueueGuard, Requester, Waiter};
use crate::threads::{Status, ThreadId, Threads};
use std::sync::Arc;
use std::task::Poll;

// The word, bit by bit:
//
// | bit   | name     | meaning                                              |
// | ----- | -------- | ---------------------------------------------------- |
// | 0-23  | ARRIVALS | arrivals in this phase                               |
// | 30    | BROKEN   | broken; no other bit is set                          |
// | 31    | ACTING   | all arrived; bits 0-28 name the thread of the action |

/// The number of arrivals.
const ARRIVALS: u32 = (1 << 24) - 1;
/// A party left before all had arrived. No party passes until the barrier is reset.
const BROKEN: u32 = 1 << 30;
/// All parties have arrived, and the thread named by bits 0 to 28 runs the action.
const ACTING: u32 = 1 << 31;

/// Whether thread `id` runs the action.
fn is_run_by(word: u32, id: ThreadId) -> bool {
    word == id.get() | ACTING
}

/// The thread that runs the action, if the word names one.
fn actor_of(word: u32) -> Option<ThreadId> {
    if word & ACTING == 0 {
        return None;
    }
    ThreadId::new(word & !ACTING)
}

/// What a word says, if it agrees with the queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// This many parties have arrived.
    Arriving(u32),
    /// All parties have arrived, and this thread runs the action.
    Acting(ThreadId),
}

/// What the last party to arrive does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastArrival {
    /// Releases the others.
    Opens,
    /// Runs an action first, and then calls [`Barrier::open`], or [`Barrier::fail`] if the action failed.
    RunsAction,
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

    /// Arrives, and waits until all parties have arrived. Returns how many were still missing: `total - 1` for the
    /// first party to arrive, 0 for the last. A party that leaves early, because `deadline` passed, a cancel was aborted or
    /// its thread was interrupted, breaks the barrier.
    pub fn wait(
        self,
        context: &Context,
        last: LastArrival,
        deadline: Option<Deadline>,
    ) -> Result<u32, Fault> {
        Arriving::new(self, &Requester::thread_of(context.thread), last).block(context, deadline)
    }

    /// Releases the other parties after the action, which this thread ran.
    pub fn open(self, context: &Context) -> Result<(), Fault> {
        let mut queue = context.queues.lock(self.key());
        match self.examine(context.queues.threads(), &mut queue)? {
            Phase::Acting(id) if id == context.id() => {
                self.release_all(&mut queue, 0, Outcome::Passed);
                Ok(())
            }
            // The barrier was reset meanwhile, and the parties that waited were released as broken.
            Phase::Acting(_) | Phase::Arriving(_) => Err(Fault::Broken),
        }
    }

    /// Breaks the barrier, because the action that this thread runs failed. Does nothing if the barrier was reset
    /// meanwhile.
    pub fn fail(self, context: &Context) {
        let mut queue = context.queues.lock(self.key());
        Self::actor_died(self.cell, context.id(), &mut queue);
    }

    /// Breaks the barrier: all waiting parties and all that arrive later fail, until it is reset.
    pub fn abort(self, context: &Context) {
        let mut queue = context.queues.lock(self.key());
        self.release_all(&mut queue, BROKEN, Outcome::Broken);
    }

    /// Makes the barrier fresh again. The parties that wait fail as if it had broken.
    pub fn reset(self, context: &Context) {
        let mut queue = context.queues.lock(self.key());
        self.release_all(&mut queue, 0, Outcome::Broken);
    }

    /// Whether the barrier is broken.
    pub fn is_broken(self) -> bool {
        self.cell.load() == BROKEN
    }

    /// The number of parties that have arrived and wait.
    pub fn waiting(self, context: &Context) -> usize {
        context.queues.lock(self.key()).len(self.key())
    }

    /// Breaks the barrier in `cell` if this thread, which has died, was running the action.
    pub(super) fn actor_died(cell: SharedWord, id: ThreadId, queue: &mut QueueGuard) {
        if is_run_by(cell.load(), id) {
            Barrier::new(cell, 1).release_all(queue, BROKEN, Outcome::Broken);
        }
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Barrier)
    }

    /// The queue of the parties that arrive while the action runs.
    fn gate(self) -> Key {
        Key::new(self.cell, Kind::BarrierGate)
    }

    /// Ends the phase: writes the word and completes the waits of its parties with `outcome`. The parties at the
    /// gate, which came too early for the next phase, arrive anew.
    fn release_all(self, queue: &mut QueueGuard, word: u32, outcome: Outcome) {
        self.cell.overwrite(word);
        queue.complete_all(self.key(), outcome);
        queue.complete_all(self.gate(), Outcome::Arrive);
    }

    /// Reads the word. The caller holds the lock of the queue, with whose length the word has to agree.
    pub fn phase(self, threads: &Threads, queue: &QueueGuard) -> Result<Phase, Fault> {
        let word = self.cell.load();
        if word == BROKEN {
            return Err(Fault::Broken);
        }
        if word as usize == queue.len(self.key()) && word < self.total {
            return Ok(Phase::Arriving(word));
        }
        match actor_of(word).map(|id| (id, threads.status(id))) {
            Some((id, Status::Alive)) => Ok(Phase::Acting(id)),
            Some((_, Status::Dead)) => Err(Fault::Broken),
            Some((_, Status::Unknown)) | None => Err(Fault::Corrupt(word)),
        }
    }

    /// As [`Barrier::phase`]. A fault also ends the waits of all queued parties.
    fn examine(self, threads: &Threads, queue: &mut QueueGuard) -> Result<Phase, Fault> {
        let phase = self.phase(threads, queue);
        match phase {
            Err(Fault::Broken) => self.release_all(queue, BROKEN, Outcome::Broken),
            Err(Fault::Corrupt(word)) => {
                queue.complete_all(self.key(), Outcome::Corrupt(word));
                queue.complete_all(self.gate(), Outcome::Corrupt(word));
            }
            // No action runs, so no party should stand at the gate. Some do only if the cell was written over.
            Ok(Phase::Arriving(_)) => {
                queue.complete_all(self.gate(), Outcome::Arrive);
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
    last: LastArrival,
    /// How many parties were missing at its arrival. None while it waits at the gate.
    missing: Option<u32>,
}

impl Arriving {
    /// A wait of `requester` at `barrier`. `last` says what it does if it is the last to arrive.
    pub fn new(barrier: Barrier, requester: &Requester, last: LastArrival) -> Self {
        Arriving {
            barrier,
            waiter: Waiter::new(requester, barrier.key(), Aim::default()),
            last,
            missing: None,
        }
    }

    fn arrive(&mut self, context: &Context) -> Step<u32> {
        let threads = context.queues.threads();
        let mut queue = context.queues.lock(self.barrier.key());
        loop {
            let arrived = match self.barrier.examine(threads, &mut queue) {
                Ok(Phase::Arriving(arrived)) => arrived,
                // The action would wait for its own end, or a blocking thread for the end of an asynchronous action
                // of its own.
                Ok(Phase::Acting(id))
                    if id == context.id() && !self.waiter.requester().is_promise() =>
                {
                    return Poll::Ready(Err(Fault::Recursive));
                }
                Ok(Phase::Acting(_)) => {
                    self.missing = None;
                    self.queue_up(&mut queue, self.barrier.gate());
                    return Poll::Pending;
                }
                Err(fault) => return Poll::Ready(Err(fault)),
            };
            let missing = self.barrier.total - arrived - 1;
            let word = match (missing, self.last) {
                (0, LastArrival::Opens) => 0,
                (0, LastArrival::RunsAction) => context.id().get() | ACTING,
                _ => arrived + 1,
            };
            if !self.barrier.cell.replace(arrived, word) {
                continue;
            }
            if missing > 0 {
                self.missing = Some(missing);
                self.queue_up(&mut queue, self.barrier.key());
                return Poll::Pending;
            }
            if word == 0 {
                queue.complete_all(self.barrier.key(), Outcome::Passed);
            }
            return Poll::Ready(Ok(0));
        }
    }

    /// Enters one of the two queues.
    fn queue_up(&mut self, queue: &mut QueueGuard, key: Key) {
        if self.waiter.key() != key {
            self.waiter = Waiter::new(self.waiter.requester(), key, Aim::default());
        }
        queue.push_back(&self.waiter);
    }
}

impl Wait for Arriving {
    type Output = u32;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn start(&mut self, context: &Context) -> Step<u32> {
        self.arrive(context)
    }

    fn completed(&mut self, context: &Context, outcome: Outcome) -> Step<u32> {
        match (outcome, self.missing) {
            (Outcome::Passed, Some(missing)) => Poll::Ready(Ok(missing)),
            (Outcome::Arrive, None) => self.arrive(context),
            (outcome, _) => Poll::Ready(Err(fault_of(&self.waiter, outcome))),
        }
    }

    fn update(&self, context: &Context, queue: &mut QueueGuard) {
        // A fault has already ended all waits.
        self.barrier.examine(context.queues.threads(), queue).ok();
    }

    /// The barrier breaks for all if this party had arrived.
    fn left(&self, _context: &Context, queue: &mut QueueGuard) {
        if self.missing.is_some() {
            self.barrier.release_all(queue, BROKEN, Outcome::Broken);
        }
    }

    /// At the gate, too, the barrier breaks for all: this party will not arrive.
    fn cancelled(&self, context: &Context) {
        if self.missing.is_none() {
            self.barrier.abort(context);
        }
    }

    /// The barrier breaks for all: this party will not arrive.
    fn never_began(&self, context: &Context) {
        self.barrier.abort(context);
    }

    fn interrupted(&mut self, context: &Context) -> Result<u32, Fault> {
        let left = self.dequeue(context);
        if left {
            self.cancelled(context);
        }
        let passed = !left
            && self.waiter.requester().is_promise()
            && self.waiter.outcome() == Some(Outcome::Passed);
        // The other parties have passed: too late to break the barrier for them.
        self.missing.filter(|_| passed).ok_or(Fault::Interrupted)
    }
}
