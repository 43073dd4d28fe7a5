//! Linux and macOS: a descriptor of our own.

use super::{Sink, Taking};
use std::io::{Error, ErrorKind};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// A descriptor to which texts are written.
pub struct Descriptor {
    descriptor: OwnedFd,
    /// A blocking socket can be written to without waiting, which no other blocking descriptor can.
    is_socket: bool,
}

impl Descriptor {
    /// A duplicate of standard error. None if that is closed.
    pub fn standard_error() -> Option<Self> {
        Self::duplicate(libc::STDERR_FILENO)
    }

    /// A duplicate of `descriptor`. The lowest three numbers belong to the standard streams.
    fn duplicate(descriptor: RawFd) -> Option<Self> {
        // SAFETY: takes a number, which need not be open, and makes a new descriptor.
        let duplicate = unsafe { libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 3) };
        // SAFETY: the descriptor was just created, and nothing else owns it.
        (duplicate >= 0).then(|| Self::new(unsafe { OwnedFd::from_raw_fd(duplicate) }))
    }

    /// Opens a file to append to it, and creates it if it does not exist. A named pipe has to have a reader.
    pub fn append_to(path: &Path) -> std::io::Result<Self> {
        let file = std::fs::OpenOptions::new()
            .append(true)
            .create(true)
            // This opening of the file is ours alone, so that it may be non-blocking.
            .custom_flags(libc::O_NONBLOCK)
            .open(path)?;
        Ok(Self::new(file.into()))
    }

    fn new(descriptor: OwnedFd) -> Self {
        let (mut kind, mut length) = (0, size_of::<libc::c_int>() as libc::socklen_t);
        // SAFETY: the place has the length that is passed. The call fails for all but sockets.
        let status = unsafe {
            libc::getsockopt(
                descriptor.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_TYPE,
                (&raw mut kind).cast(),
                &mut length,
            )
        };
        Descriptor {
            descriptor,
            is_socket: status == 0,
        }
    }

    /// What `poll` says of the descriptor, within a time in milliseconds. A negative time has no limit.
    fn poll_within(&self, milliseconds: libc::c_int) -> Taking {
        let mut poll = libc::pollfd {
            fd: self.descriptor.as_raw_fd(),
            events: libc::POLLOUT,
            revents: 0,
        };
        // SAFETY: one valid entry.
        let ready = unsafe { libc::poll(&mut poll, 1, milliseconds) };
        let is = |event| poll.revents & event != 0;
        if ready <= 0 {
            Taking::Later
        } else if is(libc::POLLERR | libc::POLLHUP | libc::POLLNVAL) {
            Taking::Never
        } else {
            Taking::Now
        }
    }
}

impl Sink for Descriptor {
    fn poll(&self) -> Taking {
        self.poll_within(0)
    }

    fn wait(&self) {
        self.poll_within(-1);
    }

    fn write(&self, chunk: &[u8]) -> Option<usize> {
        let (descriptor, data) = (self.descriptor.as_raw_fd(), chunk.as_ptr().cast());
        // SAFETY: the chunk is valid for its length.
        let taken = unsafe {
            if self.is_socket {
                libc::send(descriptor, data, chunk.len(), libc::MSG_DONTWAIT)
            } else {
                libc::write(descriptor, data, chunk.len())
            }
        };
        usize::try_from(taken).ok().or_else(|| {
            // Negative: the call failed.
            let kind = Error::last_os_error().kind();
            matches!(kind, ErrorKind::Interrupted | ErrorKind::WouldBlock).then_some(0)
        })
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::{MAX_CHUNK, Writer};
    use super::*;
    use std::io::Read;
    use std::os::unix::net::UnixStream;
    use std::time::{Duration, Instant};

    fn writer(descriptor: &impl AsRawFd) -> &'static Writer<Descriptor> {
        let duplicate = Descriptor::duplicate(descriptor.as_raw_fd()).unwrap();
        Box::leak(Box::new(Writer::new(duplicate)))
    }

    fn until(condition: impl Fn() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < Duration::from_secs(10));
            std::thread::yield_now();
        }
    }

    /// Fills a stream that is not read, and reads it then: no text is lost, and no caller waits.
    fn fills(mut reader: impl Read, stream: impl AsRawFd) {
        let writer = writer(&stream);
        let line = "x".repeat(MAX_CHUNK - 1);
        let begin = Instant::now();
        let mut handed_over = 0;
        // Written texts first, then queued ones, until one is left out.
        while writer.write(&line) {
            handed_over += 1;
            while handed_over < 8 && writer.is_writing() {
                std::thread::yield_now();
            }
        }
        assert!(begin.elapsed() < Duration::from_secs(5));
        until(|| !writer.is_writing());
        writer.flush(Duration::from_secs(10));
        assert!(begin.elapsed() < Duration::from_secs(5));
        drop(stream);
        let mut read = vec![0; handed_over * MAX_CHUNK];
        reader.read_exact(&mut read).unwrap();
        assert!(
            read.chunks(MAX_CHUNK)
                .all(|chunk| chunk[..MAX_CHUNK - 1] == *line.as_bytes())
        );
        until(|| writer.is_idle());
    }

    #[test]
    fn a_pipe_that_is_not_read_blocks_no_caller_and_loses_no_text_that_was_taken() {
        let (reader, stream) = std::io::pipe().unwrap();
        fills(reader, stream);
    }

    #[test]
    fn a_socket_that_is_not_read_blocks_no_caller_and_loses_no_text_that_was_taken() {
        let (reader, stream) = UnixStream::pair().unwrap();
        fills(reader, stream);
    }

    #[test]
    fn a_duplicate_leaves_the_stream_as_it_was() {
        let (_reader, stream) = std::io::pipe().unwrap();
        // SAFETY: an open descriptor.
        let flags = || unsafe { libc::fcntl(stream.as_raw_fd(), libc::F_GETFL) };
        let before = flags();
        let writer = writer(&stream);
        assert!(writer.write("text"));
        until(|| writer.is_idle());
        assert_eq!(flags(), before);
        assert_eq!(before & libc::O_NONBLOCK, 0);
    }

    #[test]
    fn a_pipe_whose_reader_is_gone_is_left_alone() {
        let (reader, stream) = std::io::pipe().unwrap();
        let writer = writer(&stream);
        drop(reader);
        assert!(writer.write("text"));
        until(|| writer.is_idle());
        assert!(!writer.write("text"));
    }
}
