//! Systems whose event loops are not watched, and the models: blocked threads check at intervals there.

use super::{Added, ThreadId, Watcher};

/// A set that does not exist.
pub enum Nothing {}

impl Watcher for Nothing {
    fn new() -> Option<Self> {
        None
    }

    fn add(&self, _descriptor: i32, _id: ThreadId) -> Option<Added> {
        match *self {}
    }

    fn remove(&self, _descriptor: i32) {
        match *self {}
    }

    fn wait(&self, _readable: impl FnMut(ThreadId)) {
        match *self {}
    }
}
