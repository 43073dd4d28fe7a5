//! The clock of time limits. A test may have replaced JavaScript's own clock.

use crate::futex::Deadline;
use napi_derive::napi;

/// Milliseconds on the system's monotonic clock.
#[napi]
pub fn now() -> f64 {
    Deadline::now().as_nanoseconds() as f64 / 1e6
}
