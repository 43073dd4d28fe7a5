//! The clock of time limits. A test may have replaced JavaScript's own clock.

use super::arguments::Arguments;
use super::export::{Export, function};
use super::value::{Result, Value};
use crate::threads;

/// The export of this file.
pub static EXPORTS: &[Export] = &[function(c"now", 0, now)];

fn now(_: &mut Arguments) -> Result<Value> {
    Ok((threads::now().as_nanoseconds() as f64 / 1e6).into())
}
