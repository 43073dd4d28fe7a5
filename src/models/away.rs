//! A thread that blocks while promises of its are queued: they are away, strand nobody, and get their turn when it goes on.

use super::promises::{promise_of, settled};
use super::rwlock::Counts;
use super::{COMPETE, HAND_OVER, QUIET, World, run, spawn};
use crate::primitives::{Acquiring, Entering, Latch, Locked, Locking, Mutex, Request, Semaphore};
use crate::queue::{Begun, Caller, HandOver, Wait};
use crate::threads::{Attention, Look, Runtime};
use std::cell::RefCell;

/// What the promise and the others wait for, as one thread sees it.
trait Scene {
    type Waiting: Wait;

    fn new() -> Self;
    fn lock(&self, world: &World, caller: &Caller);
    fn unlock(&self, world: &World, caller: &Caller);
    fn promise(&self, world: &World, caller: &Caller) -> Begun<Self::Waiting>;
    fn unlock_promised(&self, world: &World, caller: &Caller);
}

struct AMutex;

impl Scene for AMutex {
    type Waiting = Locking;

    fn new() -> Self {
        AMutex
    }

    fn lock(&self, world: &World, caller: &Caller) {
        let locked = Mutex::new(world.cell(0)).lock(caller, None);
        assert_eq!(locked, Ok(Locked::Acquired));
    }

    fn unlock(&self, world: &World, caller: &Caller) {
        assert_eq!(Mutex::new(world.cell(0)).unlock(caller), Ok(()));
    }

    fn promise(&self, world: &World, caller: &Caller) -> Begun<Locking> {
        Mutex::new(world.cell(0)).begin(caller, &promise_of(caller))
    }

    fn unlock_promised(&self, world: &World, caller: &Caller) {
        assert_eq!(Mutex::new(world.cell(0)).unlock_guard(caller), Ok(()));
    }
}

struct ASemaphore;

impl ASemaphore {
    fn of(world: &World) -> Semaphore {
        Semaphore::new(world.cell(0), 1, 1)
    }
}

impl Scene for ASemaphore {
    type Waiting = Acquiring;

    fn new() -> Self {
        ASemaphore
    }

    fn lock(&self, world: &World, caller: &Caller) {
        let acquired = Self::of(world).acquire(caller, 1, None);
        assert_eq!(acquired, Ok(Locked::Acquired));
    }

    fn unlock(&self, world: &World, caller: &Caller) {
        Self::of(world).release(caller, 1).unwrap();
    }

    fn promise(&self, world: &World, caller: &Caller) -> Begun<Acquiring> {
        Self::of(world).begin(caller, &promise_of(caller), 1)
    }

    fn unlock_promised(&self, world: &World, caller: &Caller) {
        self.unlock(world, caller);
    }
}

/// A lock that the others write under, and the promise is to read.
struct ALockToRead(Counts);

impl Scene for ALockToRead {
    type Waiting = Entering;

    fn new() -> Self {
        ALockToRead(Counts::new())
    }

    fn lock(&self, world: &World, caller: &Caller) {
        let entered = self.0.lock(world).write(caller, None);
        assert_eq!(entered, Ok(Locked::Acquired));
    }

    fn unlock(&self, world: &World, caller: &Caller) {
        assert_eq!(self.0.lock(world).unlock_write(caller), Ok(()));
    }

    fn promise(&self, world: &World, caller: &Caller) -> Begun<Entering> {
        let lock = self.0.lock(world);
        lock.begin(caller, &promise_of(caller), Request::Read)
    }

    fn unlock_promised(&self, world: &World, caller: &Caller) {
        assert_eq!(self.0.lock(world).unlock_read_guard(caller), Ok(()));
    }
}

/// A lock that the others read under, and the promise is to write.
struct ALockToWrite(Counts);

impl Scene for ALockToWrite {
    type Waiting = Entering;

    fn new() -> Self {
        ALockToWrite(Counts::new())
    }

    fn lock(&self, world: &World, caller: &Caller) {
        let entered = self.0.lock(world).read(caller, None);
        assert_eq!(entered, Ok(Locked::Acquired));
    }

    fn unlock(&self, world: &World, caller: &Caller) {
        assert_eq!(self.0.lock(world).unlock_read(caller), Ok(()));
    }

    fn promise(&self, world: &World, caller: &Caller) -> Begun<Entering> {
        let lock = self.0.lock(world);
        lock.begin(caller, &promise_of(caller), Request::Write)
    }

    fn unlock_promised(&self, world: &World, caller: &Caller) {
        assert_eq!(self.0.lock(world).unlock_write_guard(caller), Ok(()));
    }
}

/// The runtime of a thread with promises.
struct WithPromises<'a, W: Wait> {
    caller: &'a Caller<'a>,
    promises: RefCell<Vec<W>>,
}

impl<W: Wait> Runtime for WithPromises<'_, W> {
    fn attention(&self) -> Attention {
        Attention::Never
    }

    fn look(&self) -> Look {
        Look::Continue
    }

    fn blocks(&self) {
        // The last first: they come in any order.
        for promise in self.promises.borrow_mut().iter_mut().rev() {
            promise.retreat(self.caller);
        }
    }

    fn goes_on(&self) {
        for promise in self.promises.borrow().iter().rev() {
            promise.tend(self.caller);
        }
    }
}

/// A thread whose promise is queued blocks until the one behind has had the lock.
fn strands_nobody<S: Scene + 'static>(hand_over: HandOver) {
    loom::model(move || {
        let world = World::new(hand_over);
        let owner = world.thread(1);
        let scene = S::new();
        run(&world, &owner, QUIET, |world, caller| {
            scene.lock(world, caller);
        });
        let blocks = spawn(&world, 2, QUIET, |world, caller| {
            let scene = S::new();
            if let Begun::Waits(promise) = scene.promise(world, caller) {
                let runtime = WithPromises {
                    caller,
                    promises: RefCell::new(vec![promise]),
                };
                let with_promise = Caller {
                    runtime: &runtime,
                    ..*caller
                };
                let opened = Latch::new(world.cell(1), 1).wait(&with_promise, None);
                assert_eq!(opened, Ok(Locked::Acquired));
                for promise in runtime.promises.into_inner() {
                    settled(caller, Begun::Waits(promise));
                }
            }
            scene.unlock_promised(world, caller);
        });
        let behind = spawn(&world, 3, QUIET, |world, caller| {
            let scene = S::new();
            scene.lock(world, caller);
            scene.unlock(world, caller);
            Latch::new(world.cell(1), 1).count_down(caller, 1).unwrap();
        });
        run(&world, &owner, QUIET, |world, caller| {
            scene.unlock(world, caller);
        });
        blocks.join().unwrap();
        behind.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_promise_that_was_woken_just_before_its_thread_blocks_strands_nobody() {
    strands_nobody::<AMutex>(COMPETE);
}

#[test]
fn a_promise_that_was_handed_the_lock_just_before_its_thread_blocks_strands_nobody() {
    strands_nobody::<AMutex>(HAND_OVER);
}

#[test]
fn a_promise_that_was_given_permits_just_before_its_thread_blocks_strands_nobody() {
    strands_nobody::<ASemaphore>(COMPETE);
}

#[test]
fn a_promise_to_read_that_was_let_in_just_before_its_thread_blocks_strands_nobody() {
    strands_nobody::<ALockToRead>(COMPETE);
}

#[test]
fn a_promise_to_write_that_was_let_in_just_before_its_thread_blocks_strands_nobody() {
    strands_nobody::<ALockToWrite>(COMPETE);
}

/// A thread with so many promises, which ask for more permits than are free, blocks until a promise behind them, which
/// asks for less, has had its permit.
fn behind_promises_whose_thread_blocks(count: usize) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let of = |world: &World| Semaphore::new(world.cell(0), 2, 2);
        let owner = world.thread(1);
        run(&world, &owner, QUIET, |world, caller| {
            assert_eq!(of(world).acquire(caller, 1, None), Ok(Locked::Acquired));
        });
        let blocks = spawn(&world, 2, QUIET, move |world, caller| {
            let promises =
                (0..count).map(|_| match of(world).begin(caller, &promise_of(caller), 2) {
                    Begun::Waits(promise) => promise,
                    Begun::Done(_) => panic!("it was given two of one"),
                });
            let runtime = WithPromises {
                caller,
                promises: RefCell::new(promises.collect()),
            };
            let with_promises = Caller {
                runtime: &runtime,
                ..*caller
            };
            let opened = Latch::new(world.cell(1), 1).wait(&with_promises, None);
            assert_eq!(opened, Ok(Locked::Acquired));
            of(world).release(caller, 1).unwrap();
            for promise in runtime.promises.into_inner() {
                settled(caller, Begun::Waits(promise)).unwrap();
                of(world).release(caller, 2).unwrap();
            }
        });
        let behind = spawn(&world, 3, QUIET, move |world, caller| {
            let semaphore = of(world);
            settled(caller, semaphore.begin(caller, &promise_of(caller), 1)).unwrap();
            semaphore.release(caller, 1).unwrap();
            Latch::new(world.cell(1), 1).count_down(caller, 1).unwrap();
        });
        blocks.join().unwrap();
        behind.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_promise_behind_one_whose_thread_blocks_is_not_forgotten() {
    behind_promises_whose_thread_blocks(1);
}

#[test]
fn a_promise_behind_two_whose_thread_blocks_is_not_forgotten() {
    behind_promises_whose_thread_blocks(2);
}
