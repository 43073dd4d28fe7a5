//! The Once: one thread runs a function, and the others wait until it is done.
//!
//! The word names the runner. So if the function fails or the runner dies, the next thread that asks to run it becomes
//! the runner: the waiter that has waited longest is handed that role. Waiters that only want to know when it is done
//! stay in the queue.
//!
//! Orderings: the runner claims and ends by a read-modify-write that acquires and releases. So a thread that finds the
//! word done acquires from it what the runner wrote, and a runner acquires what a runner that failed before it wrote. A
//! waiter that slept acquires it from its outcome, which the runner released.
//!
//! The waiters bit is set under the lock of the queue before a waiter sleeps. Whether the runner is alive is checked
//! under the same lock. A runner that dies later sweeps the queues, and finds each waiter that entered before.

use super::wait::{Step, corrupt, fault_of};
use super::{Fault, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{Aim, Context, Key, Kind, Outcome, Owner, QueueGuard, Requester, Waiter};
use crate::threads::{Interrupt, Status, ThreadId, Threads};
use std::sync::Arc;
use std::task::Poll;

// The word, bit by bit:
//
// | bits | name    | meaning                                   |
// | ---- | ------- | ----------------------------------------- |
// | 0-28 | RUNNER  | the id of the runner, or 0 for none       |
// | 29   | GUARD   | a task of that thread runs it, by promise |
// | 30   | WAITERS | waiters are queued                        |
// | 31   | DONE    | the function has run; stands alone        |

/// The function has not run, no thread runs it, and no waiter is queued.
const FRESH: u32 = 0;
/// The runner's thread id: its worker's `threadId + 1`.
const RUNNER: u32 = ThreadId::MAX;
/// The runner is a promise, and not the thread as such.
const GUARD: u32 = 1 << 29;
/// Waiters are queued.
const WAITERS: u32 = 1 << 30;
/// The function has run.
const DONE: u32 = 1 << 31;

/// The request of a waiter that only waits.
const WATCH: u32 = 0;
/// The request of a waiter that wants to run the function.
const RUN: u32 = 1;

/// The word without the waiters bit.
fn without_waiters(word: u32) -> u32 {
    word & !WAITERS
}

/// The word with the waiters bit set or cleared.
fn with_waiters_bit(word: u32, is_set: bool) -> u32 {
    if is_set {
        word | WAITERS
    } else {
        without_waiters(word)
    }
}

/// The word while `owner` runs the function and no waiter is queued.
fn claim_of(owner: Owner) -> u32 {
    owner.id().get() | if owner.is_guard() { GUARD } else { 0 }
}

/// What a word says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// The function has not run, and no thread runs it.
    Fresh,
    /// This thread runs it.
    Running(ThreadId),
    /// It has run.
    Done,
    /// Nothing that a Once writes.
    Corrupt,
}

impl State {
    fn of(word: u32) -> Self {
        let claim = without_waiters(word);
        match ThreadId::new(claim & RUNNER) {
            _ if word == DONE => State::Done,
            None if claim == FRESH => State::Fresh,
            Some(runner) if claim & DONE == 0 => State::Running(runner),
            _ => State::Corrupt,
        }
    }
}

/// How an attempt to begin ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Began {
    /// The caller is the runner. It must call [`Once::finish`] or [`Once::fail`].
    Runner,
    /// The function has run.
    Done,
}

/// Who runs the function, for a caller that only inspects it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// It has not run. No living thread runs it.
    Fresh,
    /// This thread runs it.
    Running(ThreadId),
    /// It has run.
    Done,
}

/// The Once in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Once {
    cell: SharedWord,
}

impl Once {
    /// The word before the first run.
    pub const FRESH: u32 = FRESH;
    /// The word after the run.
    pub const DONE: u32 = DONE;

    /// The once in `cell`.
    pub fn new(cell: SharedWord) -> Self {
        Once { cell }
    }

    /// What JavaScript tries before it calls native code: makes the thread the runner if no thread was.
    #[inline]
    pub fn try_begin_fast(self, id: ThreadId) -> bool {
        self.cell.replace(FRESH, id.get())
    }

    /// What JavaScript tries before it calls native code: ends the run while there are no waiters.
    #[inline]
    pub fn finish_fast(self, id: ThreadId) -> bool {
        self.cell.replace(id.get(), DONE)
    }

    /// Becomes the runner, or waits until the function has run, until `deadline` or without limit.
    pub fn begin(self, context: &Context, deadline: Option<Deadline>) -> Result<Began, Fault> {
        if self.is_done() {
            return Ok(Began::Done);
        }
        let began =
            Preparing::run(self, &Requester::thread_of(context.thread)).block(context, deadline)?;
        // A thread that is being terminated cannot run anything. Its death would pass the role on, too, but later.
        if began == Began::Runner
            && context.thread.check_interrupts(context.runtime) == Interrupt::Stop
        {
            // Fails only if the cell was written over.
            self.fail(context, context.owner()).ok();
            return Err(Fault::Interrupted);
        }
        Ok(began)
    }

    /// Becomes the runner for `owner` if that does not need to wait.
    pub fn try_begin(self, context: &Context, owner: Owner) -> Result<Began, Fault> {
        let mut queue = context.queues.lock(self.key());
        let threads = context.queues.threads();
        self.advance(threads, &mut queue, Some(owner))?
            .ok_or(Fault::TimedOut)
    }

    /// Waits until the function has run, until `deadline` or without limit.
    pub fn wait(self, context: &Context, deadline: Option<Deadline>) -> Result<(), Fault> {
        if self.is_done() {
            return Ok(());
        }
        Preparing::watch(self, &Requester::thread_of(context.thread))
            .block(context, deadline)
            .map(drop)
    }

    /// Whether the function has run. Returns `TimedOut` if it has not.
    pub fn try_wait(self) -> Result<(), Fault> {
        let word = self.cell.load();
        match State::of(word) {
            State::Done => Ok(()),
            State::Fresh | State::Running(_) => Err(Fault::TimedOut),
            State::Corrupt => Err(Fault::Corrupt(word)),
        }
    }

    /// Ends the run of `owner`: the function has run, and all waits are over.
    pub fn finish(self, context: &Context, owner: Owner) -> Result<(), Fault> {
        if self.cell.replace(claim_of(owner), DONE) {
            return Ok(());
        }
        let mut queue = context.queues.lock(self.key());
        self.assert_run_by(&mut queue, owner)?;
        // Only the runner changes the word, and the waiters bit changes under the lock of the queue.
        let word = self.cell.load();
        if !self.cell.replace(word, DONE) {
            return Err(corrupt(&mut queue, self.key(), self.cell.load()));
        }
        queue.complete_all(self.key(), Outcome::Passed);
        Ok(())
    }

    /// Ends the run of `owner`, which failed: the next that asks to run the function becomes the runner.
    pub fn fail(self, context: &Context, owner: Owner) -> Result<(), Fault> {
        self.fail_locked(
            context.queues.threads(),
            &mut context.queues.lock(self.key()),
            owner,
        )
    }

    /// The runner and whether it is alive, or that the function has run.
    pub fn progress(self, threads: &Threads) -> Result<Progress, Fault> {
        let word = self.cell.load();
        match State::of(word) {
            State::Fresh => Ok(Progress::Fresh),
            State::Done => Ok(Progress::Done),
            State::Running(runner) => match threads.status(runner) {
                Status::Alive => Ok(Progress::Running(runner)),
                Status::Dead => Ok(Progress::Fresh),
                Status::Unknown => Err(Fault::Corrupt(word)),
            },
            State::Corrupt => Err(Fault::Corrupt(word)),
        }
    }

    fn is_done(self) -> bool {
        self.cell.load() == DONE
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Once)
    }

    /// The thread that runs the function, according to a word.
    pub fn runner_of(word: u32) -> Option<ThreadId> {
        match State::of(word) {
            State::Running(runner) => Some(runner),
            _ => None,
        }
    }

    /// Passes the role on if the runner was thread `id`, which died.
    pub(super) fn runner_died(self, id: ThreadId, threads: &Threads, queue: &mut QueueGuard) {
        if Self::runner_of(self.cell.load()) == Some(id) {
            // A fault has already ended all waits.
            self.grant_waiters(threads, queue).ok();
        }
    }

    fn fail_locked(
        self,
        threads: &Threads,
        queue: &mut QueueGuard,
        owner: Owner,
    ) -> Result<(), Fault> {
        self.assert_run_by(queue, owner)?;
        self.pass_role_on(threads, queue, self.cell.load());
        Ok(())
    }

    /// Returns a fault, and ends all waits, unless `owner` runs the function.
    fn assert_run_by(self, queue: &mut QueueGuard, owner: Owner) -> Result<(), Fault> {
        let word = self.cell.load();
        if without_waiters(word) == claim_of(owner) {
            return Ok(());
        }
        Err(corrupt(queue, self.key(), word))
    }

    /// Gives the role of the runner to the next waiter that wants it, or to no thread. `word` names no living runner, or
    /// one that gives the role up. If the word has changed, this does nothing.
    fn pass_role_on(self, threads: &Threads, queue: &mut QueueGuard, word: u32) {
        let heir = self.next_runner(threads, queue);
        let more = queue.len(self.key()) > usize::from(heir.is_some());
        let claim = heir
            .as_ref()
            .map_or(FRESH, |heir| claim_of(Owner::from(heir.requester())));
        if self.cell.replace(word, with_waiters_bit(claim, more))
            && let Some(heir) = heir
        {
            queue.remove(&heir);
            queue.complete(heir, Outcome::Granted);
        }
    }

    /// The waiter that wants to run the function, and has waited longest. One that can begin at once goes first.
    fn next_runner(self, threads: &Threads, queue: &QueueGuard) -> Option<Arc<Waiter>> {
        let candidates = || {
            queue.present(self.key()).filter(|waiter| {
                waiter.request() == RUN && threads.status(waiter.thread()) == Status::Alive
            })
        };
        let ready = candidates().find(|waiter| waiter.is_ready());
        ready.or_else(|| candidates().next()).cloned()
    }

    /// Makes the word and the queue agree.
    fn grant_waiters(self, threads: &Threads, queue: &mut QueueGuard) -> Result<(), Fault> {
        loop {
            let word = self.cell.load();
            match self.state(threads, queue, word)? {
                State::Done => {
                    queue.complete_all(self.key(), Outcome::Passed);
                    return Ok(());
                }
                State::Running(_) => {
                    let after = with_waiters_bit(word, !queue.is_empty(self.key()));
                    if word == after || self.cell.replace(word, after) {
                        return Ok(());
                    }
                }
                _ => {
                    let waits = self.next_runner(threads, queue).is_some();
                    let after = with_waiters_bit(FRESH, !queue.is_empty(self.key()));
                    if !waits && word == after {
                        return Ok(());
                    }
                    self.pass_role_on(threads, queue, word);
                }
            }
        }
    }

    /// What the word says. A runner that died counts as none. A corrupt word ends all waits.
    fn state(self, threads: &Threads, queue: &mut QueueGuard, word: u32) -> Result<State, Fault> {
        let state = State::of(word);
        match state {
            State::Running(runner) => match threads.status(runner) {
                Status::Alive => Ok(state),
                Status::Dead => Ok(State::Fresh),
                Status::Unknown => Err(corrupt(queue, self.key(), word)),
            },
            State::Fresh | State::Done => Ok(state),
            State::Corrupt => Err(corrupt(queue, self.key(), word)),
        }
    }

    /// Makes `runs` the runner if no thread is. None if the caller has to wait.
    fn advance(
        self,
        threads: &Threads,
        queue: &mut QueueGuard,
        runs: Option<Owner>,
    ) -> Result<Option<Began>, Fault> {
        // Those that wait already go first.
        self.grant_waiters(threads, queue)?;
        loop {
            let word = self.cell.load();
            match (self.state(threads, queue, word)?, runs) {
                (State::Done, _) => return Ok(Some(Began::Done)),
                (State::Fresh, Some(owner)) => {
                    let claim = with_waiters_bit(claim_of(owner), !queue.is_empty(self.key()));
                    if self.cell.replace(word, claim) {
                        return Ok(Some(Began::Runner));
                    }
                }
                _ => return Ok(None),
            }
        }
    }

    /// Sets the waiters bit for a caller that is about to enter the queue. Returns false if the function has run
    /// meanwhile.
    fn set_waiters_bit(self) -> bool {
        let word = self.cell.load();
        word != DONE && self.cell.replace(word, with_waiters_bit(word, true))
    }
}

/// A wait at a Once: to run the function or to find it done.
pub struct Preparing {
    once: Once,
    waiter: Arc<Waiter>,
}

impl Preparing {
    /// A wait of `requester` to run the function of `once`, or to find it done.
    pub fn run(once: Once, requester: &Requester) -> Self {
        Self::new(once, requester, RUN)
    }

    /// A wait of `requester` until the function of `once` has run.
    pub fn watch(once: Once, requester: &Requester) -> Self {
        Self::new(once, requester, WATCH)
    }

    fn new(once: Once, requester: &Requester, request: u32) -> Self {
        let aim = Aim {
            owner_of: Some(Once::runner_of),
            request,
            ..Aim::default()
        };
        Preparing {
            once,
            waiter: Waiter::new(requester, once.key(), aim),
        }
    }

    /// The owner that begins the run. None for a waiter that only waits.
    fn runs(&self) -> Option<Owner> {
        (self.waiter.request() == RUN).then(|| Owner::from(self.waiter.requester()))
    }
}

impl Wait for Preparing {
    type Output = Began;

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn start(&mut self, context: &Context) -> Step<Began> {
        let threads = context.queues.threads();
        let mut queue = context.queues.lock(self.once.key());
        let itself = (!self.waiter.requester().is_promise()).then(|| context.id());
        loop {
            match self
                .once
                .advance(threads, &mut queue, self.runs())
                .transpose()
            {
                Some(result) => return Poll::Ready(result),
                None if itself.is_some() && Once::runner_of(self.once.cell.load()) == itself => {
                    return Poll::Ready(Err(Fault::Recursive));
                }
                None if self.once.set_waiters_bit() => break,
                None => {}
            }
        }
        queue.push_back(&self.waiter);
        Poll::Pending
    }

    fn completed(&mut self, _context: &Context, outcome: Outcome) -> Step<Began> {
        Poll::Ready(match outcome {
            Outcome::Granted => Ok(Began::Runner),
            Outcome::Passed => Ok(Began::Done),
            outcome => Err(fault_of(&self.waiter, outcome)),
        })
    }

    fn update(&self, context: &Context, queue: &mut QueueGuard) {
        // A fault has already ended all waits.
        self.once
            .grant_waiters(context.queues.threads(), queue)
            .ok();
    }

    fn pass_on(&self, context: &Context, queue: &mut QueueGuard, outcome: Outcome) {
        if outcome == Outcome::Granted {
            let owner = Owner::from(self.waiter.requester());
            // A fault has already ended all waits.
            self.once
                .fail_locked(context.queues.threads(), queue, owner)
                .ok();
        }
    }
}
