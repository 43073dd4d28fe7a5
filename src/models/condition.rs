//! The condition.

use super::{COMPETE, HAND_OFF, QUIET, TERMINATING, Wants, World, limit, run, spawn};
use crate::primitives::{Condition, Fault, Mutex, Notification, WaitResult};
use crate::queue::{Context, HandOff};
use crate::sync::{AtomicU32, Ordering};
use std::sync::Arc;

fn primitives(world: &World) -> (Mutex, Condition) {
    (Mutex::new(world.cell(0)), Condition::new(world.cell(1)))
}

/// Sets the flag under the mutex, as JavaScript does.
fn set(flag: &AtomicU32, mutex: Mutex, context: &Context) {
    assert_eq!(mutex.lock(context, None), Ok(WaitResult::Acquired));
    flag.store(1, Ordering::Relaxed);
    assert_eq!(mutex.unlock(context), Ok(()));
}

/// Notifies as JavaScript does: a load, and the native call where somebody may wait.
fn notify(condition: Condition, context: &Context, count: usize) {
    if !condition.has_no_waiters() {
        condition.notify(context, count).unwrap();
    }
}

/// Waits under the mutex until the flag is set.
fn wait_for(flag: &AtomicU32, world: &World, context: &Context) {
    let (mutex, condition) = primitives(world);
    assert_eq!(mutex.lock(context, None), Ok(WaitResult::Acquired));
    while flag.load(Ordering::Relaxed) == 0 {
        assert_eq!(
            condition.wait(mutex, context, None),
            Ok(Notification::Received)
        );
    }
    assert_eq!(mutex.unlock(context), Ok(()));
}

/// So many waiters wait for a flag that is then set, and are notified: each one ends.
fn notified(handoff: HandOff, bits: u32, waiters: u32) {
    loom::model(move || {
        let world = World::hashed(handoff, bits);
        let flag = Arc::new(AtomicU32::new(0));
        let handles: Vec<_> = (2..2 + waiters)
            .map(|number| {
                let flag = Arc::clone(&flag);
                spawn(&world, number, QUIET, move |world, context| {
                    wait_for(&flag, world, context);
                })
            })
            .collect();
        let notifier = world.thread(1);
        run(&world, &notifier, QUIET, |world, context| {
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
fn no_notification_is_lost_when_the_mutex_is_handed_over() {
    notified(HAND_OFF, 0, 1);
}

#[test]
fn no_notification_is_lost_between_two_buckets() {
    notified(COMPETE, 6, 1);
}

#[test]
fn notify_all_reaches_all() {
    notified(COMPETE, 0, 2);
}

/// Two wait, one of them gives up at any moment, and one notification is sent. If the one that gave up was not the
/// one that was notified, the other was.
fn absorbing(wants: Wants) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let notified = Arc::new(AtomicU32::new(0));
        let first = spawn(&world, 2, wants, move |world, context| {
            let (mutex, condition) = primitives(world);
            let deadline = (wants == QUIET).then(limit).flatten();
            let received = mutex
                .lock(context, None)
                .and_then(|_| condition.wait(mutex, context, deadline))
                .map(|notification| {
                    assert_eq!(mutex.unlock(context), Ok(()));
                    notification == Notification::Received
                });
            assert!(matches!(received, Ok(_) | Err(Fault::Interrupted)));
            received == Ok(true)
        });
        let count = Arc::clone(&notified);
        let second = spawn(&world, 3, QUIET, move |world, context| {
            let (mutex, condition) = primitives(world);
            assert_eq!(mutex.lock(context, None), Ok(WaitResult::Acquired));
            while count.load(Ordering::Relaxed) == 0 {
                condition.wait(mutex, context, None).unwrap();
            }
            assert_eq!(mutex.unlock(context), Ok(()));
        });
        let notifier = world.thread(1);
        run(&world, &notifier, QUIET, |world, context| {
            let (mutex, condition) = primitives(world);
            set(&notified, mutex, context);
            notify(condition, context, 1);
            // The first one used the notification up: as any program that notifies one at a time, tell the next.
            if first.join().unwrap() {
                notify(condition, context, 1);
            }
        });
        second.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_waiter_whose_time_is_up_absorbs_no_notification() {
    absorbing(QUIET);
}

#[test]
fn a_terminated_waiter_absorbs_no_notification() {
    absorbing(TERMINATING);
}

#[test]
fn notify_all_reaches_those_who_wait_with_another_mutex() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let flag = Arc::new(AtomicU32::new(0));
        let other_mutex = |world: &World| Mutex::new(world.cell(2));
        let leaves = spawn(&world, 2, QUIET, |world, context| {
            let (mutex, condition) = primitives(world);
            assert_eq!(mutex.lock(context, None), Ok(WaitResult::Acquired));
            condition.wait(mutex, context, limit()).unwrap();
            assert_eq!(mutex.unlock(context), Ok(()));
        });
        let set_flag = Arc::clone(&flag);
        let waits = spawn(&world, 3, QUIET, move |world, context| {
            let (_, condition) = primitives(world);
            let mutex = other_mutex(world);
            assert_eq!(mutex.lock(context, None), Ok(WaitResult::Acquired));
            while flag.load(Ordering::Relaxed) == 0 {
                condition.wait(mutex, context, None).unwrap();
            }
            assert_eq!(mutex.unlock(context), Ok(()));
        });
        let notifier = world.thread(1);
        run(&world, &notifier, QUIET, |world, context| {
            let (_, condition) = primitives(world);
            set(&set_flag, other_mutex(world), context);
            notify(condition, context, usize::MAX);
        });
        leaves.join().unwrap();
        waits.join().unwrap();
    });
}
