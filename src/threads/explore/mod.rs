//! Explored threads: between two scheduling points exactly one of them runs, and a scheduler decides which one is next.
//!
//! Each explored thread sleeps on its own parker until it has the turn. When it comes to a point, blocks or ends, it
//! decides itself who is next, under one lock, and passes the turn on. The runtime may interrupt a thread that waits for
//! its turn, so that terminations and debuggers get through. That is never a choice of the scheduler.

mod exploration;
mod pin;
mod random;
mod spinning;
mod strategy;
mod tree;

pub use exploration::{Effect, Exploration, Limits, LoggedStep, Started, Verdict};
pub use pin::pin;
pub use strategy::{MOST_THREADS, Strategy};

use super::{Interrupt, InterruptPoll, Runtime, Thread, Threads};
use crate::futex::{Deadline, Wake};
use crate::sync::{AtomicBool, Ordering};
use std::cell::OnceCell;
use std::sync::Arc;

/// Whether any thread of the process was ever explored.
static ANY: AtomicBool = AtomicBool::new(false);

thread_local! {
    static CURRENT: OnceCell<Arc<Explored>> = const { OnceCell::new() };
}

/// A thread of an exploration, for as long as the thread lives.
pub struct Explored {
    exploration: Arc<Exploration>,
    index: usize,
    /// Whether the thread has the turn and has not noticed yet.
    turn: AtomicBool,
    /// Whether the thread runs under the scheduler: between the start and the end of its body.
    active: AtomicBool,
}

/// How a thread that is blocked goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// It was woken, or an earlier wake-up was left for it.
    Woken,
    /// Its time limit passed.
    TimedOut,
    /// The schedule is over, or the thread is being terminated.
    Stopped,
}

/// The schedule is over, or the thread is being terminated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stopped;

/// What a thread needs in order to wait for its turn.
#[derive(Clone, Copy)]
pub struct Sleeper<'a> {
    /// The process's threads.
    pub threads: &'a Threads,
    /// The calling thread.
    pub thread: &'a Thread,
    /// Its runtime.
    pub runtime: &'a dyn Runtime,
}

/// The calling thread, if it runs under the scheduler.
#[inline]
pub fn current() -> Option<Arc<Explored>> {
    if ANY.load(Ordering::Relaxed) {
        current_of_thread()
    } else {
        None
    }
}

// Not inlined: the callers are on the paths of threads that are not explored.
#[inline(never)]
fn current_of_thread() -> Option<Arc<Explored>> {
    CURRENT.with(|current| {
        current
            .get()
            .filter(|explored| explored.is_active())
            .cloned()
    })
}

/// Whether the calling thread runs under the scheduler.
#[inline]
pub fn is_scheduled() -> bool {
    current().is_some()
}

/// The time: that of the schedule for an explored thread.
#[inline]
pub fn now() -> Deadline {
    match current() {
        Some(explored) => explored.exploration.now(),
        None => Deadline::now(),
    }
}

/// Whether to hand off a lock, if the scheduler decides that.
pub fn choose_handoff() -> Option<bool> {
    current().map(|explored| explored.exploration.choose_handoff(explored.index))
}

/// A thread has ended.
pub fn thread_died() {
    CURRENT
        .try_with(|current| {
            if let Some(explored) = current.get() {
                explored.exploration.died(explored.index);
            }
        })
        .ok();
}

impl Explored {
    /// Makes the calling thread the one with this index in `exploration`. The index behind the last thread is that of
    /// the controller. None if the thread is explored already.
    pub fn join(
        exploration: &Arc<Exploration>,
        index: usize,
        thread: &Arc<Thread>,
    ) -> Option<Arc<Self>> {
        let explored = Arc::new(Explored {
            exploration: Arc::clone(exploration),
            index,
            turn: AtomicBool::new(false),
            active: AtomicBool::new(false),
        });
        let is_new = CURRENT.with(|current| current.set(Arc::clone(&explored)).is_ok());
        if !is_new || thread.explored.set(Arc::clone(&explored)).is_err() {
            return None;
        }
        ANY.store(true, Ordering::Relaxed);
        exploration.enlist(index, thread, &explored);
        Some(explored)
    }

    /// The exploration.
    pub fn exploration(&self) -> &Arc<Exploration> {
        &self.exploration
    }

    /// The index of the thread.
    pub fn index(&self) -> usize {
        self.index
    }

    /// Whether the thread runs under the scheduler.
    pub fn is_active(&self) -> bool {
        self.active.load(Ordering::Relaxed)
    }

    fn set_active(&self, active: bool) {
        self.active.store(active, Ordering::Relaxed);
    }

    /// Whether the schedule is over and its threads are being unwound.
    pub fn is_unwinding(&self) -> bool {
        self.is_active() && self.exploration.is_unwinding()
    }

    /// Leaves a token for the thread, which is explored. Another thread that has the turn calls this.
    pub(super) fn wake(&self) {
        self.exploration.wake(self.index);
    }

    /// The calling thread is about to wait at the cell with this address.
    pub fn begin_wait(&self, cell: usize) {
        self.exploration.begin_wait(self, cell);
    }

    /// Blocks the calling thread until it is woken or `deadline` passes.
    pub fn block(&self, deadline: Option<Deadline>, sleeper: Sleeper) -> Resumed {
        self.exploration.block(self, deadline, sleeper)
    }

    /// Waits for the turn.
    fn await_turn(&self, sleeper: Sleeper) -> Result<(), Stopped> {
        let Sleeper {
            threads,
            thread,
            runtime,
        } = sleeper;
        let mut interrupts = None;
        while !self.turn.swap(false, Ordering::AcqRel) {
            let poll =
                interrupts.get_or_insert_with(|| InterruptPoll::new(threads, thread, runtime));
            match thread.parker().park(poll.next_check()) {
                Wake::Woken if thread.take_interrupt() => poll.interrupted(),
                Wake::Woken => continue,
                Wake::TimedOut => poll.check_is_due(),
            }
            if runtime.check_interrupts() == Interrupt::Stop {
                return Err(Stopped);
            }
        }
        Ok(())
    }
}
