//! The latch.

use super::{COMPETE, Interrupts, Plain, TERMINATING, UNINTERRUPTED, World, limit, run, spawn};
use crate::primitives::{Fault, Latch};
use crate::queue::Context;
use std::sync::Arc;

fn open(world: &World, context: &Context) {
    Latch::new(world.cell(0), 1).count_down(context, 1).unwrap();
}

#[test]
fn a_waiter_sees_what_was_written_before_the_latch_opened() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let published = Plain::new();
        let waiters: Vec<_> = (2..=3)
            .map(|number| {
                let published = Arc::clone(&published);
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    let latch = Latch::new(world.cell(0), 1);
                    assert_eq!(latch.wait(context, None), Ok(()));
                    published.get()
                })
            })
            .collect();
        let opener = world.thread(1);
        published.set(7);
        run(&world, &opener, UNINTERRUPTED, open);
        for waiter in waiters {
            assert_eq!(waiter.join().unwrap(), 7);
        }
        assert_eq!(Latch::new(world.cell(0), 1).is_open(), Ok(true));
    });
}

/// One waiter gives up at any moment while the latch opens. The other one passes.
fn giving_up(interrupts: Interrupts, timed: bool) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let gives_up = spawn(&world, 2, interrupts, move |world, context| {
            let deadline = timed.then(limit).flatten();
            Latch::new(world.cell(0), 1).wait(context, deadline)
        });
        let waits = spawn(&world, 3, UNINTERRUPTED, |world, context| {
            Latch::new(world.cell(0), 1).wait(context, None)
        });
        let opener = world.thread(1);
        run(&world, &opener, UNINTERRUPTED, open);
        assert_eq!(waits.join().unwrap(), Ok(()));
        let gave_up = gives_up.join().unwrap();
        assert!(matches!(
            gave_up,
            Ok(()) | Err(Fault::TimedOut | Fault::Interrupted)
        ));
    });
}

#[test]
fn a_timed_out_waiter_strands_no_other_waiter() {
    giving_up(UNINTERRUPTED, true);
}

#[test]
fn a_terminated_waiter_strands_no_other_waiter() {
    giving_up(TERMINATING, false);
}

#[test]
fn the_last_of_two_countdowns_opens_the_latch() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let latch = |world: &World| Latch::new(world.cell(0), 2);
        let counts = spawn(&world, 2, UNINTERRUPTED, move |world, context| {
            latch(world).count_down(context, 1).unwrap();
        });
        let waits = spawn(&world, 3, UNINTERRUPTED, move |world, context| {
            latch(world).wait(context, None)
        });
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, |world, context| {
            latch(world).count_down(context, 1).unwrap();
        });
        assert_eq!(waits.join().unwrap(), Ok(()));
        counts.join().unwrap();
        assert_eq!(latch(&world).remaining(), Ok(0));
    });
}
