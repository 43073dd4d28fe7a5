//! The key of a queue: a cell of shared memory, and the kind of primitive in it.

use crate::cell::SharedWord;

/// What a cell is to its waiters. If two kinds of primitive were put in one cell by mistake, each kind has a queue of
/// its own. So no waiter receives an outcome that only the other kind understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Waits to own a Mutex.
    Mutex,
    /// Waits to be notified.
    Condition,
    /// Waits for the others to arrive.
    Barrier,
    /// Waits to arrive, while an action runs.
    BarrierGate,
    /// Waits for a Latch to open.
    Latch,
    /// Waits for permits of a Semaphore.
    Semaphore,
    /// Waits for an Event to be set.
    Event,
    /// Waits to run the function of a Once, or until it has run.
    Once,
    /// Waits to read or write under an RwLock.
    RwLock,
    /// Wants to know when a Cancel is aborted.
    Cancel,
    /// Waits to look into the ring of a Channel again.
    Channel,
    /// Watches a primitive for a select. Stands beside the queue of the primitive, on the same cell.
    Select,
}

/// The key of a queue: a cell, and its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Key {
    cell: SharedWord,
    kind: Kind,
}

impl Key {
    /// The queue of `cell` as a `kind`.
    pub fn new(cell: SharedWord, kind: Kind) -> Self {
        Key { cell, kind }
    }

    /// The cell.
    pub fn cell(self) -> SharedWord {
        self.cell
    }

    /// What the cell is.
    pub fn kind(self) -> Kind {
        self.kind
    }

    pub(super) fn address(self) -> usize {
        self.cell.address()
    }
}
