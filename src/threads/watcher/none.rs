//! Systems whose event loops are not watched: blocked threads look in at intervals there. The models too.

use super::{Added, ThreadId, Watcher};

/// No set at all.
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
