//! What the environment variables ask of the hang report.

/// How long a wait lasts at least, in nanoseconds, before it is reported: from a tenth of a second to a day.
const LIMITS: std::ops::RangeInclusive<u64> = 100_000_000..=86_400_000_000_000;

/// The settings of the hang report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The text of the variable.
    pub text: String,
    /// How long a wait lasts, in nanoseconds, before it is reported.
    pub limit: u64,
    /// Whether every wait is reported, not only those that an owner should end.
    pub all: bool,
}

impl Settings {
    /// Reads the value of `SHARED_SYNC_REPORT`: a time, such as 10s or 500ms, and `,all` behind it to report every wait.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (time, all) = match text.split_once(',') {
            Some((time, "all")) => (time, true),
            Some(_) => return Err(wrong(text)),
            None => (text, false),
        };
        let digits = time.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = time.split_at(digits);
        let unit = match unit {
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "min" => 60_000_000_000,
            _ => return Err(wrong(text)),
        };
        let limit = number
            .parse::<u64>()
            .ok()
            .and_then(|number| number.checked_mul(unit));
        match limit.filter(|limit| LIMITS.contains(limit)) {
            Some(limit) => Ok(Settings {
                text: text.to_owned(),
                limit,
                all,
            }),
            None => Err(wrong(text)),
        }
    }
}

fn wrong(text: &str) -> String {
    format!(
        "shared-sync: there are no hang reports, since SHARED_SYNC_REPORT is \"{text}\". Set it to a whole number with a \
         unit, from 100ms to 1440min, such as 10s, or to 10s,all to report every wait."
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_unit_and_a_range() {
        let parsed = |text| Settings::parse(text).map(|settings| (settings.limit, settings.all));
        assert_eq!(parsed("10s"), Ok((10_000_000_000, false)));
        assert_eq!(parsed("500ms,all"), Ok((500_000_000, true)));
        assert_eq!(parsed("1440min"), Ok((86_400_000_000_000, false)));
        for text in [
            "",
            "10",
            "s",
            "10 s",
            "-1s",
            "1.5s",
            "99ms",
            "1441min",
            "10s,",
            "10s,every",
            "10h",
            "99999999999999999999s",
            "18446744073709551615min",
        ] {
            assert_eq!(parsed(text), Err(wrong(text)), "{text}");
        }
    }
}
