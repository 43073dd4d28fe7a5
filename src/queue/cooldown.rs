//! Exponential back-off: each failure doubles the number of attempts that are skipped.

/// Whether to make the next attempt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cooldown {
    /// How many attempts to skip.
    skip: u16,
    /// How many attempts failed, less those that succeeded.
    failures: u8,
}

impl Cooldown {
    /// How many bits [`Cooldown::get`] uses.
    pub const BITS: u32 = 16;
    const FAILURE_BITS: u32 = 4;
    const MAX_FAILURES: u8 = 12;

    /// From a number that [`Cooldown::get`] gave.
    pub fn new(number: u64) -> Self {
        Cooldown {
            skip: (number as u16) >> Self::FAILURE_BITS,
            failures: number as u8 & ((1 << Self::FAILURE_BITS) - 1),
        }
    }

    /// As a number.
    pub fn get(self) -> u64 {
        u64::from(self.skip << Self::FAILURE_BITS | u16::from(self.failures))
    }

    /// How many attempts to skip.
    pub fn skip(self) -> u16 {
        self.skip
    }

    /// The state after an attempt that succeeded or failed, or after one that was skipped (`None`).
    pub fn after(self, helped: Option<bool>) -> Self {
        let Cooldown { skip, failures } = self;
        match helped {
            None => Cooldown {
                skip: skip.saturating_sub(1),
                failures,
            },
            Some(true) => Cooldown {
                skip: 0,
                failures: failures / 2,
            },
            Some(false) => {
                let failures = (failures + 1).min(Self::MAX_FAILURES);
                Cooldown {
                    skip: (1 << failures) - 1,
                    failures,
                }
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn each_failure_doubles_the_skipped_attempts_up_to_a_limit() {
        let mut cooldown = Cooldown::default();
        for rest in [1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 4095, 4095] {
            cooldown = cooldown.after(Some(false));
            assert_eq!(cooldown.skip(), rest);
        }
    }

    #[test]
    fn a_success_ends_the_skipping_and_shortens_it_after_the_next_failure() {
        let failed = (0..8).fold(Cooldown::default(), |cooldown, _| {
            cooldown.after(Some(false))
        });
        let helped = failed.after(Some(true));
        assert_eq!(helped.skip(), 0);
        assert_eq!(helped.after(Some(false)).skip(), 31);
    }
}
