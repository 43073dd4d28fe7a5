//! Time limits of waits for which no thread sleeps: one thread of the process sleeps until the earliest limit passes.
//!
//! It starts with the first limit, and sleeps without a deadline while there is none. Two things wake it: the
//! deadline for which it sleeps, and a new limit before that deadline. Removing a limit wakes nothing. The thread may
//! wake once for a deadline that was removed; it finds no limit that has passed, and sleeps on.
//!
//! A limit may be set while the thread goes to sleep. Under the lock, the thread notes until when it is about to
//! sleep. A caller that sets an earlier limit finds that note under the same lock and unparks the thread. If the
//! thread does not sleep yet, it finds the token.

mod heap;

use super::Parker;
use super::signals::without_signals;
use crate::futex::Deadline;
use crate::sync::{Mutex, lock};
use heap::Heap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// What a timer calls when a limit passes.
pub trait Expire: Send + Sync {
    /// The limit has passed. Called on the timer's thread, with no lock of the timer held, so it may set and drop
    /// limits. All other limits wait for it to return, so it should do no more than wake another thread. A panic ends
    /// this call and nothing else.
    ///
    /// The call may still run, or only begin, while another thread drops the [`Limit`].
    fn expired(&self);
}

/// A thread that calls targets when their limits pass.
pub struct Timer {
    schedule: Mutex<Schedule>,
    parker: Parker,
}

struct Schedule {
    limits: Heap<Arc<dyn Expire>>,
    sleep: Sleep,
    /// Whether the timer's thread was started.
    is_started: bool,
}

/// How long the thread sleeps, or is about to sleep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sleep {
    /// Not at all: it checks the limits before it sleeps.
    Awake,
    /// Until this moment.
    Until(Deadline),
    /// Until it is unparked.
    Unlimited,
}

impl Sleep {
    fn lasts_beyond(self, deadline: Deadline) -> bool {
        match self {
            Sleep::Awake => false,
            Sleep::Until(end) => deadline < end,
            Sleep::Unlimited => true,
        }
    }
}

/// A time limit that is set. Dropping it removes it, in logarithmic time and without waking the timer's thread.
///
/// After that its target is called at most once more: by a call that is running, or that the timer's thread has just
/// begun.
#[must_use = "dropping a limit removes it"]
pub struct Limit {
    timer: &'static Timer,
    slot: u32,
}

impl Drop for Limit {
    fn drop(&mut self) {
        // Dropped after the lock is released: a target may own limits.
        let target = lock(&self.timer.schedule).limits.release(self.slot);
        drop(target);
    }
}

impl Timer {
    /// A timer without limits, whose thread is not started yet.
    pub fn new() -> Self {
        Timer {
            schedule: Mutex::new(Schedule {
                limits: Heap::new(),
                sleep: Sleep::Awake,
                is_started: false,
            }),
            parker: Parker::new(),
        }
    }

    /// Calls `target` once `deadline` has passed: never before, and as late as the system takes to wake a thread and
    /// the calls for earlier limits take to return. Fails if the timer's thread cannot be started.
    pub fn set(
        &'static self,
        deadline: Deadline,
        target: Arc<dyn Expire>,
    ) -> std::io::Result<Limit> {
        {
            let mut schedule = lock(&self.schedule);
            if !schedule.is_started {
                self.start()?;
                schedule.is_started = true;
            }
        }
        Ok(self.insert(deadline, target))
    }

    /// As [`Timer::set`], but starts no thread.
    pub(crate) fn insert(&'static self, deadline: Deadline, target: Arc<dyn Expire>) -> Limit {
        let mut schedule = lock(&self.schedule);
        let slot = schedule.limits.insert(deadline, target);
        let wakes = schedule.sleep.lasts_beyond(deadline);
        if wakes {
            schedule.sleep = Sleep::Awake;
        }
        drop(schedule);
        if wakes {
            self.parker.unpark();
        }
        Limit { timer: self, slot }
    }

    fn start(&'static self) -> std::io::Result<()> {
        // At most 15 bytes, which is the limit of Linux.
        let builder = std::thread::Builder::new().name("sync-timer".to_owned());
        without_signals(|| builder.spawn(|| self.run(|| true))).map(drop)
    }

    /// The loop of the thread: calls the targets whose limits have passed, then sleeps until the next limit passes or
    /// an earlier one is set. `goes_on` is called before each sleep, and ends the loop if it returns false.
    pub(crate) fn run(&self, goes_on: impl Fn() -> bool) {
        loop {
            match self.next() {
                Next::Expired(target) => expire(target),
                Next::Sleep(_) if !goes_on() => return,
                // However the sleep ends, the thread checks the limits again.
                Next::Sleep(deadline) => {
                    self.parker.park(deadline);
                }
            }
        }
    }

    /// The next step of the thread. It takes one target at a time, so that a limit that is dropped meanwhile is not
    /// called.
    fn next(&self) -> Next {
        let now = Deadline::now();
        let mut schedule = lock(&self.schedule);
        let earliest = schedule.limits.earliest();
        if earliest.is_some_and(|deadline| deadline <= now)
            && let Some(target) = schedule.limits.pop()
        {
            schedule.sleep = Sleep::Awake;
            return Next::Expired(target);
        }
        schedule.sleep = earliest.map_or(Sleep::Unlimited, Sleep::Until);
        Next::Sleep(earliest)
    }
}

impl Default for Timer {
    fn default() -> Self {
        Self::new()
    }
}

/// The next step of the timer's thread.
enum Next {
    /// Calls this target.
    Expired(Arc<dyn Expire>),
    /// Sleeps until this moment.
    Sleep(Option<Deadline>),
}

/// Calls a target, and drops it. A panic in either is contained: the thread has other targets to call.
fn expire(target: Arc<dyn Expire>) {
    let called = catch_unwind(AssertUnwindSafe(move || target.expired()));
    if let Err(payload) = called {
        // Dropping the payload might panic again.
        std::mem::forget(payload);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::mpsc::{self, RecvTimeoutError, Sender};
    use std::time::{Duration, Instant};

    /// Longer than any test takes.
    const FAR: u64 = 3_600_000_000_000;
    const MILLISECOND: u64 = 1_000_000;

    fn timer() -> &'static Timer {
        Box::leak(Box::new(Timer::new()))
    }

    fn soon(milliseconds: u64) -> Deadline {
        Deadline::now().plus(milliseconds * MILLISECOND)
    }

    fn far() -> Deadline {
        Deadline::now().plus(FAR)
    }

    /// Calls a function.
    struct Call<F>(F);

    impl<F: Fn() + Send + Sync> Expire for Call<F> {
        fn expired(&self) {
            (self.0)();
        }
    }

    fn call(function: impl Fn() + Send + Sync + 'static) -> Arc<dyn Expire> {
        Arc::new(Call(function))
    }

    /// Sends `value` and the time.
    fn send(sender: &Sender<(u64, Deadline)>, value: u64) -> Arc<dyn Expire> {
        let sender = sender.clone();
        call(move || sender.send((value, Deadline::now())).unwrap())
    }

    #[test]
    fn limits_pass_in_their_order_and_never_early() {
        let (timer, (sender, receiver)) = (timer(), mpsc::channel());
        let begin = Deadline::now();
        let after = |milliseconds: u64| begin.plus(milliseconds * MILLISECOND);
        let order = [30, 5, 20, 1, 25, 10, 0, 15];
        let limits = order.map(|milliseconds| {
            let target = send(&sender, milliseconds);
            timer.set(after(milliseconds), target).unwrap()
        });
        let passed = order.map(|_| receiver.recv().unwrap());
        // A limit that had already passed when it was set may come after later ones that were set before.
        assert!(
            passed
                .iter()
                .filter(|(value, _)| *value > 1)
                .is_sorted_by_key(|(value, _)| value)
        );
        for (milliseconds, at) in passed {
            assert!(at >= after(milliseconds), "{milliseconds} ms came early");
        }
        drop(limits);
    }

    #[test]
    fn an_earlier_limit_wakes_the_thread() {
        let (timer, (sender, receiver)) = (timer(), mpsc::channel());
        let later = timer.set(far(), send(&sender, 2)).unwrap();
        while lock(&timer.schedule).sleep == Sleep::Awake {
            std::thread::yield_now();
        }
        let earlier = timer.set(soon(1), send(&sender, 1)).unwrap();
        assert_eq!(receiver.recv().unwrap().0, 1);
        drop((later, earlier));
    }

    #[test]
    fn neither_a_later_limit_nor_a_removed_one_wakes_the_thread() {
        let timer = timer();
        let nothing = || call(|| {});
        let sleep = || lock(&timer.schedule).sleep;
        let first = far();
        // There is no thread here: the test takes the steps that it would take.
        let limit = timer.insert(first, nothing());
        assert!(matches!(timer.next(), Next::Sleep(deadline) if deadline == Some(first)));
        let later = timer.insert(first.plus(1), nothing());
        assert_eq!(sleep(), Sleep::Until(first));
        drop(later);
        drop(limit);
        assert_eq!(sleep(), Sleep::Until(first));
        let second = timer.insert(first.plus(1), nothing());
        assert_eq!(sleep(), Sleep::Until(first));
        // The thread wakes for the removed limit, and sleeps for the other one.
        assert!(matches!(timer.next(), Next::Sleep(deadline) if deadline == Some(first.plus(1))));
        drop(second);
        assert!(matches!(timer.next(), Next::Sleep(None)));
        let third = timer.insert(first, nothing());
        assert_eq!(sleep(), Sleep::Awake);
        drop(third);
    }

    #[test]
    fn removed_limits_do_not_pass() {
        let (timer, (sender, receiver)) = (timer(), mpsc::channel());
        for _ in 0..100 {
            drop(timer.set(soon(5), send(&sender, 0)).unwrap());
        }
        let last = timer.set(soon(10), send(&sender, 1)).unwrap();
        assert_eq!(receiver.recv().unwrap().0, 1);
        drop((last, sender));
        assert!(receiver.recv().is_err());
    }

    #[test]
    fn a_target_may_set_and_drop_limits_and_own_them() {
        let (timer, (sender, receiver)) = (timer(), mpsc::channel());
        let owned = std::sync::Mutex::new(None);
        let target = call(move || {
            let next = timer.set(soon(1), send(&sender, 1)).unwrap();
            *owned.lock().unwrap() = Some(next);
        });
        let limit = timer.set(soon(1), Arc::clone(&target)).unwrap();
        assert_eq!(receiver.recv().unwrap().0, 1);
        drop(limit);
        // Drops the limit that it owns, too.
        drop(timer.set(far(), target).unwrap());
        assert_eq!(lock(&timer.schedule).limits.earliest(), None);
    }

    #[test]
    fn a_panic_in_a_target_leaves_the_thread_alive() {
        let (timer, (sender, receiver)) = (timer(), mpsc::channel());
        let panics = timer
            .set(soon(0), call(|| std::panic::resume_unwind(Box::new(()))))
            .unwrap();
        let next = timer.set(soon(1), send(&sender, 1)).unwrap();
        assert_eq!(receiver.recv().unwrap().0, 1);
        drop((panics, next));
    }

    #[test]
    fn a_hundred_thousand_limits_are_set_and_removed_within_a_second() {
        let timer = timer();
        let target = call(|| {});
        let start = Instant::now();
        let begin = far();
        let limits: Vec<_> = (0..100_000_u64)
            .map(|index| {
                let deadline = begin.plus(index * 7_919 % 100_000);
                timer.set(deadline, Arc::clone(&target)).unwrap()
            })
            .collect();
        drop(limits);
        let elapsed = start.elapsed();
        assert!(elapsed < Duration::from_secs(1), "{elapsed:?}");
        assert_eq!(lock(&timer.schedule).limits.earliest(), None);
    }

    #[test]
    fn a_limit_takes_sixteen_bytes() {
        assert!(size_of::<Option<Limit>>() <= 16);
    }

    #[cfg(unix)]
    #[test]
    fn the_thread_blocks_all_signals() {
        let (timer, (sender, receiver)) = (timer(), mpsc::channel());
        let target = call(move || {
            let mut mask = std::mem::MaybeUninit::uninit();
            // SAFETY: writes the thread's mask, which sigismember reads then.
            let blocked = unsafe {
                libc::pthread_sigmask(libc::SIG_SETMASK, std::ptr::null(), mask.as_mut_ptr());
                [
                    libc::SIGINT,
                    libc::SIGTERM,
                    libc::SIGUSR1,
                    libc::SIGCHLD,
                    libc::SIGPROF,
                ]
                .map(|signal| libc::sigismember(mask.as_ptr(), signal))
            };
            sender.send(blocked).unwrap();
        });
        let limit = timer.set(soon(0), target).unwrap();
        assert_eq!(receiver.recv().unwrap(), [1; 5]);
        drop(limit);
        let none: Result<_, RecvTimeoutError> = receiver.recv_timeout(Duration::ZERO);
        assert!(none.is_err());
    }
}
