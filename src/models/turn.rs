//! The turn: a notified thread competes for the mutex in JavaScript, after its native call has returned.

use super::condition::{begin_to_wait, notify, primitives};
use super::promises::{lock_by_promise, lock_by_thread, promise_of, settle};
use super::{COMPETE, Plain, UNINTERRUPTED, World, finish, run, spawn};
use crate::primitives::{Fault, Locking, Notified, Recovered, Wait, Waiting, thread_died};
use crate::queue::Context;
use crate::sync::{AtomicU32, Ordering};
use crate::threads::{Thread, ThreadId};
use std::sync::Arc;

/// A thread is notified by one that owns the mutex, which another wants, too. The first gets the turn to compete for the
/// mutex, and does not take it.
fn the_turn_is_not_taken(instead: fn(&World, &Context), lock_by_other: fn(&World, &Context)) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let flag = Arc::new(AtomicU32::new(0));
        let is_set = Arc::clone(&flag);
        let leaves = spawn(&world, 2, UNINTERRUPTED, move |world, context| {
            let (mutex, condition) = primitives(world);
            assert_eq!(mutex.lock(context, None), Ok(()));
            while is_set.load(Ordering::Relaxed) == 0 {
                if let Notified::Turn { .. } = condition.wait(mutex, context, None).unwrap() {
                    return instead(world, context);
                }
            }
            assert_eq!(mutex.unlock(context), Ok(()));
        });
        let next = spawn(&world, 3, UNINTERRUPTED, lock_by_other);
        let notifier = world.thread(1);
        run(&world, &notifier, UNINTERRUPTED, |world, context| {
            let (mutex, condition) = primitives(world);
            assert_eq!(mutex.lock(context, None), Ok(()));
            flag.store(1, Ordering::Relaxed);
            notify(condition, context, usize::MAX);
            assert_eq!(mutex.unlock(context), Ok(()));
        });
        leaves.join().unwrap();
        next.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_thread_that_dies_with_the_turn_leaves_the_mutex_to_the_next() {
    the_turn_is_not_taken(
        |world, context| thread_died(&world.queues, context.id()),
        lock_by_thread,
    );
}

/// A time limit of `vm` ends the code that would take the turn, and the thread lives on. A blocked thread looks again after a
/// while, and a promise does not.
#[test]
fn a_thread_that_drops_the_turn_leaves_the_mutex_to_a_promise() {
    the_turn_is_not_taken(|_, _| {}, lock_by_promise);
}

/// So many threads, from the second on, were notified in this order by the first, which owns the mutex.
fn notified(world: &World, waiters: u32) -> (Arc<Thread>, Vec<(Arc<Thread>, Waiting)>) {
    let owner = world.thread(1);
    let begin = |number| {
        let thread = world.thread(number);
        let wait = run(world, &thread, UNINTERRUPTED, |world, context| {
            begin_to_wait(primitives(world), context)
        });
        (thread, wait)
    };
    let waits = (2..2 + waiters).map(begin).collect();
    run(world, &owner, UNINTERRUPTED, |world, context| {
        let (mutex, condition) = primitives(world);
        assert_eq!(mutex.lock(context, None), Ok(()));
        notify(condition, context, usize::MAX);
    });
    (owner, waits)
}

fn unlock_by(owner: &Arc<Thread>, world: &World) {
    run(world, owner, UNINTERRUPTED, unlock);
}

fn unlock(world: &World, context: &Context) {
    assert_eq!(primitives(world).0.unlock(context), Ok(()));
}

/// The owner unlocks, and does `then`, while each wait goes on by `body` in a thread of its own. All of them end.
fn unlock_while(
    world: &Arc<World>,
    owner: &Arc<Thread>,
    waits: Vec<(Arc<Thread>, Waiting)>,
    body: impl Fn(&World, &Context, Waiting) + Clone + 'static,
    then: impl FnOnce(),
) {
    let go_on = |(thread, wait): (Arc<Thread>, Waiting)| {
        let (world, body) = (Arc::clone(world), body.clone());
        loom::thread::spawn(move || {
            run(&world, &thread, UNINTERRUPTED, |world, context| {
                body(world, context, wait);
            });
        })
    };
    let handles: Vec<_> = waits.into_iter().map(go_on).collect();
    unlock_by(owner, world);
    then();
    for handle in handles {
        handle.join().unwrap();
    }
}

/// Sleeps until the turn comes, and locks the mutex as JavaScript does.
fn finish_and_lock(world: &World, context: &Context, wait: Waiting) -> Result<(), Fault> {
    finish(wait, context, None)?.lock(primitives(world).0, context)
}

/// The owner locks once more, if it can at once, while the notified threads are on their way.
#[test]
fn notified_threads_that_are_overtaken_all_acquire_the_mutex() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let guarded = Plain::new();
        let (owner, waits) = notified(&world, 2);
        let shared = Arc::clone(&guarded);
        let body = move |world: &World, context: &Context, wait| {
            assert_eq!(finish_and_lock(world, context, wait), Ok(()));
            shared.increment();
            unlock(world, context);
        };
        unlock_while(&world, &owner, waits, body, || {
            if primitives(&world).0.try_lock_fast(owner.id()) {
                guarded.increment();
                unlock_by(&owner, &world);
            }
        });
        assert!(guarded.get() >= 2);
        assert_eq!(world.cell(0).load(), 0);
    });
}

/// The first of three threads drops its turn: it is not the only one that is on its way.
#[test]
fn a_thread_that_drops_the_turn_leaves_the_mutex_to_two_threads() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let (owner, mut waits) = notified(&world, 3);
        let _never_goes_on = waits.remove(0);
        let body = |world: &World, context: &Context, wait| {
            assert_eq!(finish_and_lock(world, context, wait), Ok(()));
            unlock(world, context);
        };
        unlock_while(&world, &owner, waits, body, || {});
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_thread_that_drops_the_turn_leaves_the_mutex_to_two_promises() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let (owner, _never_goes_on) = notified(&world, 1);
        let promises = [3, 4].map(|number| {
            let thread = world.thread(number);
            let promise = run(&world, &thread, UNINTERRUPTED, |world, context| {
                let mut promise = Locking::new(primitives(world).0, &promise_of(context));
                assert!(promise.start(context).is_pending());
                promise
            });
            let world = Arc::clone(&world);
            loom::thread::spawn(move || {
                run(&world, &thread, UNINTERRUPTED, |world, context| {
                    assert_eq!(settle(context, promise), Ok(Recovered::Acquired));
                    let (mutex, _) = primitives(world);
                    assert_eq!(mutex.unlock_as(context, context.guard()), Ok(()));
                });
            })
        });
        unlock_by(&owner, &world);
        for promise in promises {
            promise.join().unwrap();
        }
        assert_eq!(world.cell(0).load(), 0);
    });
}

/// The first of two threads takes its turn and dies as the owner.
#[test]
fn a_thread_that_dies_after_its_turn_fails_the_next() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let (owner, waits) = notified(&world, 2);
        let dead = ThreadId::new(2).unwrap();
        let body = move |world: &World, context: &Context, wait| match finish_and_lock(
            world, context, wait,
        ) {
            Ok(()) if context.id() == dead => thread_died(&world.queues, dead),
            Ok(()) => unlock(world, context),
            result => assert_eq!(result, Err(Fault::Abandoned(Some(dead)))),
        };
        unlock_while(&world, &owner, waits, body, || {});
        let owner = primitives(&world).0.owner(world.queues.threads());
        assert_eq!(owner, Ok(Some(dead)));
    });
}
