//! One thread for the whole process that watches the event loops of those that are blocked, and pokes the right one when
//! its runtime wants it. It starts with the first long wait, sleeps otherwise, and ends with the process.

#[cfg(all(target_os = "linux", not(loom)))]
mod linux;
#[cfg(any(not(target_os = "linux"), loom))]
mod none;

#[cfg(all(target_os = "linux", not(loom)))]
pub use linux::Epoll as Descriptors;
#[cfg(any(not(target_os = "linux"), loom))]
pub use none::Nothing as Descriptors;

use super::ThreadId;

/// What a descriptor was when it was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// Quiet: the first event will be news.
    Quiet,
    /// Readable already: the first event is no news.
    Readable,
}

/// A set of descriptors that can be waited on while other threads change it.
pub trait Watcher: Sized + Send + Sync {
    /// An empty set; none where the system has no such thing.
    fn new() -> Option<Self>;

    /// Adds a descriptor; none where that fails. If it is readable already, that counts as an event.
    fn add(&self, descriptor: i32, id: ThreadId) -> Option<Added>;

    /// Takes it out: after this, its number may be used for something else.
    fn remove(&self, descriptor: i32);

    /// Sleeps until some of the descriptors have become readable, and says whose.
    fn wait(&self, readable: impl FnMut(ThreadId));
}
