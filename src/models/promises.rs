//! Promises, which stand in the queues beside threads. A thread of the model stands for an event loop.

use super::condition::primitives;
use super::{COMPETE, HAND_OFF, UNINTERRUPTED, World, run, spawn};
use crate::primitives::{Fault, Locking, Mutex, Notified, Recovered, Wait, Waiting};
use crate::queue::{Context, HandOff, Readiness, Requester, Unpark, WakeReason};
use crate::sync::{AtomicU32, Ordering};
use crate::threads::{Interrupt, InterruptSource, Runtime, Thread};
use std::cell::RefCell;
use std::sync::Arc;
use std::task::Poll;

/// An event loop, which turns when it is woken.
struct EventLoop(Arc<Thread>);

impl Unpark for EventLoop {
    fn unpark(&self, _token: u64) {
        self.0.parker().unpark();
    }

    fn interrupt(&self) {}

    fn readiness(&self) -> Readiness {
        if self.0.is_blocked() {
            Readiness::ThreadBlocked
        } else {
            Readiness::Ready
        }
    }
}

pub(super) fn promise_of(context: &Context) -> Requester {
    let target = Arc::new(EventLoop(Arc::clone(context.thread)));
    Requester::promise_of(context.thread, target, 0)
}

/// Begins a wait as a promise, and lets the event loop turn until the promise is settled.
pub(super) fn run_to_completion<W: Wait>(
    context: &Context,
    mut wait: W,
) -> Result<W::Output, Fault> {
    match wait.start(context) {
        Poll::Ready(result) => result,
        Poll::Pending => settle(context, wait),
    }
}

/// Lets the event loop turn until a pending promise is settled.
pub(super) fn settle<W: Wait>(context: &Context, mut wait: W) -> Result<W::Output, Fault> {
    loop {
        let Some(outcome) = wait.waiter().outcome() else {
            context.thread.parker().park(None);
            continue;
        };
        if let Poll::Ready(result) = wait.resume(context, WakeReason::Completed(outcome)) {
            return result;
        }
    }
}

/// The runtime of a thread with one pending promise.
struct WithPromise<'a, W> {
    context: &'a Context<'a>,
    promise: RefCell<W>,
}

impl<W: Wait> Runtime for WithPromise<'_, W> {
    fn interrupt_source(&self) -> InterruptSource {
        InterruptSource::Never
    }

    fn check_interrupts(&self) -> Interrupt {
        Interrupt::Continue
    }

    fn before_block(&self) {
        self.promise.borrow_mut().requeue_for_block(self.context);
    }

    fn after_block(&self) {
        self.promise.borrow().revalidate(self.context);
    }
}

/// Calls `body` as the thread of a pending promise, which may block.
pub(super) fn with_promise<W: Wait>(context: &Context, promise: W, body: impl FnOnce(&Context)) {
    let runtime = WithPromise {
        context,
        promise: RefCell::new(promise),
    };
    body(&Context {
        runtime: &runtime,
        ..*context
    });
}

/// Locks by a promise, and unlocks by its guard.
pub(super) fn lock_by_promise(world: &World, context: &Context) {
    let mutex = Mutex::new(world.cell(0));
    let locked = run_to_completion(context, Locking::new(mutex, &promise_of(context)));
    assert_eq!(locked, Ok(Recovered::Acquired));
    assert_eq!(mutex.unlock(context), Err(Fault::WrongOwnerKind));
    assert_eq!(mutex.unlock_as(context, context.guard()), Ok(()));
}

pub(super) fn lock_by_thread(world: &World, context: &Context) {
    let mutex = Mutex::new(world.cell(0));
    assert_eq!(mutex.lock(context, None), Ok(()));
    assert_eq!(mutex.unlock(context), Ok(()));
}

fn mixed(handoff: HandOff) {
    loom::model(move || {
        let world = World::new(handoff);
        let by_promise = spawn(&world, 2, UNINTERRUPTED, lock_by_promise);
        let by_thread = spawn(&world, 3, UNINTERRUPTED, lock_by_thread);
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, lock_by_promise);
        by_promise.join().unwrap();
        by_thread.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn promises_and_threads_all_acquire_the_lock() {
    mixed(COMPETE);
}

#[test]
fn promises_and_threads_all_acquire_the_lock_when_it_is_handed_off() {
    mixed(HAND_OFF);
}

/// A promise is cancelled at any moment, as when its environment ends. The waiter behind it acquires the lock.
fn giving_up(handoff: HandOff) {
    loom::model(move || {
        let world = World::new(handoff);
        let owner = world.thread(1);
        let mutex = Mutex::new(world.cell(0));
        run(&world, &owner, UNINTERRUPTED, |_, context| {
            assert_eq!(mutex.lock(context, None), Ok(()));
        });
        let ends = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            let mutex = Mutex::new(world.cell(0));
            let mut wait = Locking::new(mutex, &promise_of(context));
            match wait.start(context) {
                Poll::Ready(locked) => {
                    assert_eq!(locked, Ok(Recovered::Acquired));
                    mutex.unlock_as(context, context.guard()).unwrap();
                }
                Poll::Pending => {
                    let _ = wait.resume(context, WakeReason::Interrupted);
                }
            }
        });
        let waits = spawn(&world, 3, UNINTERRUPTED, lock_by_thread);
        run(&world, &owner, UNINTERRUPTED, |_, context| {
            assert_eq!(mutex.unlock(context), Ok(()));
        });
        ends.join().unwrap();
        waits.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_cancelled_promise_passes_on_its_wake_up() {
    giving_up(COMPETE);
}

#[test]
fn a_cancelled_promise_passes_on_the_lock_it_was_handed() {
    giving_up(HAND_OFF);
}

#[test]
fn no_notification_of_a_promise_is_lost() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let flag = Arc::new(AtomicU32::new(0));
        let seen = Arc::clone(&flag);
        let waits = spawn(&world, 2, UNINTERRUPTED, move |world, context| {
            let (mutex, condition) = primitives(world);
            let requester = promise_of(context);
            let locked = run_to_completion(context, Locking::new(mutex, &requester));
            assert_eq!(locked, Ok(Recovered::Acquired));
            while seen.load(Ordering::Relaxed) == 0 {
                let notified =
                    run_to_completion(context, Waiting::new(condition, mutex, &requester));
                assert_eq!(notified, Ok(Notified::Locked));
            }
            mutex.unlock_as(context, context.guard()).unwrap();
        });
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            let (mutex, condition) = primitives(world);
            assert_eq!(mutex.lock(context, None), Ok(()));
            flag.store(1, Ordering::Relaxed);
            mutex.unlock(context).unwrap();
            condition.notify(context, usize::MAX).unwrap();
        });
        waits.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}
