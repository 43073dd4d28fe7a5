//! The clock that time limits are kept by. JavaScript's own may have been replaced by that of a test.

use crate::futex::Deadline;
use napi_derive::napi;

/// Milliseconds on the system's monotonic clock.
#[napi]
pub fn now() -> f64 {
    Deadline::now().as_nanoseconds() as f64 / 1e6
}
