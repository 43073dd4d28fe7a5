use super::*;
use std::any::type_name;
use std::collections::HashMap;

/// The rows of `facts.txt`: what Apple publishes, by name.
fn facts() -> HashMap<&'static str, &'static str> {
    include_str!("facts.txt")
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            // Columns are two or more spaces apart.
            let mut columns = line.split("  ").map(str::trim).filter(|c| !c.is_empty());
            let name = columns.next().unwrap();
            (name, columns.nth(1).unwrap())
        })
        .collect()
}

fn number(text: &str) -> u32 {
    text.strip_prefix("0x").map_or_else(
        || text.parse().unwrap(),
        |hex| u32::from_str_radix(hex, 16).unwrap(),
    )
}

/// How Rust names the type of a C function.
fn in_rust(c: &str) -> String {
    let (result, arguments) = c.strip_suffix(')').unwrap().split_once(" (").unwrap();
    let of = |name: &str| match name {
        "int" => "i32",
        "uint32_t" => "u32",
        "uint64_t" => "u64",
        "size_t" => "usize",
        "void *" => "*mut core::ffi::c_void",
        other => panic!("{other} is not known"),
    };
    let arguments: Vec<_> = arguments.split(", ").map(of).collect();
    format!(
        "unsafe extern \"C\" fn({}) -> {}",
        arguments.join(", "),
        of(result)
    )
}

#[test]
fn constants_are_those_that_apple_publishes() {
    let facts = facts();
    let value = |name| number(facts[name]);
    assert_eq!(CLOCK_MACH_ABSOLUTE, value("OS_CLOCK_MACH_ABSOLUTE_TIME"));
    assert_eq!(
        ULOCK_COMPARE_AND_WAIT,
        value("UL_COMPARE_AND_WAIT") | value("ULF_NO_ERRNO")
    );
    assert_eq!(UPTIME_RAW, value("CLOCK_UPTIME_RAW"));
}

#[test]
fn functions_have_the_types_that_apple_publishes() {
    let facts = facts();
    for (name, found) in [
        ("os_sync_wait_on_address", type_name::<WaitOnAddress>()),
        (
            "os_sync_wait_on_address_with_timeout",
            type_name::<WaitWithTimeout>(),
        ),
        ("os_sync_wake_by_address_any", type_name::<WakeByAddress>()),
        ("__ulock_wait", type_name::<UlockWait>()),
        ("__ulock_wake", type_name::<UlockWake>()),
        ("clock_gettime_nsec_np", type_name::<ReadClock>()),
    ] {
        assert_eq!(found, in_rust(facts[name]), "{name}");
    }
}

#[cfg(not(target_os = "macos"))]
mod against_the_stand_in {
    use super::super::stand_in::{ENDS_EARLY, IS_OLD, LAST_LIMIT, REFUSED, SLEEPS};
    use super::*;
    use std::sync::{Mutex, PoisonError};
    use std::time::{Duration, Instant};

    /// Runs a test on a system of each age. One at a time, since a process has one system.
    fn on_each_system(ends_early: bool, test: impl Fn()) {
        static ONE: Mutex<()> = Mutex::new(());
        let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
        for is_old in [false, true] {
            IS_OLD.store(is_old, Ordering::SeqCst);
            ENDS_EARLY.store(ends_early, Ordering::SeqCst);
            for count in [&REFUSED, &SLEEPS] {
                count.store(0, Ordering::SeqCst);
            }
            test();
            assert_eq!(REFUSED.load(Ordering::SeqCst), 0, "refused, old: {is_old}");
        }
    }

    fn times_out_after(milliseconds: f64) {
        let futex = Macos::new(0);
        let start = Instant::now();
        let deadline = Deadline::now().plus_milliseconds(milliseconds);
        while futex.wait(0, deadline) != Wake::TimedOut {}
        assert!(start.elapsed() >= Duration::from_secs_f64(milliseconds / 1e3));
    }

    #[test]
    fn a_wait_is_never_early_and_sleeps_once() {
        on_each_system(false, || {
            for milliseconds in [0.0, 0.0004, 0.3, 5.0] {
                SLEEPS.store(0, Ordering::SeqCst);
                times_out_after(milliseconds);
                // A sleep may be a little short where the limit is rounded to the clock of the system.
                assert!(SLEEPS.load(Ordering::SeqCst) <= 3);
            }
        });
    }

    #[test]
    fn a_sleep_that_ends_early_is_no_time_out() {
        on_each_system(true, || {
            times_out_after(20.0);
            assert!(SLEEPS.load(Ordering::SeqCst) > 5);
        });
    }

    #[test]
    fn a_limit_is_passed_in_the_unit_of_the_call_and_never_as_zero() {
        on_each_system(true, || {
            let futex = Macos::new(0);
            // Longer than 32 bits of microseconds.
            let far = Deadline::now().plus_milliseconds(1e10);
            assert_eq!(futex.wait(0, far), Wake::Woken);
            let limit = LAST_LIMIT.load(Ordering::SeqCst);
            if IS_OLD.load(Ordering::SeqCst) {
                assert_eq!(limit, ULOCK_LONGEST);
            } else {
                assert!(limit > 9_999_000_000_000_000, "{limit}");
            }
            let near = Some(Deadline::now().plus(900_000));
            futex.wait(0, near);
            let limit = LAST_LIMIT.load(Ordering::SeqCst);
            assert!((1..=900_000).contains(&limit), "{limit}");
        });
    }

    #[test]
    fn a_wait_on_a_changed_word_returns_at_once() {
        on_each_system(false, || {
            assert_eq!(Macos::new(1).wait(0, None), Wake::Woken);
            let far = Deadline::now().plus_milliseconds(1e6);
            assert_eq!(Macos::new(1).wait(0, far), Wake::Woken);
        });
    }

    #[test]
    fn a_wake_ends_a_wait_with_and_without_limit() {
        on_each_system(false, || {
            for deadline in [None, Deadline::now().plus_milliseconds(60_000.0)] {
                let futex = Macos::new(0);
                let start = Instant::now();
                std::thread::scope(|scope| {
                    scope.spawn(|| {
                        while SLEEPS.load(Ordering::SeqCst) == 0 {
                            std::thread::yield_now();
                        }
                        futex.word().store(1, Ordering::Release);
                        futex.wake();
                    });
                    while futex.word().load(Ordering::Acquire) == 0 {
                        futex.wait(0, deadline);
                    }
                });
                assert!(start.elapsed() < Duration::from_secs(30));
                SLEEPS.store(0, Ordering::SeqCst);
            }
        });
    }
}
