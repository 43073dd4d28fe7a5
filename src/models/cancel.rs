//! The cancel, and the waits that it ends.

use super::promises::promise_of;
use super::{COMPETE, HAND_OFF, Plain, UNINTERRUPTED, World, limit, run, spawn};
use crate::futex::Deadline;
use crate::primitives::{
    Abortion, Barrier, Cancel, Condition, Fault, LastArrival, Latch, Locking, Mutex, Recovered,
    Registered, Semaphore, Wait,
};
use crate::queue::{Cancels, Context, HandOff, WakeReason};
use crate::sync::{AtomicU32, Ordering};
use std::sync::Arc;
use std::task::Poll;

fn cancel(world: &World) -> Cancel {
    Cancel::new(world.cell(2))
}

/// Calls `wait` with a context whose waits the cancel ends.
fn cancellable<R>(world: &World, context: &Context, wait: impl FnOnce(&Context) -> R) -> R {
    wait(&Context {
        cancels: &[world.cell(2)],
        ..*context
    })
}

fn lock(world: &World, context: &Context) {
    assert_eq!(Mutex::new(world.cell(0)).lock(context, None), Ok(()));
}

fn unlock(world: &World, context: &Context) {
    assert_eq!(Mutex::new(world.cell(0)).unlock(context), Ok(()));
}

/// A thread waits for what never comes, and `end` ends its wait.
fn ends(bits: u32, end: fn(&World)) {
    loom::model(move || {
        let world = World::hashed(COMPETE, bits);
        let waits = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            cancellable(world, context, |context| {
                Latch::new(world.cell(0), 1).wait(context, None)
            })
        });
        end(&world);
        assert_eq!(waits.join().unwrap(), Err(Fault::Cancelled));
        assert!(cancel(&world).is_aborted());
    });
}

#[test]
fn an_abort_ends_a_wait_that_begins_meanwhile() {
    ends(0, |world| cancel(world).abort(&world.queues));
}

#[test]
fn an_abort_ends_a_wait_in_another_bucket() {
    ends(6, |world| cancel(world).abort(&world.queues));
}

#[test]
fn a_deadline_that_is_set_while_a_wait_begins_ends_it() {
    ends(0, |world| {
        cancel(world).abort_at(&world.queues, Deadline::now());
    });
}

#[test]
fn an_abort_after_a_deadline_was_set_ends_a_wait_that_begins_meanwhile() {
    ends(0, |world| {
        cancel(world).abort_at(&world.queues, Deadline::now().plus(1));
        cancel(world).abort(&world.queues);
    });
}

/// A thread waits by `tries`, which can be cancelled, and is granted the lock while that happens. It unlocks, or another waiter
/// acquires the lock.
fn mutex(handoff: HandOff, tries: fn(&World, &Context)) {
    loom::model(move || {
        let world = World::new(handoff);
        let holder = world.thread(1);
        run(&world, &holder, UNINTERRUPTED, lock);
        let cancelled = spawn(&world, 2, UNINTERRUPTED, tries);
        let other = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            cancel(world).abort(&world.queues);
            lock(world, context);
            unlock(world, context);
        });
        run(&world, &holder, UNINTERRUPTED, unlock);
        cancelled.join().unwrap();
        other.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

fn tries_to_lock(world: &World, context: &Context) {
    let mutex = Mutex::new(world.cell(0));
    match cancellable(world, context, |context| mutex.lock(context, None)) {
        Ok(()) => unlock(world, context),
        other => assert_eq!(other, Err(Fault::Cancelled)),
    }
}

#[test]
fn a_cancelled_wait_keeps_the_lock_or_wakes_the_next() {
    mutex(COMPETE, tries_to_lock);
}

#[test]
fn a_cancelled_wait_keeps_the_lock_that_it_was_handed_or_leaves_it_to_the_next() {
    mutex(HAND_OFF, tries_to_lock);
}

/// As above, for permits.
fn permits(handoff: HandOff) {
    loom::model(move || {
        let world = World::new(handoff);
        let of = |world: &World| Semaphore::new(world.cell(0), 1, 1);
        let holder = world.thread(1);
        run(&world, &holder, UNINTERRUPTED, |world, context| {
            assert_eq!(of(world).acquire(context, 1, None), Ok(()));
        });
        let cancelled = spawn(&world, 2, UNINTERRUPTED, move |world, context| {
            let acquired = cancellable(world, context, |context| {
                of(world).acquire(context, 1, None)
            });
            match acquired {
                Ok(()) => drop(of(world).release(context, 1).unwrap()),
                other => assert_eq!(other, Err(Fault::Cancelled)),
            }
        });
        let other = spawn(&world, 3, UNINTERRUPTED, move |world, context| {
            cancel(world).abort(&world.queues);
            assert_eq!(of(world).acquire(context, 1, None), Ok(()));
            of(world).release(context, 1).unwrap();
        });
        run(&world, &holder, UNINTERRUPTED, |world, context| {
            of(world).release(context, 1).unwrap();
        });
        cancelled.join().unwrap();
        other.join().unwrap();
        assert_eq!(of(&world).available(), Ok(1));
    });
}

#[test]
fn no_permit_is_lost_with_a_cancelled_wait() {
    permits(COMPETE);
}

#[test]
fn no_permit_that_is_handed_off_is_lost_with_a_cancelled_wait() {
    permits(HAND_OFF);
}

/// Two threads wait at a condition, and one of them is notified while the other, or the same, is cancelled. The
/// notified thread acts on it; the mutex is owned in any case.
fn notification(bits: u32) {
    loom::model(move || {
        let world = World::hashed(COMPETE, bits);
        let flag = Arc::new(AtomicU32::new(0));
        let of = |world: &World| Condition::new(world.cell(1));
        let cancelled = {
            let flag = Arc::clone(&flag);
            spawn(&world, 2, UNINTERRUPTED, move |world, context| {
                lock(world, context);
                if flag.load(Ordering::Relaxed) == 0 {
                    let mutex = Mutex::new(world.cell(0));
                    let result = cancellable(world, context, |context| {
                        of(world).wait_and_lock(mutex, context, None)
                    });
                    match result {
                        Ok(()) => assert_eq!(flag.load(Ordering::Relaxed), 1),
                        other => assert_eq!(other, Err(Fault::Cancelled)),
                    }
                    assert!(mutex.is_owned_as(context.owner()));
                }
                unlock(world, context);
            })
        };
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            lock(world, context);
            flag.store(1, Ordering::Relaxed);
            unlock(world, context);
            cancel(world).abort(&world.queues);
            of(world).notify(context, 1).unwrap();
        });
        cancelled.join().unwrap();
        assert_eq!([0, 1].map(|index| world.cell(index).load()), [0, 0]);
    });
}

#[test]
fn a_wait_that_is_notified_and_cancelled_at_once_owns_the_mutex() {
    notification(0);
}

#[test]
fn a_wait_that_is_moved_between_buckets_and_cancelled_owns_the_mutex() {
    notification(6);
}

#[test]
fn a_notification_goes_to_another_waiter_than_a_cancelled_one() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let flag = Arc::new(AtomicU32::new(0));
        let of = |world: &World| Condition::new(world.cell(1));
        let mutex = |world: &World| Mutex::new(world.cell(0));
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, lock);
        let waiting = Arc::clone(&flag);
        let waits = spawn(&world, 2, UNINTERRUPTED, move |world, context| {
            lock(world, context);
            while waiting.load(Ordering::Relaxed) == 0 {
                assert_eq!(of(world).wait_and_lock(mutex(world), context, None), Ok(()));
            }
            unlock(world, context);
        });
        let aborts = spawn(&world, 3, UNINTERRUPTED, |world, _| {
            cancel(world).abort(&world.queues);
        });
        run(&world, &this, UNINTERRUPTED, |world, context| {
            let result = cancellable(world, context, |context| {
                of(world).wait(mutex(world), context, None)
            });
            assert_eq!(result, Err(Fault::Cancelled));
            flag.store(1, Ordering::Relaxed);
            unlock(world, context);
            of(world).notify(context, 1).unwrap();
        });
        waits.join().unwrap();
        aborts.join().unwrap();
        assert_eq!([0, 1].map(|index| world.cell(index).load()), [0, 0]);
    });
}

#[test]
fn a_cancelled_party_breaks_the_barrier_for_all_or_for_none() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let cancelled = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            cancellable(world, context, |context| {
                Barrier::new(world.cell(0), 2).wait(context, LastArrival::Opens, None)
            })
        });
        let aborts = spawn(&world, 3, UNINTERRUPTED, |world, _| {
            cancel(world).abort(&world.queues);
        });
        let this = world.thread(1);
        let other = run(&world, &this, UNINTERRUPTED, |world, context| {
            Barrier::new(world.cell(0), 2).wait(context, LastArrival::Opens, None)
        });
        aborts.join().unwrap();
        match cancelled.join().unwrap() {
            Err(Fault::Cancelled) => assert_eq!(other, Err(Fault::Broken)),
            Ok(missing) => assert_eq!(other, Ok(1 - missing)),
            Err(fault) => panic!("{fault:?}"),
        }
    });
}

/// A promise that can be cancelled: the event loop looks at its cancels first, as it does in `src/node/promises.rs`.
fn settle(world: &World, context: &Context) -> Result<Recovered, Fault> {
    let requester = promise_of(context);
    let mut wait = Locking::new(Mutex::new(world.cell(0)), &requester);
    if let Poll::Ready(result) = wait.start(context) {
        return result;
    }
    let registered = Registered::enter(&world.queues, &[world.cell(2)], &requester).unwrap();
    loop {
        let reason = if registered.check().is_err() {
            WakeReason::Cancelled
        } else if let Some(outcome) = wait.waiter().outcome() {
            WakeReason::Completed(outcome)
        } else {
            context.thread.parker().park(None);
            continue;
        };
        if let Poll::Ready(result) = wait.resume(context, reason) {
            return result;
        }
    }
}

fn tries_by_promise(world: &World, context: &Context) {
    match settle(world, context) {
        Ok(_) => {
            let unlocked = Mutex::new(world.cell(0)).unlock_as(context, context.guard());
            assert_eq!(unlocked, Ok(()));
        }
        other => assert_eq!(other, Err(Fault::Cancelled)),
    }
}

#[test]
fn a_promise_that_is_cancelled_gives_its_wake_up_to_the_next() {
    mutex(COMPETE, tries_by_promise);
}

#[test]
fn a_promise_that_is_cancelled_gives_the_lock_that_it_was_handed_to_the_next() {
    mutex(HAND_OFF, tries_by_promise);
}

#[test]
fn the_earlier_of_two_deadlines_stays() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let sets = spawn(&world, 2, UNINTERRUPTED, |world, _| {
            cancel(world).abort_at(&world.queues, Deadline::now().plus(2_000_000));
        });
        cancel(&world).abort_at(&world.queues, Deadline::now().plus(1_000_000));
        sets.join().unwrap();
        let earlier = Deadline::now().plus(1_000_000);
        assert_eq!(cancel(&world).abortion(), Abortion::At(earlier));
    });
}

#[test]
fn a_thread_that_finds_it_aborted_sees_what_was_written_before() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let published = Plain::new();
        let reads = {
            let published = Arc::clone(&published);
            spawn(&world, 2, UNINTERRUPTED, move |world, _| {
                !cancel(world).is_aborted() || published.get() == 7
            })
        };
        published.set(7);
        cancel(&world).abort(&world.queues);
        assert!(reads.join().unwrap());
    });
}

#[test]
fn a_wait_that_times_out_leaves_no_registration() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let waits = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            cancellable(world, context, |context| {
                Latch::new(world.cell(0), 1).wait(context, limit())
            })
        });
        cancel(&world).abort(&world.queues);
        let result = waits.join().unwrap();
        assert!(matches!(result, Err(Fault::TimedOut | Fault::Cancelled)));
        let key = cancel(&world).key();
        assert!(world.queues.lock(key).is_empty(key));
    });
}
