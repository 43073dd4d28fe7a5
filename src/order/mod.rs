//! The order in which the threads of the process acquire locks, as a graph that all of them share: an edge leads from a
//! lock that was held to one that was asked for meanwhile. A cycle of edges can deadlock, even if it did not in this run.
//!
//! After lockdep of the Linux kernel ("Runtime locking correctness validator"), with a lock instead of its class as the
//! node unless the program asks for classes.
//!
//! Everything here is under one lock, which is held for one look-up or one search. JavaScript remembers the edges that it
//! has seen, so it comes here once for each thread and edge.

mod graph;
mod identity;

pub use graph::{Cycle, EdgeEnd, Full, Mode, Number, Step, Title};
pub use identity::Place;

use crate::sync::{Mutex, MutexGuard, lock};
use crate::threads::ThreadId;
use graph::Graph;
use identity::Identity;
use std::sync::Arc;

/// The most cycles that a process reports.
pub const MOST_REPORTS: usize = 100;

/// The order of locks of one process.
pub struct LockOrder(Mutex<Inner>);

/// What is under the lock.
#[derive(Default)]
pub struct Inner {
    graph: Graph,
    identity: Identity,
    /// The cycles that were reported, each by the locks in it.
    reported: Vec<Vec<Number>>,
    inversions: Vec<Arc<Inversion>>,
    /// What was left out, and was not said yet.
    unsaid: Option<Full>,
    said: Vec<Full>,
}

/// A report.
pub struct Inversion {
    /// The cycle.
    pub cycle: Cycle,
    /// Its text.
    pub text: String,
}

impl LockOrder {
    /// The order of a process in which no lock was acquired yet.
    pub fn new() -> Self {
        LockOrder(Mutex::new(Inner::default()))
    }

    /// Locks it.
    pub fn lock(&self) -> MutexGuard<'_, Inner> {
        lock(&self.0)
    }
}

impl Default for LockOrder {
    fn default() -> Self {
        Self::new()
    }
}

impl Inner {
    /// Forgets all locks and edges, since what a lock is will be another thing from here on. Numbers are not reused.
    pub fn forget(&mut self) {
        self.graph.clear();
        self.identity.clear();
    }

    /// The number of the lock at a place, whose buffer `thread` keeps from here on. None if there are too many locks.
    /// `title` is called for a new lock.
    pub fn lock_at(&mut self, place: Place, title: impl FnOnce() -> Title) -> Option<Number> {
        if let Some(number) = self.identity.find(place) {
            return Some(number);
        }
        let number = self.try_add(title())?;
        self.identity.insert(place, number);
        Some(number)
    }

    /// The number of a class of locks.
    pub fn class(&mut self, title: Title) -> Option<Number> {
        if let Some(number) = self.identity.find_class(&title.text) {
            return Some(number);
        }
        let name = title.text.clone();
        let number = self.try_add(title)?;
        self.identity.insert_class(name, number);
        Some(number)
    }

    fn try_add(&mut self, title: Title) -> Option<Number> {
        let added = self.graph.add(title);
        added.inspect_err(|full| self.note(*full)).ok()
    }

    /// `thread` keeps the buffer that begins at `base`, once more.
    pub fn keep(&mut self, base: usize, thread: ThreadId) {
        self.identity.keep(base, thread);
    }

    /// Whether `thread` keeps the buffer.
    pub fn is_kept_by(&self, base: usize, thread: ThreadId) -> bool {
        self.identity.is_kept_by(base, thread)
    }

    /// `thread` keeps the buffer once less. If no thread keeps it any more, its memory may be reused, so its locks are
    /// forgotten.
    pub fn drop_buffer(&mut self, base: usize, thread: ThreadId) {
        for number in self.identity.drop_buffer(base, thread) {
            self.graph.remove(number);
        }
    }

    /// `thread` has ended, and keeps nothing.
    pub fn thread_ended(&mut self, thread: ThreadId) {
        for number in self.identity.thread_ended(thread) {
            self.graph.remove(number);
        }
    }

    /// Whether there is this edge already, or one of its locks is forgotten.
    pub fn knows(&self, end: EdgeEnd) -> bool {
        self.graph.knows(end)
    }

    /// Adds an edge. Returns a cycle that it closes. If `refuses` is set, an edge that closes a cycle is not added, so that
    /// the next request finds the cycle, too.
    pub fn add_edge(
        &mut self,
        end: EdgeEnd,
        thread: ThreadId,
        stack: String,
        refuses: bool,
    ) -> Option<Cycle> {
        match self.graph.add_edge(end, thread, stack, refuses) {
            Ok(cycle) => cycle,
            Err(full) => {
                self.note(full);
                None
            }
        }
    }

    /// A thread asks to write a lock. Returns the cycles that count from here on.
    pub fn request_write(&mut self, number: Number) -> Vec<Cycle> {
        self.graph.request_write(number)
    }

    /// Whether a cycle is new, and is to be reported. Afterwards it is not new.
    pub fn is_new(&mut self, cycle: &Cycle) -> bool {
        if self.reported.contains(&cycle.locks) {
            return false;
        }
        if self.reported.len() == MOST_REPORTS {
            self.note(Full::Reports);
            return false;
        }
        self.reported.push(cycle.locks.clone());
        true
    }

    /// Lists a report.
    pub fn record(&mut self, inversion: Arc<Inversion>) {
        self.inversions.push(inversion);
    }

    /// All reports.
    pub fn inversions(&self) -> Vec<Arc<Inversion>> {
        self.inversions.clone()
    }

    /// How many reports there are.
    pub fn count(&self) -> usize {
        self.inversions.len()
    }

    fn note(&mut self, full: Full) {
        if !self.said.contains(&full) {
            self.said.push(full);
            self.unsaid = Some(full);
        }
    }

    /// What was left out for the first time since the last call.
    pub fn take_unsaid(&mut self) -> Option<Full> {
        self.unsaid.take()
    }
}

#[cfg(all(test, not(loom)))]
mod tests;
