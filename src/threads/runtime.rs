//! What a blocked thread and the JavaScript runtime that it belongs to want of each other.

use crate::cell::SharedWord;
use crate::label::Label;

/// What the runtime answers a blocked thread that looks in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// Nothing: sleep on.
    Continue,
    /// The wait has to end: the thread is being terminated, or an exception is pending in it.
    Stop,
}

/// How a blocked thread learns that its runtime wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptSource {
    /// It is never wanted.
    Never,
    /// The descriptor of its event loop becomes readable.
    Descriptor(i32),
    /// Nothing tells: it has to look in at intervals, in nanoseconds, that double from the first to the longest.
    Intervals {
        /// How long it sleeps before it looks in the first time.
        first: u64,
        /// How long it sleeps at most.
        longest: u64,
    },
}

/// The runtime of one thread.
pub trait Runtime {
    /// How it tells the thread that it wants it.
    fn interrupt_source(&self) -> InterruptSource;

    /// Serves what the runtime wants of the thread. It may run code of the user's, which may wait in turn: hold
    /// no lock across it, and look at your own state again afterwards.
    fn check_interrupts(&self) -> Interrupt;

    /// What messages call the primitive in `cell`, one of those that the thread waits at.
    fn label(&self, _cell: SharedWord) -> Label {
        Label::default()
    }

    /// The thread blocks from here on: promises of its are as good as gone, until it goes on.
    fn blocks(&self) {}

    /// The thread no longer is blocked, unless in an outer wait.
    fn goes_on(&self) {}
}
