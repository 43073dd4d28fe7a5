//! The barrier.

use super::{COMPETE, TERMINATING, UNINTERRUPTED, World, limit, run, spawn};
use crate::primitives::{Barrier, Fault, LastArrival, thread_died};
use crate::queue::Context;
use crate::sync::{AtomicU32, Ordering};
use std::sync::Arc;

/// `threads` threads pass the barrier `rounds` times. Each counts itself before, and finds all counted after.
fn phases(threads: u32, rounds: u32) {
    loom::model(move || {
        let world = World::new(COMPETE);
        let arrived = Arc::new(AtomicU32::new(0));
        let handles: Vec<_> = (1..=threads)
            .map(|number| {
                let arrived = Arc::clone(&arrived);
                spawn(&world, number, UNINTERRUPTED, move |world, context| {
                    let barrier = Barrier::new(world.cell(0), threads);
                    let mut indices = 0;
                    for round in 1..=rounds {
                        arrived.fetch_add(1, Ordering::Relaxed);
                        indices += barrier.wait(context, LastArrival::Opens, None).unwrap();
                        assert!(arrived.load(Ordering::Relaxed) >= threads * round);
                    }
                    indices
                })
            })
            .collect();
        let indices: u32 = handles
            .into_iter()
            .map(|handle| handle.join().unwrap())
            .sum();
        assert_eq!(indices, rounds * (0..threads).sum::<u32>());
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn no_party_passes_a_phase_early_when_two_reuse_the_barrier() {
    phases(2, 3);
}

#[test]
fn no_party_passes_early_among_three() {
    phases(3, 1);
}

#[test]
fn a_party_that_leaves_early_breaks_the_barrier_for_all_or_for_none() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let leaves = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            Barrier::new(world.cell(0), 2).wait(context, LastArrival::Opens, limit())
        });
        let stays = world.thread(1);
        let stayed = run(&world, &stays, UNINTERRUPTED, |world, context| {
            Barrier::new(world.cell(0), 2).wait(context, LastArrival::Opens, None)
        });
        let left = leaves.join().unwrap();
        assert_eq!(stayed.is_ok(), left.is_ok());
        assert_eq!(stayed.is_err(), left == Err(Fault::TimedOut));
    });
}

#[test]
fn a_terminated_party_strands_no_other_party() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let dies = spawn(&world, 2, TERMINATING, |world, context| {
            Barrier::new(world.cell(0), 2).wait(context, LastArrival::Opens, None)
        });
        let stays = world.thread(1);
        let stayed = run(&world, &stays, UNINTERRUPTED, |world, context| {
            Barrier::new(world.cell(0), 2).wait(context, LastArrival::Opens, None)
        });
        assert!(matches!(stayed, Ok(_) | Err(Fault::Broken)));
        dies.join().unwrap().ok();
    });
}

#[test]
fn the_action_runs_before_any_party_passes() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let acted = Arc::new(AtomicU32::new(0));
        let party = |acted: Arc<AtomicU32>| {
            move |world: &World, context: &Context| {
                let barrier = Barrier::new(world.cell(0), 2);
                for round in 1..=2 {
                    if barrier
                        .wait(context, LastArrival::RunsAction, None)
                        .unwrap()
                        == 0
                    {
                        acted.fetch_add(1, Ordering::Relaxed);
                        barrier.open(context).unwrap();
                    }
                    assert!(acted.load(Ordering::Relaxed) >= round);
                }
            }
        };
        let other = spawn(&world, 2, UNINTERRUPTED, party(Arc::clone(&acted)));
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, party(acted));
        other.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_party_that_arrives_during_the_action_belongs_to_the_next_phase() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let acts = |world: &World, context: &Context| {
            let barrier = Barrier::new(world.cell(0), 1);
            assert_eq!(barrier.wait(context, LastArrival::RunsAction, None), Ok(0));
            barrier.open(context).unwrap();
        };
        let other = spawn(&world, 2, UNINTERRUPTED, acts);
        let this = world.thread(1);
        run(&world, &this, UNINTERRUPTED, acts);
        other.join().unwrap();
        assert_eq!(world.cell(0).load(), 0);
    });
}

#[test]
fn a_death_during_the_action_breaks_the_barrier_for_waiting_and_later_parties() {
    loom::model(|| {
        let world = World::new(COMPETE);
        let waits = spawn(&world, 2, UNINTERRUPTED, |world, context| {
            Barrier::new(world.cell(0), 1).wait(context, LastArrival::Opens, None)
        });
        let dies = world.thread(1);
        let acts = run(&world, &dies, UNINTERRUPTED, |world, context| {
            Barrier::new(world.cell(0), 1).wait(context, LastArrival::RunsAction, None)
        });
        assert_eq!(acts, Ok(0));
        thread_died(&world.queues, dies.id());
        assert!(matches!(waits.join().unwrap(), Ok(0) | Err(Fault::Broken)));
    });
}
