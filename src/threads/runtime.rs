//! The interface between a blocked thread and its JavaScript runtime.

use crate::cell::SharedWord;
use crate::label::Label;

/// The result of an interrupt check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupt {
    /// There is no reason to end the wait.
    Continue,
    /// The wait has to end: the thread is being terminated, or an exception is pending in it.
    Stop,
}

/// How a blocked thread learns that its runtime wants to interrupt it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterruptSource {
    /// It is never interrupted.
    Never,
    /// The descriptor of its event loop becomes readable.
    Descriptor(i32),
    /// Nothing reports it. The thread checks at intervals in nanoseconds, which double from the first to the longest.
    Intervals {
        /// How long it sleeps before the first check.
        first: u64,
        /// How long it sleeps at most.
        longest: u64,
    },
}

/// The runtime of one thread.
pub trait Runtime {
    /// How the runtime interrupts the thread.
    fn interrupt_source(&self) -> InterruptSource;

    /// Serves the pending interrupts of the runtime. It may run user code, which may wait in turn. The caller holds
    /// no lock across this call, and checks its own state again afterwards.
    fn check_interrupts(&self) -> Interrupt;

    /// How messages refer to the primitive in `cell`, one of those at which the thread waits.
    fn label(&self, _cell: SharedWord) -> Label {
        Label::default()
    }

    /// The thread is about to block. Its promises are passed over until it resumes.
    fn before_block(&self) {}

    /// The thread is no longer blocked, unless in an outer wait.
    fn after_block(&self) {}
}
