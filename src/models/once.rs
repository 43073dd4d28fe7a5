//! The once.

use super::{COMPETE, Interrupts, Plain, TERMINATING, UNINTERRUPTED, World, limit, run, spawn};
use crate::primitives::{Began, Fault, Once, thread_died};
use crate::queue::Context;
use std::sync::Arc;

fn once(world: &World) -> Once {
    Once::new(world.cell(0))
}

/// Begins as JavaScript does: one instruction, and the native call if that fails.
fn begin(world: &World, context: &Context) -> Began {
    if once(world).try_begin_fast(context.id()) {
        return Began::Runner;
    }
    once(world).begin(context, None).unwrap()
}

/// Ends the run as JavaScript does.
fn finish(world: &World, context: &Context) {
    if !once(world).finish_fast(context.id()) {
        assert_eq!(once(world).finish(context, context.owner()), Ok(()));
    }
}

/// Prepares `prepared` as the runner, or finds it prepared.
fn prepare(world: &World, context: &Context, prepared: &Plain) {
    if begin(world, context) == Began::Runner {
        prepared.increment();
        finish(world, context);
    }
    assert_eq!(prepared.get(), 1);
}

#[test]
fn one_of_the_threads_prepares_and_all_see_what_it_wrote() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let prepared = Plain::new();
        let others: Vec<_> = (2..=3)
            .map(|number| {
                let prepared = Arc::clone(&prepared);
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    prepare(world, context, &prepared);
                })
            })
            .collect();
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            assert_eq!(once(world).wait(context, None), Ok(()));
            assert_eq!(prepared.get(), 1);
        });
        for other in others {
            other.join().unwrap();
        }
        assert_eq!(world.cell(0).load(), Once::DONE);
    });
}

/// One thread begins if no other has, and then does not prepare anything. Another prepares, and a third waits.
fn without_the_first_runner(ends: fn(&World, &Context)) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let prepared = Plain::new();
        let first = spawn(&world, 2, UNINTERRUPTED, move |world, context| {
            if once(world).try_begin_fast(context.id()) {
                ends(world, context);
            }
        });
        let second = spawn(&world, 3, UNINTERRUPTED, {
            let prepared = Arc::clone(&prepared);
            move |world, context| prepare(world, context, &prepared)
        });
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            assert_eq!(once(world).wait(context, None), Ok(()));
            assert_eq!(prepared.get(), 1);
        });
        first.join().unwrap();
        second.join().unwrap();
    });
}

#[test]
fn the_next_thread_runs_after_a_failure() {
    without_the_first_runner(|world, context| {
        assert_eq!(once(world).fail(context, context.owner()), Ok(()));
    });
}

#[test]
fn the_next_thread_runs_after_the_death_of_the_runner() {
    without_the_first_runner(|world, context| thread_died(&world.queues, context.id()));
}

/// The runner fails while one waiter gives up at any moment. The other one becomes the runner, or finds it done.
fn giving_up(interrupts: Interrupts, timed: bool) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let runner = world.thread(1);
        run(&world, &runner, UNINTERRUPTED, |world, context| {
            assert_eq!(begin(world, context), Began::Runner);
        });
        let gives_up = spawn(&world, 2, interrupts, move |world, context| {
            let deadline = timed.then(limit).flatten();
            match once(world).begin(context, deadline) {
                Ok(Began::Runner) => finish(world, context),
                Ok(Began::Done) | Err(Fault::TimedOut | Fault::Interrupted) => {}
                other => panic!("{other:?}"),
            }
        });
        let waits = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            if begin(world, context) == Began::Runner {
                finish(world, context);
            }
        });
        run(&world, &runner, UNINTERRUPTED, |world, context| {
            assert_eq!(once(world).fail(context, context.owner()), Ok(()));
        });
        gives_up.join().unwrap();
        waits.join().unwrap();
        assert_eq!(world.cell(0).load(), Once::DONE);
    });
}

#[test]
fn a_timed_out_waiter_runs_or_passes_the_role_on() {
    giving_up(UNINTERRUPTED, true);
}

#[test]
fn a_terminated_waiter_passes_the_role_on() {
    giving_up(TERMINATING, false);
}

#[test]
fn a_waiter_that_dies_with_the_role_passes_it_on() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let runner = world.thread(1);
        run(&world, &runner, UNINTERRUPTED, |world, context| {
            assert_eq!(begin(world, context), Began::Runner);
        });
        let dies = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            if begin(world, context) == Began::Runner {
                thread_died(&world.queues, context.id());
            }
        });
        let waits = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            if begin(world, context) == Began::Runner {
                finish(world, context);
            }
        });
        run(&world, &runner, UNINTERRUPTED, |world, context| {
            assert_eq!(once(world).fail(context, context.owner()), Ok(()));
        });
        waits.join().unwrap();
        dies.join().unwrap();
        assert_eq!(world.cell(0).load(), Once::DONE);
    });
}
