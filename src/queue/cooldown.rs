//! How often to try what may be in vain: after each time that it was, for twice as many times not.

/// Whether something that was tried is to be tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cooldown {
    /// For how many times it is not tried.
    resting: u16,
    /// How many times it was in vain, less the times that it was not.
    vain: u8,
}

impl Cooldown {
    /// How many bits [`Cooldown::get`] uses.
    pub const BITS: u32 = 16;
    const VAIN_BITS: u32 = 4;
    const MOST_VAIN: u8 = 12;

    /// From a number that [`Cooldown::get`] gave.
    pub fn new(number: u64) -> Self {
        Cooldown {
            resting: (number as u16) >> Self::VAIN_BITS,
            vain: number as u8 & ((1 << Self::VAIN_BITS) - 1),
        }
    }

    /// As a number.
    pub fn get(self) -> u64 {
        u64::from(self.resting << Self::VAIN_BITS | u16::from(self.vain))
    }

    /// For how many times it is not tried.
    pub fn resting(self) -> u16 {
        self.resting
    }

    /// Once more it was tried and helped or did not, or it was not tried.
    pub fn after(self, helped: Option<bool>) -> Self {
        let Cooldown { resting, vain } = self;
        match helped {
            None => Cooldown {
                resting: resting.saturating_sub(1),
                vain,
            },
            Some(true) => Cooldown {
                resting: 0,
                vain: vain / 2,
            },
            Some(false) => {
                let vain = (vain + 1).min(Self::MOST_VAIN);
                Cooldown {
                    resting: (1 << vain) - 1,
                    vain,
                }
            }
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn what_was_in_vain_rests_for_twice_as_long_each_time_up_to_a_limit() {
        let mut trust = Cooldown::default();
        for rest in [1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 2047, 4095, 4095] {
            trust = trust.after(Some(false));
            assert_eq!(trust.resting(), rest);
        }
    }

    #[test]
    fn what_helped_is_tried_again_at_once_and_rests_for_less_when_it_is_in_vain_again() {
        let vain = (0..8).fold(Cooldown::default(), |trust, _| trust.after(Some(false)));
        let helped = vain.after(Some(true));
        assert_eq!(helped.resting(), 0);
        assert_eq!(helped.after(Some(false)).resting(), 31);
    }
}
