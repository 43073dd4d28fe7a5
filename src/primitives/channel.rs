//! The waiting side of a Channel. Its ring is in JavaScript (`lib/channel`), under a Mutex of its own. Here stand the
//! waiters that found nothing to receive, or no room: one queue for each of these two sides, on a cell of its own.
//!
//! A waiter is never granted anything. It is told to look into the ring again, and waits again if there is nothing for
//! it. Under the Mutex it sets the waiters bit of its cell, remembers the word, unlocks, and enters the queue if the
//! word is still the same: each tell changes the word, so it misses none. It keeps its place, since the queue is
//! ordered by the moments at which the waits began.
//!
//! A promise looks only when its event loop turns. So the thread that tells goes on, one promise a thread, up to the first
//! waiter that is a blocked thread, and tells that one as well.
//!
//! A waiter names the threads that it waits for: the one that fills or reads the first message, and the sender that
//! waits for room before it. It looks again if one of them is dead, or the owner of the Mutex. A dying thread first marks itself dead and then
//! tells all waiters, so none waits for the dead.
//!
//! Orderings: the Mutex orders the ring. A waiter that was told acquires from its outcome what the telling thread
//! wrote before.

use super::select::{Watched, tell_watchers, watchers};
use super::wait::{Step, corrupt, fault_of};
use super::{Fault, Holder, Mutex, Wait};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::queue::{
    Aim, Context, Key, Kind, Outcome, QueueGuard, Queues, Readiness, Requester, Waiter,
};
use crate::threads::{self, Status, ThreadId, Threads};
use std::sync::Arc;
use std::task::Poll;

// The word, bit by bit:
//
// | bits | name    | meaning                               |
// | ---- | ------- | ------------------------------------- |
// | 0    | WAITERS | a waiter is queued, or is about to be |
// | 1-31 | TELLS   | how often waiters were told to look   |

/// A waiter is queued, or is about to be.
const WAITERS: u32 = 1;
/// One in the count of tells.
const TELL: u32 = 2;

/// How long others may pass a waiter whose request does not fit, in nanoseconds.
const PATIENCE: u64 = 10_000_000;

/// A waiter that was told to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its thread.
    pub thread: ThreadId,
    /// Whether it is a promise.
    pub is_promise: bool,
    /// When its wait began.
    pub since: Deadline,
}

impl Told {
    fn new(waiter: &Waiter) -> Self {
        Told {
            thread: waiter.thread(),
            is_promise: waiter.requester().is_promise(),
            since: began(waiter),
        }
    }
}

/// When the wait began: the place of a waiter in the queue of a Channel.
fn began(waiter: &Waiter) -> Deadline {
    Deadline::from_nanoseconds(waiter.ticket().unsigned_abs())
}

/// One side of a Channel: the waiters for messages, or for room.
#[derive(Clone, Copy, Debug)]
pub struct Channel {
    cell: SharedWord,
}

impl Channel {
    /// The waiters bit of the word.
    pub const WAITERS: u32 = WAITERS;
    /// How long others may pass a waiter whose request does not fit, in milliseconds.
    pub const PATIENCE: u32 = (PATIENCE / 1_000_000) as u32;

    /// The side with this cell.
    pub fn new(cell: SharedWord) -> Self {
        Channel { cell }
    }

    /// The queue of the side.
    pub fn key(self) -> Key {
        Key::new(self.cell, Kind::Channel)
    }

    /// What JavaScript does under the Mutex before it waits: sets the waiters bit, and returns the word.
    pub fn announce_fast(self) -> u32 {
        loop {
            let word = self.cell.load();
            if self.cell.replace(word, word | WAITERS) {
                return word | WAITERS;
            }
        }
    }

    /// Whether a waiter is queued, or is about to be. JavaScript asks this under the Mutex, after it has changed the ring.
    pub fn has_waiters_fast(self) -> bool {
        self.cell.load() & WAITERS != 0
    }

    /// Tells the waiters that need no more than `free` bytes to look: the promises before the first thread, one for
    /// each of their threads, and that thread.
    pub fn tell(self, queues: &Queues, free: u32) {
        self.tell_next(&mut queues.lock(self.key()), free);
    }

    /// Tells the next waiter to look, whether there is room for it or not. Returns the waiter that stands before all
    /// others, if one waits.
    pub fn tell_front(self, queues: &Queues) -> Option<Told> {
        self.tell_next(&mut queues.lock(self.key()), u32::MAX)
    }

    /// As [`Channel::tell`]. The watchers of selects have no place in the order of the queue, so one of them is told
    /// beside it, by the same rule. Returns the first waiter that it told.
    fn tell_next(self, queue: &mut QueueGuard, free: u32) -> Option<Told> {
        let mut first = None;
        for key in [self.key(), watchers(self.cell)] {
            let mut promises = Vec::new();
            while let Some(waiter) = Self::next(queue, key, free, &promises) {
                let requester = waiter.requester();
                first = first.or_else(|| Some(Told::new(&waiter)));
                let is_last = !requester.is_promise() && waiter.is_ready();
                promises.push(requester.thread());
                queue.remove(&waiter);
                queue.complete(waiter, Outcome::LOOK);
                if is_last {
                    break;
                }
            }
        }
        self.count_tell(queue);
        first
    }

    /// The next waiter of `key` to tell. It does not belong to one of `told`, the threads that were told already.
    fn next(queue: &QueueGuard, key: Key, free: u32, told: &[ThreadId]) -> Option<Arc<Waiter>> {
        let now = threads::now();
        for waiter in queue.waiters(key) {
            if waiter.readiness() == Readiness::ThreadBlocked {
                continue;
            }
            if waiter.request() > free {
                if began(waiter).plus(PATIENCE) < now {
                    return None;
                }
                continue;
            }
            // A thread that blocks while promises of its own wait looks by itself.
            if !waiter.requester().is_promise() || !told.contains(&waiter.thread()) {
                return Some(Arc::clone(waiter));
            }
        }
        None
    }

    fn has_waiters(self, queue: &QueueGuard) -> bool {
        !queue.is_empty(self.key()) || !queue.is_empty(watchers(self.cell))
    }

    /// Tells all waiters to look.
    pub fn tell_all(self, queues: &Queues) {
        self.tell_queue(&mut queues.lock(self.key()));
    }

    /// A thread died: a waiter may have waited for it, or for the Mutex that it owned.
    pub fn thread_died(self, queue: &mut QueueGuard) {
        self.tell_queue(queue);
    }

    fn tell_queue(self, queue: &mut QueueGuard) {
        queue.complete_all(self.key(), Outcome::LOOK);
        tell_watchers(queue, self.cell);
        self.count_tell(queue);
    }

    /// Tells all waiters to look, except those of `thread`.
    fn tell_others(self, queue: &mut QueueGuard, thread: ThreadId) {
        for key in [self.key(), watchers(self.cell)] {
            let others: Vec<_> = queue
                .waiters(key)
                .filter(|waiter| waiter.thread() != thread)
                .cloned()
                .collect();
            for waiter in others {
                queue.remove(&waiter);
                queue.complete(waiter, Outcome::LOOK);
            }
        }
        self.count_tell(queue);
    }

    /// Changes the word, so that a waiter which is about to enter the queue looks again. The bit stays while a waiter is
    /// queued. The caller holds the lock of the queue.
    fn count_tell(self, queue: &QueueGuard) {
        let waiters = if self.has_waiters(queue) { WAITERS } else { 0 };
        loop {
            let word = self.cell.load();
            let next = (word & !WAITERS).wrapping_add(TELL) | waiters;
            if self.cell.replace(word, next) {
                return;
            }
        }
    }
}

/// What a waiter found when it looked into the ring.
#[derive(Clone, Copy)]
pub struct Look {
    /// The word of its side, with the waiters bit.
    pub word: u32,
    /// How many bytes it needs. 0 for who waits for a message.
    pub request: u32,
    /// When its wait began: its place.
    pub since: Deadline,
    /// The threads that it waits for.
    pub awaited: [Option<ThreadId>; 2],
    /// The Mutex of the ring.
    pub lock: SharedWord,
}

impl Look {
    /// Whether there is reason to look again. The caller is queued under the lock of the queue, so what comes later tells
    /// it: the word has changed, or one of the threads that it waits for is dead, or the owner of the Mutex, which may
    /// have changed the ring and told no waiter.
    fn is_outdated(&self, channel: Channel, threads: &Threads) -> bool {
        let is_dead = |thread: &ThreadId| threads.status(*thread) != Status::Alive;
        channel.cell.load() != self.word
            || matches!(Mutex::new(self.lock).holder(threads), Ok(Holder::Dead(_)))
            || self.awaited.iter().flatten().any(is_dead)
    }
}

/// A select that found nothing to receive.
impl Watched for (Channel, Look) {
    fn cell(&self) -> SharedWord {
        self.0.cell
    }

    fn begin(&self, queues: &Queues, queue: &mut QueueGuard) {
        let (channel, look) = self;
        if look.is_outdated(*channel, queues.threads()) {
            tell_watchers(queue, channel.cell);
        }
    }

    fn update(&self, queue: &mut QueueGuard) {
        let channel = self.0;
        if channel.cell.load() & WAITERS == 0 && channel.has_waiters(queue) {
            tell_watchers(queue, channel.cell);
        }
    }

    /// It stood for one message, which any of the others may receive.
    fn pass_on(&self, queue: &mut QueueGuard) {
        self.0.tell_next(queue, 0);
    }
}

/// A wait until there is reason to look into the ring again.
pub struct Looking {
    channel: Channel,
    look: Look,
    waiter: Arc<Waiter>,
}

impl Looking {
    /// A wait of `requester` at one side of a channel.
    pub fn new(channel: Channel, requester: &Requester, look: Look) -> Self {
        let aim = Aim {
            request: look.request,
            ..Aim::default()
        };
        Looking {
            channel,
            look,
            waiter: Waiter::new(requester, channel.key(), aim),
        }
    }

    /// Blocks the calling thread until it should look again, or `deadline` passes.
    pub fn wait(
        channel: Channel,
        context: &Context,
        look: Look,
        deadline: Option<Deadline>,
    ) -> Result<(), Fault> {
        let requester = Requester::thread_of(context.thread);
        Looking::new(channel, &requester, look).block(context, deadline)
    }

    fn enter(&self, queue: &mut QueueGuard) {
        let since = self.look.since.as_nanoseconds();
        queue.insert(&self.waiter, i64::try_from(since).unwrap_or(i64::MAX));
    }
}

impl Wait for Looking {
    type Output = ();

    fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    fn start(&mut self, context: &Context) -> Step<()> {
        let mut queue = context.queues.lock(self.channel.key());
        self.enter(&mut queue);
        // The waiter is queued, so a thread that dies from here on tells it.
        if self
            .look
            .is_outdated(self.channel, context.queues.threads())
        {
            queue.remove(&self.waiter);
            return Poll::Ready(Ok(()));
        }
        Poll::Pending
    }

    fn completed(&mut self, _context: &Context, outcome: Outcome) -> Step<()> {
        Poll::Ready(match outcome {
            Outcome::LOOK | Outcome::LOOK_AGAIN => Ok(()),
            outcome => Err(fault_of(&self.waiter, outcome)),
        })
    }

    /// A promise looks when its thread resumes, since it was passed over while that was blocked.
    fn update(&self, _context: &Context, queue: &mut QueueGuard) {
        let word = self.channel.cell.load();
        if word & WAITERS == 0 && !queue.is_empty(self.channel.key()) {
            corrupt(queue, self.channel.key(), word);
        } else if self.waiter.requester().is_promise() && queue.remove(&self.waiter) {
            queue.complete(Arc::clone(&self.waiter), Outcome::LOOK_AGAIN);
        }
    }

    /// The waiters bit stays: it costs the next thread that changes the ring one look into an empty queue.
    fn left(&self, _context: &Context, _queue: &mut QueueGuard) {}

    /// What it was told may concern any of the others.
    fn pass_on(&self, _context: &Context, queue: &mut QueueGuard, _outcome: Outcome) {
        self.channel.tell_queue(queue);
    }

    /// What it was told may concern any of the others. And while its thread is blocked, others may pass it that waited for
    /// a sender at the front, unless the thread waits there itself. The thread's own waits are not told: each has looked
    /// after what the promise was told of, or is told beside it, and would only make the thread block again.
    fn requeue_for_block(&mut self, context: &Context) {
        let key = self.channel.key();
        let thread = self.waiter.thread();
        let mut queue = context.queues.lock(key);
        let was_told = self.waiter.outcome() == Some(Outcome::LOOK);
        let leaves_the_front = || {
            // A promise of the same thread that stands before it tells the others for both.
            self.look.request > 0
                && !queue.is_behind_sibling(&self.waiter)
                && !queue
                    .waiters(key)
                    .any(|other| other.thread() == thread && !other.requester().is_promise())
        };
        if was_told || leaves_the_front() {
            self.channel.tell_others(&mut queue, thread);
        }
        if was_told {
            // It looks when the thread resumes.
            self.channel.announce_fast();
            self.enter(&mut queue);
        }
    }
}
