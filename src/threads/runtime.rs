//! What a blocked thread asks of the JavaScript runtime that it belongs to.

use crate::futex::Deadline;

/// What the runtime answers a blocked thread that looks in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing: sleep on.
    Continue,
    /// The wait has to end: the thread is being terminated, or an exception is pending in it.
    Stop,
}

/// The runtime of one thread.
pub trait Runtime {
    /// When to look in next; never, where nothing can want the thread.
    fn next_look(&self) -> Option<Deadline>;

    /// Serves what the runtime wants of the thread. It may run code of the user's, which may wait in turn: hold
    /// no lock across it, and look at your own state again afterwards.
    fn look(&self) -> Look;
}
