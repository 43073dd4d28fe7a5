//! The same on the bare system call, with no more than each of them needs.

use std::cell::UnsafeCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::*};

use crate::primitives::{Crowd, Kit, Lock, Meeting, Rounds, Turns};

fn wait(word: &AtomicU32, expected: u32) {
    let operation = libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG;
    let no_limit = std::ptr::null::<libc::timespec>();
    // SAFETY: the word outlives the call, and the kernel only reads it.
    unsafe {
        libc::syscall(
            libc::SYS_futex,
            word.as_ptr(),
            operation,
            expected,
            no_limit,
        )
    };
}

fn wake(word: &AtomicU32, count: i32) {
    let operation = libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG;
    // SAFETY: the kernel takes the address as a name only.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), operation, count) };
}

pub struct Futex;

impl Kit for Futex {
    type Lock = Mutex;
    type Meeting = Sleepers;
    type Rounds = Barrier;
    type Turns = Word;
}

const FREE: u32 = 0;
const HELD: u32 = 1;
const AWAITED: u32 = 2;

/// Mutex 3 of Drepper, "Futexes Are Tricky", without spinning.
#[derive(Default)]
pub struct Mutex(AtomicU32);

impl Mutex {
    fn lock(&self) {
        if self
            .0
            .compare_exchange(FREE, HELD, Acquire, Relaxed)
            .is_err()
        {
            while self.0.swap(AWAITED, Acquire) != FREE {
                wait(&self.0, AWAITED);
            }
        }
    }

    fn unlock(&self) {
        if self.0.swap(FREE, Release) == AWAITED {
            wake(&self.0, 1);
        }
    }
}

impl Lock for Mutex {
    fn exclusively(&self, section: impl FnOnce()) {
        self.lock();
        section();
        self.unlock();
    }

    fn try_exclusively(&self, section: impl FnOnce()) -> bool {
        let is_mine = self
            .0
            .compare_exchange(FREE, HELD, Acquire, Relaxed)
            .is_ok();
        if is_mine {
            section();
            self.unlock();
        }
        is_mine
    }
}

/// Arrivals, and the number of the round that they wait in.
pub struct Barrier {
    total: u32,
    arrived: AtomicU32,
    round: AtomicU32,
}

impl Rounds for Barrier {
    fn new(total: u32) -> Self {
        Self {
            total,
            arrived: AtomicU32::new(0),
            round: AtomicU32::new(0),
        }
    }

    fn pass(&self) {
        let round = self.round.load(Acquire);
        if self.arrived.fetch_add(1, AcqRel) + 1 == self.total {
            self.arrived.store(0, Relaxed);
            self.round.store(round.wrapping_add(1), Release);
            wake(&self.round, i32::MAX);
        } else {
            while self.round.load(Acquire) == round {
                wait(&self.round, round);
            }
        }
    }
}

/// Whose turn it is.
#[derive(Default)]
pub struct Word(AtomicU32);

impl Turns for Word {
    fn take(&self, mine: u32) {
        while self.0.load(Acquire) != mine {
            wait(&self.0, 1 - mine);
        }
        self.0.store(1 - mine, Release);
        wake(&self.0, 1);
    }
}

const ASLEEP: u32 = 0;
const AWAKE: u32 = 1;

/// A condition that has a futex for each of its waiters, and wakes them all while it owns the mutex.
#[derive(Default)]
pub struct Sleepers {
    mutex: Mutex,
    inner: UnsafeCell<(Crowd, Vec<Arc<AtomicU32>>)>,
}

// SAFETY: `inner` is used by the owner of the mutex alone.
unsafe impl Sync for Sleepers {}

impl Sleepers {
    /// For the owner of the mutex.
    fn inner<R>(&self, section: impl FnOnce(&mut (Crowd, Vec<Arc<AtomicU32>>)) -> R) -> R {
        // SAFETY: the caller owns the mutex, and no section calls this again.
        section(unsafe { &mut *self.inner.get() })
    }
}

impl Meeting for Sleepers {
    fn with<R>(&self, section: impl FnOnce(&mut Crowd) -> R) -> R {
        self.mutex.lock();
        let result = self.inner(|(crowd, _)| section(crowd));
        self.mutex.unlock();
        result
    }

    fn wait(
        &self,
        enter: impl FnOnce(&mut Crowd),
        is_over: impl Fn(&Crowd) -> bool,
        leave: impl FnOnce(&mut Crowd),
    ) {
        self.mutex.lock();
        self.inner(|(crowd, _)| enter(crowd));
        while !self.inner(|(crowd, _)| is_over(crowd)) {
            let word = Arc::new(AtomicU32::new(ASLEEP));
            self.inner(|(_, sleepers)| sleepers.push(Arc::clone(&word)));
            self.mutex.unlock();
            while word.load(Acquire) == ASLEEP {
                wait(&word, ASLEEP);
            }
            self.mutex.lock();
        }
        self.inner(|(crowd, _)| leave(crowd));
        self.mutex.unlock();
    }

    fn notify_all(&self, section: impl FnOnce(&mut Crowd)) {
        self.mutex.lock();
        self.inner(|(crowd, sleepers)| {
            section(crowd);
            for word in sleepers.drain(..) {
                word.store(AWAKE, Release);
                wake(&word, 1);
            }
        });
        self.mutex.unlock();
    }
}
