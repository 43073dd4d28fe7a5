//! One thread for the whole process that watches the event loops of blocked threads, and interrupts a thread when its
//! runtime wants that. It starts with the first long wait, sleeps otherwise, and ends with the process.

#[cfg(all(target_os = "linux", not(loom)))]
mod linux;
#[cfg(any(not(target_os = "linux"), loom))]
mod none;

#[cfg(all(target_os = "linux", not(loom)))]
pub use linux::Epoll as Descriptors;
#[cfg(any(not(target_os = "linux"), loom))]
pub use none::Nothing as Descriptors;

use super::ThreadId;

/// The state of a descriptor when it was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// Not readable: the first event will be new.
    Quiet,
    /// Readable already: the first event is stale.
    Readable,
}

/// A set of descriptors that can be waited on while other threads change it.
pub trait Watcher: Sized + Send + Sync {
    /// An empty set. None if the system has no such thing.
    fn new() -> Option<Self>;

    /// Adds a descriptor. None if that fails. A descriptor that is readable already counts as an event.
    fn add(&self, descriptor: i32, id: ThreadId) -> Option<Added>;

    /// Removes a descriptor. After this its number may be reused.
    fn remove(&self, descriptor: i32);

    /// Sleeps until some of the descriptors have become readable, and calls `readable` with their threads.
    fn wait(&self, readable: impl FnMut(ThreadId));
}
