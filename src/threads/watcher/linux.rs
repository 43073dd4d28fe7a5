//! Linux: an epoll that holds the epolls of the event loops, edge-triggered. A descriptor that stays readable,
//! because its event loop does not turn, is reported once.

use super::{Added, ThreadId, Watcher};
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

/// The set.
pub struct Epoll {
    descriptor: OwnedFd,
}

/// The most events that one call takes.
const BATCH: usize = 64;

impl Watcher for Epoll {
    fn new() -> Option<Self> {
        // SAFETY: takes a flag and nothing else.
        let descriptor = unsafe { libc::epoll_create1(libc::EPOLL_CLOEXEC) };
        (descriptor >= 0).then(|| Epoll {
            // SAFETY: the descriptor was just created, and nothing else owns it.
            descriptor: unsafe { OwnedFd::from_raw_fd(descriptor) },
        })
    }

    fn add(&self, descriptor: i32, id: ThreadId) -> Option<Added> {
        let mut poll = libc::pollfd {
            fd: descriptor,
            events: libc::POLLIN,
            revents: 0,
        };
        // SAFETY: one valid entry, and no waiting.
        let readable = unsafe { libc::poll(&mut poll, 1, 0) } > 0;
        let mut event = libc::epoll_event {
            events: (libc::EPOLLIN | libc::EPOLLET) as u32,
            u64: u64::from(id.get()),
        };
        let added = if readable {
            Added::Readable
        } else {
            Added::Quiet
        };
        self.control(libc::EPOLL_CTL_ADD, descriptor, &mut event)
            .then_some(added)
    }

    fn remove(&self, descriptor: i32) {
        self.control(libc::EPOLL_CTL_DEL, descriptor, ptr::null_mut());
    }

    fn wait(&self, mut readable: impl FnMut(ThreadId)) {
        let mut events = [const { MaybeUninit::<libc::epoll_event>::uninit() }; BATCH];
        // SAFETY: the buffer has room for the number of events that is passed.
        let count = unsafe {
            libc::epoll_wait(
                self.descriptor.as_raw_fd(),
                events.as_mut_ptr().cast(),
                BATCH as i32,
                -1,
            )
        };
        // Negative if a signal interrupted the call: then there are no events.
        for event in &events[..usize::try_from(count).unwrap_or(0)] {
            // SAFETY: the kernel has written this many events.
            let event = unsafe { event.assume_init() };
            readable_thread(event.u64)
                .into_iter()
                .for_each(&mut readable);
        }
    }
}

fn readable_thread(data: u64) -> Option<ThreadId> {
    u32::try_from(data).ok().and_then(ThreadId::new)
}

impl Epoll {
    fn control(&self, operation: i32, descriptor: i32, event: *mut libc::epoll_event) -> bool {
        // SAFETY: the event is valid, or null where the operation needs none.
        unsafe { libc::epoll_ctl(self.descriptor.as_raw_fd(), operation, descriptor, event) == 0 }
    }
}
