//! Which queue: a cell of shared memory, and what kind of primitive it is.

use crate::cell::SharedWord;

/// What a cell is to those who wait for it. Cells that two kinds of primitive were put on by mistake have a queue
/// for each, so that no waiter is ever told what only another kind's understands.
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
    /// Waits for it to open.
    Latch,
    /// Waits for permits of a Semaphore.
    Semaphore,
    /// Waits to read or write under an RwLock.
    RwLock,
}

/// Which queue: a cell, and what it is.
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
