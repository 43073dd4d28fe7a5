//! Shows that the models can fail: the barrier and the condition of the program with which this package began are
//! planted, and have to be caught.
//!
//! loom ends the process when a model deadlocks. So each of these tests runs its model in a process of its own, which
//! is the same test again with [`PLANTED`] set, and asserts that it fails.

use crate::futex::{Futex, Native};
use crate::sync::{AtomicU32, Ordering};
use std::process::Command;
use std::sync::Arc;

/// The variable that names the model for the process to run.
const PLANTED: &str = "SHARED_SYNC_PLANTED_MODEL";

/// Runs the model named `name` in a process of its own, and asserts that loom catches it with `complaint`.
fn assert_caught(name: &str, complaint: &str, model: fn()) {
    if std::env::var(PLANTED).is_ok_and(|planted| planted == name) {
        loom::model(model);
        return;
    }
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            &format!("models::planted::{name}"),
            "--exact",
            "--nocapture",
        ])
        .env(PLANTED, name)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr) + String::from_utf8_lossy(&output.stdout);
    assert!(!output.status.success(), "the model did not catch it");
    assert!(
        said.contains(complaint),
        "caught for another reason:\n{said}"
    );
}

/// A cell with `Atomics.wait` and `Atomics.notify`.
struct Cell(Native);

impl Cell {
    fn new() -> Self {
        Cell(Native::new(0))
    }

    fn word(&self) -> &AtomicU32 {
        self.0.word()
    }

    fn wait(&self, expected: u32) {
        self.0.wait(expected, None);
    }

    fn notify(&self, count: u32) {
        for _ in 0..count {
            self.0.wake();
        }
    }
}

/// The wait of the hand-rolled barrier.
fn seed_barrier_wait(cell: &Cell, total: u32) {
    let count = cell.word().fetch_add(1, Ordering::AcqRel);
    if count == total - 1 {
        cell.word().store(0, Ordering::Release);
        cell.notify(total - 1);
    } else {
        cell.wait(count + 1);
    }
}

/// Two parties pass it twice. With `check`, each counts itself before and asserts that both are counted after.
fn seed_barrier_model(check: bool) {
    const TOTAL: u32 = 2;
    let barrier = Arc::new(Cell::new());
    let arrived = Arc::new(AtomicU32::new(0));
    let party = move |barrier: Arc<Cell>, arrived: Arc<AtomicU32>| {
        for round in 1..=2 {
            arrived.fetch_add(1, Ordering::AcqRel);
            seed_barrier_wait(&barrier, TOTAL);
            let all = arrived.load(Ordering::Acquire) >= TOTAL * round;
            assert!(all || !check, "let through early");
        }
    };
    let other = {
        let (barrier, arrived) = (Arc::clone(&barrier), Arc::clone(&arrived));
        loom::thread::spawn(move || party(barrier, arrived))
    };
    party(barrier, arrived);
    other.join().unwrap();
}

/// The hand-rolled condition, with a correct mutex. The fault is the condition's own: it reads its version after it
/// has unlocked.
fn seed_condition_model() {
    let mutex = Arc::new(loom::sync::Mutex::new(false));
    let version = Arc::new(Cell::new());
    let waiter = {
        let (mutex, version) = (Arc::clone(&mutex), Arc::clone(&version));
        loom::thread::spawn(move || {
            let mut ready = mutex.lock().unwrap();
            while !*ready {
                drop(ready);
                version.wait(version.word().load(Ordering::Acquire));
                ready = mutex.lock().unwrap();
            }
        })
    };
    *mutex.lock().unwrap() = true;
    version.word().fetch_add(1, Ordering::AcqRel);
    version.notify(1);
    waiter.join().unwrap();
}

#[test]
fn the_hand_rolled_barrier_hangs_when_it_is_reused() {
    assert_caught(
        "the_hand_rolled_barrier_hangs_when_it_is_reused",
        "deadlock",
        || seed_barrier_model(false),
    );
}

#[test]
fn the_hand_rolled_barrier_lets_a_party_through_early_when_it_is_reused() {
    assert_caught(
        "the_hand_rolled_barrier_lets_a_party_through_early_when_it_is_reused",
        "let through early",
        || seed_barrier_model(true),
    );
}

#[test]
fn the_hand_rolled_condition_loses_a_notification() {
    assert_caught(
        "the_hand_rolled_condition_loses_a_notification",
        "deadlock",
        seed_condition_model,
    );
}
