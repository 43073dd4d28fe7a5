//! The condition.

use super::{COMPETE, HAND_OFF, Interrupts, TERMINATING, UNINTERRUPTED, World, limit, run, spawn};
use crate::primitives::{Condition, Fault, Mutex, Wait, Waiting, in_time};
use crate::queue::{Context, HandOff, Requester};
use crate::sync::{AtomicU32, Ordering};
use std::sync::Arc;

pub(super) fn primitives(world: &World) -> (Mutex, Condition) {
    (Mutex::new(world.cell(0)), Condition::new(world.cell(1)))
}

/// Begins a wait of the calling thread, which has locked the mutex for that.
pub(super) fn begin_to_wait((mutex, condition): (Mutex, Condition), context: &Context) -> Waiting {
    assert_eq!(mutex.lock(context, None), Ok(()));
    let requester = Requester::thread_of(context.thread);
    let mut wait = Waiting::new(condition, mutex, &requester);
    assert!(wait.start(context).is_pending());
    wait
}

/// Sets the flag under the mutex, as JavaScript does.
fn set(flag: &AtomicU32, mutex: Mutex, context: &Context) {
    assert_eq!(mutex.lock(context, None), Ok(()));
    flag.store(1, Ordering::Relaxed);
    assert_eq!(mutex.unlock(context), Ok(()));
}

/// Notifies as JavaScript does: a load, and the native call if there may be waiters.
pub(super) fn notify(condition: Condition, context: &Context, count: usize) {
    if !condition.has_no_waiters() {
        condition.notify(context, count).unwrap();
    }
}

/// Waits under the mutex until the flag is set.
fn wait_for(flag: &AtomicU32, world: &World, context: &Context) {
    let (mutex, condition) = primitives(world);
    assert_eq!(mutex.lock(context, None), Ok(()));
    while flag.load(Ordering::Relaxed) == 0 {
        assert_eq!(condition.wait_and_lock(mutex, context, None), Ok(()));
    }
    assert_eq!(mutex.unlock(context), Ok(()));
}

/// `waiters` threads wait for a flag that is then set, and are notified: each wait ends.
fn notified(handoff: HandOff, bits: u32, waiters: u32) {
    loom::model(move || {
        let world = World::hashed(handoff, bits);
        let flag = Arc::new(AtomicU32::new(0));
        let handles: Vec<_> = (2..2 + waiters)
            .map(|number| {
                let flag = Arc::clone(&flag);
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    wait_for(&flag, world, context);
                })
            })
            .collect();
        let notifier = world.thread(1);
        run(&world, &notifier, UNINTERRUPTED, |world, context| {
            let (mutex, condition) = primitives(world);
            set(&flag, mutex, context);
            notify(condition, context, usize::MAX);
        });
        for handle in handles {
            handle.join().unwrap();
        }
        assert_eq!(world.cell(0).load(), 0);
        assert_eq!(world.cell(1).load(), 0);
    });
}

#[test]
fn no_notification_is_lost() {
    notified(COMPETE, 0, 1);
}

#[test]
fn no_notification_is_lost_when_the_mutex_is_handed_off() {
    notified(HAND_OFF, 0, 1);
}

#[test]
fn no_notification_is_lost_between_two_buckets() {
    notified(COMPETE, 6, 1);
}

#[test]
fn notify_all_wakes_all_waiters() {
    notified(COMPETE, 0, 2);
}

/// Two threads wait, one of them gives up at any moment, and one notification is sent. If it did not go to the thread
/// that gave up, the other one received it.
fn one_of_two_waiters_gives_up(interrupts: Interrupts) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let notified = Arc::new(AtomicU32::new(0));
        let first = spawn(&world, 2, interrupts, move |world, context| {
            let (mutex, condition) = primitives(world);
            let deadline = (interrupts == UNINTERRUPTED).then(limit).flatten();
            let notified = mutex
                .lock(context, None)
                .and_then(|()| condition.wait_and_lock(mutex, context, deadline));
            if notified != Err(Fault::Interrupted) {
                assert!(matches!(notified, Ok(()) | Err(Fault::TimedOut)));
                assert_eq!(mutex.unlock(context), Ok(()));
            }
            notified == Ok(())
        });
        let count = Arc::clone(&notified);
        let second = spawn(&world, 3, UNINTERRUPTED, move |world, context| {
            let (mutex, condition) = primitives(world);
            assert_eq!(mutex.lock(context, None), Ok(()));
            while count.load(Ordering::Relaxed) == 0 {
                condition.wait_and_lock(mutex, context, None).unwrap();
            }
            assert_eq!(mutex.unlock(context), Ok(()));
        });
        let notifier = world.thread(1);
        run(&world, &notifier, UNINTERRUPTED, |world, context| {
            let (mutex, condition) = primitives(world);
            set(&notified, mutex, context);
            notify(condition, context, 1);
            // The first thread consumed the notification. Like any program that notifies one waiter at a time, notify
            // the next.
            if first.join().unwrap() {
                notify(condition, context, 1);
            }
        });
        second.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_timed_out_waiter_absorbs_no_notification() {
    one_of_two_waiters_gives_up(UNINTERRUPTED);
}

#[test]
fn a_terminated_waiter_absorbs_no_notification() {
    one_of_two_waiters_gives_up(TERMINATING);
}

#[test]
fn notify_all_wakes_waiters_with_another_mutex() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let flag = Arc::new(AtomicU32::new(0));
        let other_mutex = |world: &World| Mutex::new(world.cell(2));
        let leaves = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            let (mutex, condition) = primitives(world);
            assert_eq!(mutex.lock(context, None), Ok(()));
            in_time(condition.wait_and_lock(mutex, context, limit())).unwrap();
            assert_eq!(mutex.unlock(context), Ok(()));
        });
        let set_flag = Arc::clone(&flag);
        let waits = spawn(&world, 3, UNINTERRUPTED, move |world, context| {
            let (_, condition) = primitives(world);
            let mutex = other_mutex(world);
            assert_eq!(mutex.lock(context, None), Ok(()));
            while flag.load(Ordering::Relaxed) == 0 {
                condition.wait_and_lock(mutex, context, None).unwrap();
            }
            assert_eq!(mutex.unlock(context), Ok(()));
        });
        let notifier = world.thread(1);
        run(&world, &notifier, UNINTERRUPTED, |world, context| {
            let (_, condition) = primitives(world);
            set(&set_flag, other_mutex(world), context);
            notify(condition, context, usize::MAX);
        });
        leaves.join().unwrap();
        waits.join().unwrap();
    });
}
