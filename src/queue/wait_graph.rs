//! The records of waits that last: what each blocked thread waits for. They show a supervisor which thread hangs
//! where, and whether threads wait for each other in a cycle.
//!
//! From a thread that waits without limit an edge leads to each thread that it waits for: see `cycle.rs`. A thread makes
//! its record and follows the edges under one lock, and removes its record under that lock before it continues. So no
//! cycle is missed: the thread that blocks last finds the records of all others.

use super::cycle::{self, Cycle, Edge, Holding};
use super::guard::Sight;
use super::key::{Key, Kind};
use super::waiter::{Access, Waiter};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::hash::HashMap;
use crate::label::Label;
use crate::sync::{Mutex, lock};
use crate::threads::{Runtime, ThreadId};
use std::sync::Arc;

/// The labels of the cells of one wait: its own, and for the wait of a Condition that of the mutex. The wait carries
/// them. A table keyed by address could not, since addresses are reused.
#[derive(Clone, Debug, Default)]
pub struct Labels {
    /// The label of the primitive that the wait began at.
    pub own: Label,
    /// The label of the mutex that a Condition's wait locks again.
    pub mutex: Option<Box<Label>>,
}

impl Labels {
    fn of(waiter: &Waiter, runtime: &dyn Runtime) -> Self {
        Labels {
            own: runtime.label(waiter.own_cell()),
            mutex: waiter.mutex().map(|cell| Box::new(runtime.label(cell))),
        }
    }

    /// The label for the queue `key` of the wait.
    pub fn get(&self, key: Key) -> Named {
        let mutex = self.mutex.as_deref().filter(|_| key.kind() == Kind::Mutex);
        Named {
            key,
            label: mutex.unwrap_or(&self.own).clone(),
        }
    }
}

/// A primitive, and how messages refer to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The cell and its kind.
    pub key: Key,
    /// Its label.
    pub label: Label,
}

/// A wait, as it was a moment ago.
#[derive(Clone, Debug)]
pub struct CurrentWait {
    /// The thread that waits, or that the waiting promise belongs to.
    pub thread: ThreadId,
    /// What the thread waits for. Its cell must not be read: the waiter, which keeps its memory, may be gone.
    pub named: Named,
    /// The thread that owns it.
    pub owner: Option<ThreadId>,
    /// When the wait began.
    pub since: Deadline,
}

impl CurrentWait {
    /// Reads a wait. The caller holds the lock under which the wait would be removed from the list in which it was
    /// found. So the waiter's memory stays mapped.
    pub fn of(waiter: &Waiter, labels: &Labels) -> Self {
        CurrentWait {
            thread: waiter.thread(),
            named: labels.get(waiter.key()),
            owner: waiter.owner(),
            since: waiter.since(),
        }
    }
}

/// What a waiter waited for when it looked.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// What the lock looked like.
    pub sight: Sight,
    /// How much CPU its owner had used, in nanoseconds. None if there was none, or if that is not known.
    pub cpu_time: Option<u64>,
}

/// The innermost wait of a blocked thread, for the hang report.
#[derive(Clone)]
pub struct BlockedWait {
    /// The thread.
    pub thread: ThreadId,
    /// Its waiter. Its cell must not be read: the memory may be gone.
    pub waiter: Arc<Waiter>,
    /// The labels of its cells.
    pub labels: Labels,
    /// Whether the wait has a time limit.
    pub limited: bool,
    /// What it waited for when it was recorded.
    pub note: Option<Note>,
    /// The cells of the locks that the thread reads.
    pub reads: Vec<SharedWord>,
}

/// The waits that last.
pub struct WaitGraph {
    records: Mutex<Records>,
}

/// The records of all threads, a stack for each: while a blocked thread checks for interrupts, user code may block it
/// again.
#[derive(Default)]
pub(super) struct Records(HashMap<ThreadId, Vec<Record>>);

/// The record of one wait.
pub(super) struct Record {
    waiter: Arc<Waiter>,
    labels: Labels,
    /// Whether the wait has a time limit. The limit of a Condition's waiter no longer counts once it is notified.
    limited: bool,
    /// Whether its thread found a cycle, and gives up to break it.
    breaks_cycle: bool,
    /// The cells of the locks that its thread reads. The thread copies them from its own counts, since no other thread
    /// may look there.
    reads: Vec<SharedWord>,
    /// Whether its thread checks for interrupts. Code that the check runs may end reads.
    checks: bool,
    /// How many checks have ended.
    checked: u32,
    /// What it waited for at first, if a report wants to know that.
    note: Option<Note>,
}

/// A record, which is removed when this is dropped.
pub struct Registration<'a> {
    waits: &'a WaitGraph,
    thread: ThreadId,
}

impl Drop for Registration<'_> {
    fn drop(&mut self) {
        let Records(records) = &mut *lock(&self.waits.records);
        if let Some(stack) = records.get_mut(&self.thread) {
            stack.pop();
            if stack.is_empty() {
                records.remove(&self.thread);
            }
        }
    }
}

impl Registration<'_> {
    /// Notes what the wait is for, for the hang report.
    pub fn set_note(&self, note: Option<Note>) {
        self.change(|record| record.note = note);
    }

    /// Notes that the thread, the calling one, checks for interrupts from here on.
    pub fn check_begins(&self) {
        self.change(|record| record.checks = true);
    }

    /// Notes that the check has ended.
    pub fn check_ends(&self, runtime: &dyn Runtime) {
        let reads = runtime.cells_read();
        self.change(|record| {
            record.checks = false;
            record.checked = record.checked.wrapping_add(1);
            record.reads = reads;
        });
    }

    fn change(&self, change: impl FnOnce(&mut Record)) {
        if let Some(record) = lock(&self.waits.records).last_mut(self.thread) {
            change(record);
        }
    }
}

impl WaitGraph {
    pub(super) fn new() -> Self {
        WaitGraph {
            records: Mutex::new(Records::default()),
        }
    }

    /// Makes the record of a wait of the calling thread, whose `runtime` knows the labels of the cells.
    pub fn record(
        &self,
        waiter: &Arc<Waiter>,
        limited: bool,
        runtime: &dyn Runtime,
    ) -> Registration<'_> {
        let thread = waiter.thread();
        let record = Record {
            waiter: Arc::clone(waiter),
            labels: Labels::of(waiter, runtime),
            limited,
            breaks_cycle: false,
            reads: runtime.cells_read(),
            checks: false,
            checked: 0,
            note: None,
        };
        let Records(records) = &mut *lock(&self.records);
        records.entry(thread).or_default().push(record);
        Registration {
            waits: self,
            thread,
        }
    }

    /// The cycle of waits that `thread`, the calling one, is part of. A cycle that is not certain is certain if the
    /// next call finds it again, which is passed `first` then. Of a certain cycle the thread gives up, so no other
    /// thread of the cycle finds it.
    pub(super) fn cycle(&self, thread: ThreadId, first: Option<&Cycle>) -> Option<Cycle> {
        let mut records = lock(&self.records);
        let cycle = cycle::search(&records, thread)?;
        if cycle.is_certain(first) {
            records.last_mut(thread)?.breaks_cycle = true;
        }
        Some(cycle)
    }

    /// Whether this thread has a wait that lasts.
    pub fn is_blocked(&self, thread: ThreadId) -> bool {
        lock(&self.records).0.contains_key(&thread)
    }

    /// The innermost wait of each blocked thread that has not ended.
    pub fn blocked(&self) -> Vec<BlockedWait> {
        let records = lock(&self.records);
        records
            .all_last()
            .filter(|(_, record)| !record.waiter.is_completed())
            .map(|(thread, record)| BlockedWait {
                thread,
                waiter: Arc::clone(&record.waiter),
                labels: record.labels.clone(),
                limited: record.is_limited(),
                note: record.note,
                reads: record.reads.clone(),
            })
            .collect()
    }

    /// All waits that last. Those of one thread are sorted by their beginning, the innermost last.
    pub fn all(&self) -> Vec<CurrentWait> {
        let records = lock(&self.records);
        let mut waits: Vec<_> = records
            .0
            .values()
            .flatten()
            .map(|record| CurrentWait::of(&record.waiter, &record.labels))
            .collect();
        waits.sort_unstable_by_key(|wait| (wait.thread, wait.since));
        waits
    }
}

impl Records {
    /// The innermost wait of a thread.
    pub fn last(&self, thread: ThreadId) -> Option<&Record> {
        self.0.get(&thread)?.last()
    }

    fn last_mut(&mut self, thread: ThreadId) -> Option<&mut Record> {
        self.0.get_mut(&thread)?.last_mut()
    }

    /// The innermost waits of all threads.
    fn all_last(&self) -> impl Iterator<Item = (ThreadId, &Record)> {
        self.0
            .iter()
            .filter_map(|(thread, stack)| Some((*thread, stack.last()?)))
    }

    /// What the thread of `record` waits for, and the edges that lead from it. None if there are none: the wait has an
    /// outcome or a limit, or gives up.
    pub fn edges(&self, record: &Record) -> Option<(Named, Vec<Edge>)> {
        if !record.is_pending() {
            return None;
        }
        let waiter = &record.waiter;
        // Read the owner first: a waiter of a Condition that is notified in between has no owner to wait for yet.
        let owner = waiter.owner();
        let key = waiter.key();
        let mut edges = Vec::new();
        if let Some(owner) = owner {
            edges.push(Edge::new(owner, Holding::Owns));
        }
        let (holding, blocks): (_, &dyn Fn(&Record) -> bool) = match (waiter.access(), owner) {
            (Access::Own, _) | (Access::Write, Some(_)) => (Holding::Owns, &|_| false),
            (Access::Write, None) => (Holding::Reads, &|other| other.reads_cell(key.cell())),
            (Access::Read, _) => (Holding::QueuedBefore, &|other| other.writes_before(waiter)),
        };
        edges.extend(
            self.all_last()
                .filter(|(_, other)| blocks(other))
                .map(|(thread, _)| Edge::new(thread, holding)),
        );
        record.is_pending().then(|| (record.labels.get(key), edges))
    }
}

impl Record {
    /// Its waiter.
    pub fn waiter(&self) -> &Arc<Waiter> {
        &self.waiter
    }

    /// How many checks for interrupts have ended.
    pub fn checked(&self) -> u32 {
        self.checked
    }

    /// Whether the thread waits, and only what it waits for can end that.
    fn is_pending(&self) -> bool {
        !self.is_limited() && !self.breaks_cycle && !self.waiter.is_completed()
    }

    fn is_limited(&self) -> bool {
        self.limited && !self.waiter.was_notified()
    }

    /// Whether its thread reads this lock. Unknown, and so no, while the thread checks for interrupts.
    fn reads_cell(&self, cell: SharedWord) -> bool {
        !self.checks && self.reads.contains(&cell)
    }

    /// Whether it waits to write at the lock at which `reader` waits, and stands before that in the queue.
    fn writes_before(&self, reader: &Waiter) -> bool {
        self.waiter.access() == Access::Write
            && self.waiter.key() == reader.key()
            && self.waiter.ticket() < reader.ticket()
            && self.is_pending()
    }
}
