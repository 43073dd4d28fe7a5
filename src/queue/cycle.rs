//! The search for a cycle of waits: a deadlock.
//!
//! An edge leads from a thread that waits to each thread that has to do something first. A thread that waits for a Mutex
//! waits for its owner. A thread that waits to write waits for the writer, or for all readers. A thread that waits to
//! read waits for the writer, and for all writers that are queued before it. So each cycle is a deadlock, whatever other
//! edges its threads have. Only blocked threads are visited: a thread that runs may release what it holds.
//!
//! No reported cycle is false. All of its threads were blocked throughout the search, since the lock of the records is
//! held. A blocked thread keeps what it owns and reads. So a thread that waits for the owner, the writer or the readers
//! that the search found cannot continue before one of them does.
//!
//! That a writer is queued before a reader is less certain. Another thread that wakes this reader under the lock of the
//! bucket changes the word first, and completes the wait a moment later. If it is suspended in between, the reader
//! seems to wait, although it is about to enter. So a cycle with such an edge has to be found a second time, after a
//! visit to the bucket: what was going on there the first time is over by then. If both searches found the same waits,
//! the reader and the writer stood in the queue during that visit. The writer could not enter, since the next threads
//! of the cycle kept what it waits for. So no thread behind it was woken.

use super::key::Key;
use super::wait_graph::{Named, Records};
use super::waiter::{Access, Waiter};
use crate::threads::ThreadId;
use std::sync::Arc;

/// How a thread keeps another one waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holding {
    /// It owns the Mutex, or writes under the RwLock.
    Owns,
    /// It reads under the RwLock.
    Reads,
    /// It is queued to write under the RwLock, before the other thread.
    QueuedBefore,
}

/// An edge that leads to `thread`.
pub(super) struct Edge {
    thread: ThreadId,
    holding: Holding,
}

impl Edge {
    pub fn new(thread: ThreadId, holding: Holding) -> Self {
        Edge { thread, holding }
    }
}

/// One thread of a cycle of waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CycleEdge {
    /// The thread.
    pub thread: ThreadId,
    /// How the thread keeps the previous one waiting.
    pub holding: Holding,
    /// What the previous thread waits for.
    pub holds: Named,
    /// How the thread is going to hold what it waits for.
    pub access: Access,
    /// What the thread waits for.
    pub waits_for: Named,
}

/// A cycle. Its first thread is the one that searched.
pub(super) struct Cycle {
    pub edges: Vec<CycleEdge>,
    /// The wait of each thread.
    waits: Vec<Wait>,
}

/// One wait of a thread, between two of its checks for interrupts.
struct Wait {
    waiter: Arc<Waiter>,
    checked: u32,
}

impl Cycle {
    /// Whether the cycle is a deadlock. `first` is the cycle that was found before the visit to the buckets.
    pub fn is_certain(&self, first: Option<&Cycle>) -> bool {
        let queued = |edge: &CycleEdge| edge.holding == Holding::QueuedBefore;
        !self.edges.iter().any(queued) || first.is_some_and(|first| self.is_same(first))
    }

    fn is_same(&self, other: &Cycle) -> bool {
        let holdings = |cycle: &Cycle| -> Vec<_> {
            cycle
                .edges
                .iter()
                .map(|edge| (edge.thread, edge.holding))
                .collect()
        };
        let same_waits = self.waits.iter().zip(&other.waits).all(|(one, other)| {
            Arc::ptr_eq(&one.waiter, &other.waiter) && one.checked == other.checked
        });
        same_waits && holdings(self) == holdings(other)
    }

    /// The queues in which its threads wait.
    pub fn keys(&self) -> impl Iterator<Item = Key> {
        self.edges.iter().map(|edge| edge.waits_for.key)
    }
}

/// A thread on the path of the search.
struct Step {
    /// The edge that led to it.
    edge: Edge,
    wait: Wait,
    waits_for: Named,
    /// The edges that lead from it and were not followed yet.
    edges: Vec<Edge>,
}

impl Step {
    /// None if no edges lead from the thread.
    fn of(records: &Records, edge: Edge) -> Option<Self> {
        let record = records.last(edge.thread)?;
        let (waits_for, edges) = records.edges(record)?;
        let wait = Wait {
            waiter: Arc::clone(record.waiter()),
            checked: record.checked(),
        };
        Some(Step {
            edge,
            wait,
            waits_for,
            edges,
        })
    }
}

/// Searches for a cycle through `thread`, by depth.
pub(super) fn search(records: &Records, thread: ThreadId) -> Option<Cycle> {
    let mut visited = vec![thread];
    let mut path = vec![Step::of(records, Edge::new(thread, Holding::Owns))?];
    let closing = loop {
        match path.last_mut()?.edges.pop() {
            None => {
                path.pop();
            }
            Some(edge) if edge.thread == thread => break edge,
            // A cycle that does not lead through this thread is found by the threads in it.
            Some(edge) if visited.contains(&edge.thread) => {}
            Some(edge) => {
                visited.push(edge.thread);
                path.extend(Step::of(records, edge));
            }
        }
    };
    let held = path.last()?.waits_for.clone();
    path[0].edge = closing;
    let edge = |holds: &mut Named, step: &Step| {
        let holds = std::mem::replace(holds, step.waits_for.clone());
        Some(CycleEdge {
            thread: step.edge.thread,
            holding: step.edge.holding,
            holds,
            access: step.wait.waiter.access(),
            waits_for: step.waits_for.clone(),
        })
    };
    Some(Cycle {
        edges: path.iter().scan(held, edge).collect(),
        waits: path.into_iter().map(|step| step.wait).collect(),
    })
}
