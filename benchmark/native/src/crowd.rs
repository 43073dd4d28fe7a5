//! Questions about several threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::sync::{Barrier, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use crate::cells::{Cell, cells, toil};
use crate::primitives::{Crowd, Kit, Lock, Meeting, Rounds, Turns};
use crate::{Answer, Params};

fn millis(params: &Params, name: &str) -> Duration {
    Duration::from_millis(params.get(name))
}

/// Warms up, measures, stops; how many sections each worker has had meanwhile, and in how long.
fn observe(params: &Params, served: &[Cell], stop: &AtomicBool) -> (Vec<u64>, Duration) {
    let look = || served.iter().map(Cell::get).collect::<Vec<_>>();
    thread::sleep(millis(params, "warmUpMs"));
    let (before, start) = (look(), Instant::now());
    thread::sleep(millis(params, "measuredMs"));
    let (after, elapsed) = (look(), start.elapsed());
    stop.store(true, Relaxed);
    let each = after
        .iter()
        .zip(before)
        .map(|(after, before)| after - before);
    (each.collect(), elapsed)
}

fn least_and_most(each: &[u64]) -> (f64, f64) {
    let least = each.iter().min().expect("some workers");
    let most = each.iter().max().expect("some workers");
    (*least as f64, *most as f64)
}

fn contend_for<K: Kit>(params: &Params, mutexes: u64, next: fn(u64, u64, u64) -> u64) -> Answer {
    let [workers, inside, outside] = ["workers", "inside", "outside"].map(|name| params.get(name));
    let locks: Vec<_> = (0..mutexes)
        .map(|_| (K::Lock::default(), Cell::default()))
        .collect();
    let served = cells(workers);
    let stop = AtomicBool::new(false);
    let (each, elapsed) = thread::scope(|scope| {
        for worker in 0..workers {
            let (locks, served, stop) = (&locks, &served, &stop);
            scope.spawn(move || {
                let mut x = worker as u32 + 1;
                let mut turn = 0;
                while !stop.load(Relaxed) {
                    let (lock, counter) = &locks[next(worker, turn, mutexes) as usize];
                    lock.exclusively(|| {
                        counter.increment();
                        x = toil(inside, x);
                    });
                    served[worker as usize].increment();
                    x = toil(outside, x);
                    turn += 1;
                }
            });
        }
        observe(params, &served, &stop)
    });
    let counted: u64 = locks.iter().map(|(_, counter)| counter.get()).sum();
    let expected: u64 = served.iter().map(Cell::get).sum();
    assert_eq!(counted, expected, "wrong: a section was not alone");
    let (least, most) = least_and_most(&each);
    let total: u64 = each.iter().sum();
    (
        total as f64 / elapsed.as_secs_f64() / 1e6,
        vec![("fairness", least / most)],
    )
}

pub fn contend<K: Kit>(params: &Params) -> Answer {
    contend_for::<K>(params, 1, |_, _, _| 0)
}

/// As chooseMutex() of many-mutexes.js.
pub fn contend_for_many<K: Kit>(params: &Params) -> Answer {
    contend_for::<K>(params, params.get("mutexes"), |worker, turn, mutexes| {
        let scattered = (worker * 7919 + turn + 1).wrapping_mul(2_654_435_761) & 0xffff_ffff;
        (scattered >> 16) % mutexes
    })
}

pub fn be_fair<K: Kit>(params: &Params) -> Answer {
    let workers = params.get("workers");
    let inside = millis(params, "insideMs");
    let measured = millis(params, "measuredMs");
    let lock = K::Lock::default();
    let together = Barrier::new(workers as usize);
    let take_part = || {
        let (mut served, mut longest) = (0, Duration::ZERO);
        together.wait();
        let start = Instant::now();
        while start.elapsed() < measured {
            let asked = Instant::now();
            lock.exclusively(|| {
                let got = Instant::now();
                longest = longest.max(got - asked);
                while got.elapsed() < inside {
                    std::hint::spin_loop();
                }
            });
            served += 1;
        }
        (served, longest)
    };
    let results: Vec<(u64, Duration)> = thread::scope(|scope| {
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(take_part)).collect();
        let results = threads
            .into_iter()
            .map(|thread| thread.join().expect("it does not panic"));
        results.collect()
    });
    let each: Vec<_> = results.iter().map(|(served, _)| *served).collect();
    let longest = results
        .iter()
        .map(|(_, longest)| *longest)
        .max()
        .expect("some workers");
    let (least, most) = least_and_most(&each);
    let total: u64 = each.iter().sum();
    let sections = total as f64 / measured.as_secs_f64();
    let extras = vec![("least", least), ("most", most), ("sections", sections)];
    (longest.as_secs_f64() * 1e3, extras)
}

pub fn go_rounds<K: Kit>(params: &Params) -> Answer {
    let [workers, rounds] = ["workers", "rounds"].map(|name| params.get(name));
    let barrier = K::Rounds::new(workers as u32);
    let reached = cells(workers);
    let take_part = |worker: u64| {
        for round in 1..=rounds {
            reached[worker as usize].set(round);
            barrier.pass();
            assert!(
                reached.iter().all(|other| other.get() >= round),
                "an early pass"
            );
        }
    };
    let start = Instant::now();
    thread::scope(|scope| {
        for worker in 0..workers {
            let take_part = &take_part;
            scope.spawn(move || take_part(worker));
        }
    });
    (rounds as f64 / start.elapsed().as_secs_f64(), vec![])
}

pub fn hand_over<K: Kit>(params: &Params) -> Answer {
    let rounds = params.get("rounds");
    let turns = K::Turns::default();
    let taken = Cell::default();
    let take_turns = |mine: u32| {
        for _ in 0..rounds {
            turns.take(mine);
            if mine == 1 {
                taken.increment();
            }
        }
    };
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| take_turns(1));
        take_turns(0);
    });
    assert_eq!(taken.get(), rounds, "not every turn was taken");
    (
        start.elapsed().as_secs_f64() * 1e6 / (2 * rounds) as f64,
        vec![],
    )
}

/// Until all of them wait in the kernel, and not just in the queue.
const SETTLED: Duration = Duration::from_millis(2);
/// How often the notifier looks whether all of them have come so far.
const GLANCE: Duration = Duration::from_micros(200);

/// With `again=1` each waiter waits again at once, while others are still to be woken. Otherwise it waits elsewhere for the
/// next round, and the time ends with the release of the last.
pub fn notify_all<K: Kit>(params: &Params) -> Answer {
    let [waiters, skipped, measured, again] =
        ["waiters", "skipped", "rounds", "again"].map(|name| params.get(name));
    let rounds = skipped + measured;
    let meeting = K::Meeting::default();
    let (gate, opened) = (Mutex::new(0), Condvar::new());
    let start = Instant::now();
    let last = AtomicU64::new(0);
    let pass = || {
        last.fetch_max(start.elapsed().as_nanos() as u64, Relaxed);
    };
    let wait = || {
        for round in 1..=rounds {
            meeting.wait(
                |crowd| crowd.waiting += 1,
                |crowd| crowd.round >= round,
                |crowd| {
                    crowd.awake += 1;
                    if again == 1 {
                        pass();
                    }
                },
            );
            if again != 1 {
                pass();
                let guard = gate.lock().expect("no owner panics");
                drop(opened.wait_while(guard, |open| *open < round));
            }
        }
    };
    let until = |is_so: fn(&Crowd) -> u64| {
        while meeting.with(|crowd| is_so(crowd)) < waiters {
            thread::sleep(GLANCE);
        }
    };
    let run = |round| {
        until(|crowd| crowd.waiting);
        thread::sleep(SETTLED);
        last.store(0, Relaxed);
        let mut begin = Duration::ZERO;
        meeting.notify_all(|crowd| {
            *crowd = Crowd {
                round,
                ..Crowd::default()
            };
            begin = start.elapsed();
        });
        until(|crowd| crowd.awake);
        // The last one may still be about to take its time.
        thread::sleep(SETTLED);
        *gate.lock().expect("no owner panics") = round;
        opened.notify_all();
        (last.load(Relaxed) as f64 - begin.as_nanos() as f64) / 1e3
    };
    let mut times: Vec<f64> = thread::scope(|scope| {
        for _ in 0..waiters {
            scope.spawn(wait);
        }
        (1..=rounds).map(run).skip(skipped as usize).collect()
    });
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], vec![])
}
