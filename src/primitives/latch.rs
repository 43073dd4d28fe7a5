//! The Latch: closed until it was counted down often enough, and open for ever after.
//!
//! Orderings: counting down is a read-modify-write that acquires and releases. So the thread that opens the latch has
//! acquired what the threads that counted down before released. A thread that finds the latch open acquires all of
//! that from the word. A thread that slept acquires it from its outcome, which the opening thread released.

use super::select::{Watched, tell_watchers};
use super::wait::{Step, corrupt, enter_queue, fault_of};
use super::{Fault, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{Aim, Context, Key, Kind, Outcome, QueueGuard, Requester, Waiter};
use std::sync::Arc;
use std::task::Poll;

// The word, bit by bit:
//
// | bit   | name    | meaning                             |
// | ----- | ------- | ----------------------------------- |
// | 0-29  | COUNTED | countdowns; open at the count       |
// | 30    | WAITERS | closed, and there are waiters       |

/// The number of countdowns. The latch is open when it equals the count that the constructor was given.
const COUNTED: u32 = (1 << 30) - 1;
/// The latch is closed, and there are waiters.
const WAITERS: u32 = 1 << 30;

/// The number of countdowns.
fn counted(word: u32) -> u32 {
    word & COUNTED
}

/// The word without the waiters bit.
fn without_waiters(word: u32) -> u32 {
    word & !WAITERS
}

/// What a word says.
enum State {
    Open,
    Closed,
    Corrupt,
}

/// The Latch in one cell.
#[derive(Clone, Copy, Debug)]
pub struct Latch {
    cell: SharedWord,
    count: u32,
}

impl Latch {
    /// The waiters bit of the word.
    pub const WAITERS: u32 = WAITERS;
    /// The largest count.
    pub const MAX_COUNT: u32 = COUNTED;

    /// The latch in `cell` that opens at `count`, from 1 to [`Latch::MAX_COUNT`].
    pub fn new(cell: SharedWord, count: u32) -> Self {
        Latch { cell, count }
    }

    /// Waits until the latch is open or `deadline` passes, or without limit.
    pub fn wait(self, context: &Context, deadline: Option<Deadline>) -> Result<(), Fault> {
        if self.is_open()? {
            return Ok(());
        }
        Opening::new(self, &Requester::thread_of(context.thread)).block(context, deadline)
    }

    /// What JavaScript tries before it calls native code: counts down while there are no waiters.
    #[inline]
    pub fn count_down_fast(self, by: u32) -> bool {
        let word = self.cell.load();
        // Below the count, the waiters bit is clear too.
        word < self.count
            && self
                .cell
                .replace(word, word.saturating_add(by).min(self.count))
    }

    /// Counts down by `by`, but not below open. Counting down by the latch's count opens it in any case.
    pub fn count_down(self, context: &Context, by: u32) -> Result<(), Fault> {
        if self.count_down_fast(by) {
            return Ok(());
        }
        let mut queue = context.queues.lock(self.key());
        loop {
            let word = self.cell.load();
            match self.state(word) {
                State::Open => {
                    self.release_all(&mut queue);
                    return Ok(());
                }
                State::Corrupt => return Err(corrupt(&mut queue, self.key(), word)),
                State::Closed if by >= self.remaining_of(word) => {
                    if self.cell.replace(word, self.count) {
                        self.release_all(&mut queue);
                        return Ok(());
                    }
                }
                State::Closed => {
                    if self.cell.replace(word, word + by) {
                        return Ok(());
                    }
                }
            }
        }
    }

    /// How many countdowns are left until the latch is open.
    pub fn remaining(self) -> Result<u32, Fault> {
        let word = self.cell.load();
        match self.state(word) {
            State::Open => Ok(0),
            State::Closed => Ok(self.remaining_of(word)),
            State::Corrupt => Err(Fault::Corrupt(word)),
        }
    }

    fn remaining_of(self, closed: u32) -> u32 {
        self.count - counted(closed)
    }

    /// Whether the latch is open.
    pub fn is_open(self) -> Result<bool, Fault> {
        Ok(self.remaining()? == 0)
    }

    fn state(self, word: u32) -> State {
        match without_waiters(word) {
            counted if counted < self.count => State::Closed,
            counted if counted == self.count && word == counted => State::Open,
            _ => State::Corrupt,
        }
    }

    fn key(self) -> Key {
        Key::new(self.cell, Kind::Latch)
    }

    /// Sets the waiters bit, or returns true if the latch is open. The caller holds the lock of the queue.
    fn set_waiters_bit(self, queue: &mut QueueGuard) -> Result<bool, Fault> {
        loop {
            let word = self.cell.load();
            match self.state(word) {
                State::Open => {
                    self.release_all(queue);
                    return Ok(true);
                }
                State::Corrupt => return Err(corrupt(queue, self.key(), word)),
                State::Closed => {
                    if self.cell.replace(word, word | WAITERS) {
                        return Ok(false);
                    }
                }
            }
        }
    }

    /// Completes all waits: the latch is open.
    fn release_all(self, queue: &mut QueueGuard) {
        queue.complete_all(self.key(), Outcome::Passed);
        tell_watchers(queue, self.cell);
    }
}

/// A select that found the latch closed.
impl Watched for Latch {
    fn cell(&self) -> SharedWord {
        self.cell
    }

    /// Sets the waiters bit, or tells it that the latch is open.
    fn update(&self, queue: &mut QueueGuard) {
        // A fault has told it to look.
        self.set_waiters_bit(queue).ok();
    }
}

/// A wait for a Latch to open.
pub struct Opening {
    latch: Latch,
    waiter: Arc<Waiter>,
}

impl Opening {
    /// A wait of `requester` at `latch`.
    pub fn new(latch: Latch, requester: &Requester) -> Self {
        Opening {
            latch,
            waiter: Waiter::new(requester, latch.key(), Aim::default()),
        }
    }
}

impl Wait for Opening {
    type Output = ();

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn start(&mut self, context: &Context) -> Step<()> {
        enter_queue(context, &self.waiter, |queue| {
            let is_open = self.latch.set_waiters_bit(queue)?;
            Ok(is_open.then_some(()))
        })
    }

    fn completed(&mut self, _context: &Context, outcome: Outcome) -> Step<()> {
        Poll::Ready(match outcome {
            Outcome::Passed => Ok(()),
            outcome => Err(fault_of(&self.waiter, outcome)),
        })
    }

    fn update(&self, _context: &Context, queue: &mut QueueGuard) {
        // A fault ends all waits by itself.
        self.latch.set_waiters_bit(queue).ok();
    }

    /// The waiters bit stays: it costs the thread that opens the latch one look into an empty queue.
    fn left(&self, _context: &Context, _queue: &mut QueueGuard) {}
}
