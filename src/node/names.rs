//! How messages refer to primitives, threads and times. What these functions return is written straight into the
//! message: strings on the way would take kilobytes of code.

use crate::queue::{Kind, Named};
use crate::threads::ThreadId;
use std::fmt::{Display, Formatter, Result};

/// How a message refers to a primitive.
pub fn label(named: &Named) -> impl Display {
    LabelOf(named)
}

struct LabelOf<'a>(&'a Named);

impl Display for LabelOf<'_> {
    fn fmt(&self, to: &mut Formatter) -> Result {
        let Named { key, label } = self.0;
        match (key.kind(), &label.name) {
            // Its name lists the cases.
            (Kind::Select, Some(cases)) => write!(to, "select of {cases}"),
            (kind, Some(name)) => write!(to, "{} \"{name}\"", class_of(kind)),
            (kind, None) => write!(to, "{} in cell {}", class_of(kind), label.index),
        }
    }
}

/// The class name of a kind of primitive.
pub fn class_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Mutex => "Mutex",
        Kind::Condition => "Condition",
        Kind::Barrier | Kind::BarrierGate => "Barrier",
        Kind::Latch => "Latch",
        Kind::Semaphore => "Semaphore",
        Kind::RwLock => "RwLock",
        Kind::Event => "Event",
        Kind::Once => "Once",
        Kind::Cancel => "Cancel",
        Kind::Channel => "Channel",
        Kind::Select => "select",
    }
}

/// A thread as the user knows it.
pub fn thread(id: ThreadId) -> impl Display + Copy {
    NameOf(id)
}

#[derive(Clone, Copy)]
struct NameOf(ThreadId);

impl Display for NameOf {
    fn fmt(&self, to: &mut Formatter) -> Result {
        match self.0.worker() {
            0 => to.write_str("the main thread"),
            worker => write!(to, "worker {worker}"),
        }
    }
}

/// A time as the user reads it.
pub fn duration(nanoseconds: u64) -> impl Display + Copy {
    Nanoseconds(nanoseconds)
}

#[derive(Clone, Copy)]
struct Nanoseconds(u64);

impl Display for Nanoseconds {
    fn fmt(&self, to: &mut Formatter) -> Result {
        let milliseconds = self.0 / 1_000_000;
        if milliseconds < 1_000 {
            write!(to, "{milliseconds} ms")
        } else {
            // Without floating point, whose formatting would take 15 KB of the addon.
            let tenths = (milliseconds + 50) / 100;
            write!(to, "{}.{} s", tenths / 10, tenths % 10)
        }
    }
}

/// Several things as a sentence lists them.
pub fn list(parts: &[String]) -> String {
    match parts {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_read_as_written_by_hand() {
        let parts = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(list(&parts[..0]), "");
        assert_eq!(list(&parts[..1]), "a");
        assert_eq!(list(&parts), "a, b and c");
    }
}
