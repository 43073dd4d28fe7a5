//! Windows: a handle of our own.
//!
//! No call tells whether a pipe takes a chunk: what the system reports as free shrinks with the reads that wait at the
//! other end. So a write to a pipe that is full blocks the writer's thread, and a flush waits for its whole limit.

use super::{Sink, Taking};
use std::fs::File;
use std::io::Write;
use std::os::windows::io::{AsHandle, AsRawHandle};
use std::path::Path;

/// A handle to which texts are written.
pub struct Handle {
    file: File,
}

impl Handle {
    /// A duplicate of standard error. None if there is none.
    pub fn standard_error() -> Option<Self> {
        let stream = std::io::stderr();
        if stream.as_raw_handle().is_null() {
            return None;
        }
        let duplicate = stream.as_handle().try_clone_to_owned().ok()?;
        Some(Handle {
            file: duplicate.into(),
        })
    }

    /// Opens a file to append to it, and creates it if it does not exist.
    pub fn append_to(path: &Path) -> std::io::Result<Self> {
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)?;
        Ok(Handle { file })
    }
}

impl Sink for Handle {
    fn poll(&self) -> Taking {
        Taking::Now
    }

    fn wait(&self) {
        // A write that took nothing failed: there is no need to hurry.
        std::thread::sleep(std::time::Duration::from_millis(10));
    }

    fn write(&self, chunk: &[u8]) -> Option<usize> {
        (&self.file).write(chunk).ok()
    }
}
