//! The timer of promises: one thread that sleeps until the earliest limit passes.

use crate::futex::Deadline;
use crate::sync::{AtomicU32, Ordering};
use crate::threads::{Expire, Timer};
use std::sync::Arc;

/// A target that counts its calls.
struct Calls(AtomicU32);

impl Calls {
    fn new() -> Arc<Self> {
        Arc::new(Calls(AtomicU32::new(0)))
    }

    fn count(&self) -> u32 {
        self.0.load(Ordering::Acquire)
    }
}

impl Expire for Calls {
    fn expired(&self) {
        self.0.fetch_add(1, Ordering::AcqRel);
    }
}

/// A moment that never comes in the models.
const LATER: Deadline = Deadline::from_nanoseconds(1);

/// A timer for the length of a model, with a thread that runs until `last` was called.
fn start(last: &Arc<Calls>) -> (&'static Timer, loom::thread::JoinHandle<()>) {
    let timer: &'static Timer = Box::leak(Box::new(Timer::new()));
    let last = Arc::clone(last);
    let thread = loom::thread::spawn(move || timer.run(|| last.count() == 0));
    (timer, thread)
}

#[test]
fn an_earlier_limit_set_while_the_timer_goes_to_sleep_is_not_missed() {
    loom::model(|| {
        let (never, calls) = (Calls::new(), Calls::new());
        let (timer, thread) = start(&calls);
        let later = timer.insert(LATER, Arc::clone(&never) as _);
        let earlier = timer.insert(Deadline::now(), Arc::clone(&calls) as _);
        thread.join().unwrap();
        drop((later, earlier));
        assert_eq!((never.count(), calls.count()), (0, 1));
    });
}

#[test]
fn two_limits_set_by_two_threads_are_not_missed() {
    loom::model(|| {
        let (first, second) = (Calls::new(), Calls::new());
        let (timer, thread) = start(&second);
        let sets = {
            let first = Arc::clone(&first);
            loom::thread::spawn(move || timer.insert(LATER, first))
        };
        let earlier = timer.insert(Deadline::now(), Arc::clone(&second) as _);
        let later = sets.join().unwrap();
        thread.join().unwrap();
        drop((later, earlier));
        assert_eq!((first.count(), second.count()), (0, 1));
    });
}

#[test]
fn removing_a_limit_while_it_passes_removes_no_other() {
    loom::model(|| {
        let (removed, stays) = (Calls::new(), Calls::new());
        let (timer, thread) = start(&stays);
        drop(timer.insert(Deadline::now(), Arc::clone(&removed) as _));
        // In the slot of the removed limit.
        let limit = timer.insert(Deadline::now(), Arc::clone(&stays) as _);
        thread.join().unwrap();
        drop(limit);
        assert!(removed.count() <= 1);
        assert_eq!(stays.count(), 1);
    });
}
