//! The work of some questions of the benchmark, on Rust's `std::sync`, on a bare futex and over crossbeam's channels, without
//! a runtime: the limit.
//!
//! `shared-sync-bench <std|futex|crossbeam> <question> [name=value...]` prints one figure in the question's unit, and its extras, as
//! JSON. A wrong answer is a panic.

mod cells;
mod channels;
mod crowd;
#[cfg(target_os = "linux")]
mod futex;
mod one;
mod primitives;

use std::collections::HashMap;
use std::fmt::Write;

use crate::primitives::{Kit, Std};

/// What the question was asked with.
pub struct Params(HashMap<String, u64>);

impl Params {
    fn parse(arguments: impl Iterator<Item = String>) -> Self {
        let pairs = arguments.filter_map(|argument| {
            let (name, value) = argument.split_once('=')?;
            Some((name.to_owned(), value.parse().ok()?))
        });
        Self(pairs.collect())
    }

    pub fn get(&self, name: &str) -> u64 {
        let value = self.0.get(name);
        *value.unwrap_or_else(|| panic!("{name}=NUMBER is missing"))
    }
}

/// A figure, and what was learnt by the way.
pub type Answer = (f64, Vec<(&'static str, f64)>);

fn answer<K: Kit>(question: &str, params: &Params) -> Answer {
    match question {
        "uncontended" => one::lock_pair::<K>(),
        "try-lock" => one::try_lock_pair::<K>(),
        "read-lock" => one::read_pair(),
        "contended" => crowd::contend::<K>(params),
        "many-mutexes" => crowd::contend_for_many::<K>(params),
        "fairness" => crowd::be_fair::<K>(params),
        "barrier" => crowd::go_rounds::<K>(params),
        "hand-over" => crowd::hand_over::<K>(params),
        "notify-all" => crowd::notify_all::<K>(params),
        _ => panic!("there is no question {question}"),
    }
}

fn answer_by_channels(question: &str, params: &Params) -> Answer {
    match question {
        "channel" => channels::transport(params),
        "channel-round-trip" => channels::go_round(params),
        _ => panic!("there is no question {question}"),
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let mut word = || arguments.next().expect("two words: a kit and a question");
    let (kit, question) = (word(), word());
    let params = Params::parse(arguments);
    let (figure, extras) = match kit.as_str() {
        "std" => answer::<Std>(&question, &params),
        "crossbeam" => answer_by_channels(&question, &params),
        #[cfg(target_os = "linux")]
        "futex" => answer::<futex::Futex>(&question, &params),
        _ => panic!("there is no {kit} on this system"),
    };
    let mut text = String::new();
    for (i, (name, value)) in extras.iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        write!(text, "{comma}\"{name}\":{value}").expect("a string takes everything");
    }
    println!("{{\"figure\":{figure},\"extras\":{{{text}}}}}");
}
