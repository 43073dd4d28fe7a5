//! The event.

use super::{COMPETE, Interrupts, Plain, TERMINATING, UNINTERRUPTED, World, limit, run, spawn};
use crate::primitives::{Awaiting, Event, Fault, Wait};
use crate::queue::{Context, Requester};
use crate::sync::{AtomicU32, Ordering};
use std::sync::Arc;

fn manual(world: &World) -> Event {
    Event::new(world.cell(0), false)
}

fn automatic(world: &World) -> Event {
    Event::new(world.cell(0), true)
}

/// Sets as JavaScript does: one instruction, and the native call if that fails.
fn set(event: Event, context: &Context) {
    if !event.set_fast() {
        assert_eq!(event.set(context), Ok(()));
    }
}

/// Waits as JavaScript does.
fn wait(event: Event, context: &Context) {
    if !event.try_wait_fast() {
        assert_eq!(event.wait(context, None), Ok(()));
    }
}

#[test]
fn waiters_see_what_was_written_before_the_event_was_set() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let published = Plain::new();
        let waiters: Vec<_> = (2..=3)
            .map(|number| {
                let published = Arc::clone(&published);
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    wait(manual(world), context);
                    published.get()
                })
            })
            .collect();
        let setter = world.thread(1);
        published.set(7);
        run(&world, &setter, UNINTERRUPTED, |world, context| {
            set(manual(world), context);
        });
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), 7);
        }
        assert_eq!(manual(&world).is_set(), Ok(true));
    });
}

#[test]
fn a_waiter_sees_what_each_of_two_threads_wrote_before_it_set_the_event() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let written = [Plain::new(), Plain::new()];
        let sets = Arc::new(AtomicU32::new(0));
        let setters: Vec<_> = (2..)
            .zip(written.clone())
            .map(|(number, written)| {
                let sets = Arc::clone(&sets);
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    written.set(1);
                    set(automatic(world), context);
                    // Counts without ordering: the event alone has to publish.
                    sets.fetch_add(1, Ordering::Relaxed);
                })
            })
            .collect();
        if sets.load(Ordering::Relaxed) == 2 {
            // The second set found the event set.
            assert!(automatic(&world).try_wait_fast());
            assert_eq!(written[0].get() + written[1].get(), 2);
        }
        for setter in setters {
            setter.join().unwrap();
        }
    });
}

/// Waits in the queue from before `meanwhile` starts its threads.
fn queued(
    event: impl Fn(&World) -> Event,
    meanwhile: impl Fn(&Arc<World>) -> Vec<loom::thread::JoinHandle<()>>,
) {
    let world = World::new(COMPETE);
    let this = world.thread(1);
    let others = run(&world, &this, UNINTERRUPTED, |_, context| {
        let mut waiting = Awaiting::new(event(&world), &Requester::thread_of(context.thread));
        assert!(waiting.start(context).is_pending());
        let others = meanwhile(&world);
        let reason = context.sleep(waiting.waiter(), None, None, || waiting.revalidate(context));
        let resumed = waiting.resume(context, reason);
        assert!(matches!(resumed, std::task::Poll::Ready(Ok(()))));
        others
    });
    for other in others {
        other.join().unwrap();
    }
}

#[test]
fn a_waiter_passes_even_if_the_event_is_reset_before_it_runs() {
    loom::model(|| {
        queued(manual, |world| {
            let resets = spawn(world, 3, UNINTERRUPTED, |world, _| {
                assert_eq!(manual(world).reset(), Ok(()));
            });
            let sets = spawn(world, 2, UNINTERRUPTED, |world, context| {
                set(manual(world), context);
                assert_eq!(manual(world).reset(), Ok(()));
            });
            vec![resets, sets]
        });
    });
}

#[test]
fn a_waiter_of_an_automatic_event_is_not_overtaken_by_a_running_thread() {
    loom::model(|| {
        queued(automatic, |world| {
            let passes = spawn(world, 3, UNINTERRUPTED, |world, _| {
                // The event was meant for the waiter, which was there before.
                assert!(!automatic(world).try_wait_fast());
            });
            let sets = spawn(world, 2, UNINTERRUPTED, |world, context| {
                set(automatic(world), context);
            });
            vec![passes, sets]
        });
    });
}

#[test]
fn each_set_of_an_automatic_event_lets_one_of_two_threads_pass() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let passed = Plain::new();
        let waiters: Vec<_> = (2..=3)
            .map(|number| {
                let passed = Arc::clone(&passed);
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    wait(automatic(world), context);
                    // Passing one after the other, each sees what the last one wrote.
                    passed.increment();
                    set(automatic(world), context);
                })
            })
            .collect();
        let setter = world.thread(1);
        run(&world, &setter, UNINTERRUPTED, |world, context| {
            set(automatic(world), context);
        });
        for waiter in waiters {
            waiter.join().unwrap();
        }
        assert_eq!(passed.get(), 2);
        assert_eq!(automatic(&world).is_set(), Ok(true));
    });
}

/// One waiter gives up at any moment while the automatic event is set. If it did not pass, the other one does.
fn giving_up(interrupts: Interrupts, timed: bool) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let gives_up = spawn(&world, 2, interrupts, move |world, context| {
            let deadline = timed.then(limit).flatten();
            automatic(world).wait(context, deadline)
        });
        let waits = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            wait(automatic(world), context);
        });
        let setter = world.thread(1);
        let set_once = |world: &World, context: &Context| set(automatic(world), context);
        run(&world, &setter, UNINTERRUPTED, set_once);
        match gives_up.join().unwrap() {
            Ok(()) => run(&world, &setter, UNINTERRUPTED, set_once),
            Err(Fault::TimedOut | Fault::Interrupted) => {}
            other => panic!("{other:?}"),
        }
        waits.join().unwrap();
        assert_eq!(automatic(&world).is_set(), Ok(false));
    });
}

#[test]
fn a_timed_out_waiter_keeps_or_passes_on_the_automatic_event() {
    giving_up(UNINTERRUPTED, true);
}

#[test]
fn a_terminated_waiter_passes_on_the_automatic_event() {
    giving_up(TERMINATING, false);
}
