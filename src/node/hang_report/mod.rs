//! The hang report: which threads and promises wait for long, for what, and what the threads do that should end their
//! waits. The environment variable `SHARED_SYNC_REPORT` asks for it.
//!
//! The timer's thread looks four times within the limit. It composes the report, and hands it to a writer. So a report
//! appears even while all threads of the program are blocked, and costs them nothing.
//!
//! The report says only what is true. A lock that is locked and unlocked in single instructions leaves no trace of
//! when. But while waiters are queued, each release passes through the bucket of the lock and is counted there. A wait
//! that lasts notes that count and the owner. If both are the same later, the owner has owned the lock all the time.

mod settings;
mod text;
mod view;

use super::QUEUES;
use super::arguments::Arguments;
use super::export::{Export, function};
use super::value::{Result, Value};
use super::writers;
use crate::futex::Deadline;
use crate::sync::lock;
use crate::threads::{Expire, Limit, Stream, Writer};
use settings::Settings;
use std::env;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, Weak};
use view::History;

/// The export of this file.
pub static EXPORTS: &[Export] = &[function(c"startHangReport", 1, start)];

/// How many looks there are within the limit.
const LOOKS: u64 = 4;

/// The longest time between two reports, in nanoseconds, unless the limit is longer.
const MAX_INTERVAL: u64 = 600_000_000_000;

static REPORTER: OnceLock<Option<Arc<Reporter>>> = OnceLock::new();

/// Writes the reports.
struct Reporter {
    this: Weak<Reporter>,
    settings: Settings,
    writer: &'static Writer<Stream>,
    state: Mutex<State>,
}

struct State {
    /// The next look, in the timer.
    next_look: Option<Limit>,
    history: History,
    /// How many reports there were.
    reports: u32,
    /// How many were left out since the last one, because that one was not read yet.
    left_out: u32,
    /// The time between the last report and the next, in nanoseconds.
    interval: u64,
    /// When the next report may follow.
    next_report: Option<Deadline>,
}

/// Begins to look for waits that last, if the environment asks for it. Called when a realm is made. Returns whether
/// something may be written.
fn start(arguments: &mut Arguments) -> Result<Value> {
    let realm = arguments.realm()?;
    let text = env::var("SHARED_SYNC_REPORT").unwrap_or_default();
    if text.is_empty() {
        return Ok(false.into());
    }
    if REPORTER.get_or_init(|| start_reporter(&text)).is_some() {
        realm.thread().show_cpu_clock();
    }
    Ok(true.into())
}

fn start_reporter(text: &str) -> Option<Arc<Reporter>> {
    let standard_error = writers::standard_error();
    let writer = match file() {
        Some(Ok(writer)) => writer,
        Some(Err(complaint)) => {
            let writer = standard_error?;
            writer.write(&complaint);
            writer
        }
        None => standard_error?,
    };
    let settings = match Settings::parse(text) {
        Ok(settings) => settings,
        Err(complaint) => {
            writer.write(&complaint);
            return None;
        }
    };
    let reporter = Arc::new_cyclic(|this| Reporter {
        this: Weak::clone(this),
        state: Mutex::new(State {
            next_look: None,
            history: History::default(),
            reports: 0,
            left_out: 0,
            interval: settings.limit,
            next_report: None,
        }),
        settings,
        writer,
    });
    QUEUES.take_notes();
    reporter.look_later();
    Some(reporter)
}

/// The writer of the file that the environment names, or why it cannot be written to. None if it names none.
fn file() -> Option<std::result::Result<&'static Writer<Stream>, String>> {
    let path = env::var_os("SHARED_SYNC_REPORT_FILE").filter(|path| !path.is_empty())?;
    let opened = writers::file(Path::new(&path));
    Some(opened.map_err(|error| {
        format!(
            "shared-sync: the hang reports appear here, since SHARED_SYNC_REPORT_FILE names {}, which cannot be \
             opened: {error}",
            path.display()
        )
    }))
}

impl Expire for Reporter {
    fn expired(&self) {
        self.look();
        self.look_later();
    }
}

impl Reporter {
    fn look_later(&self) {
        let next = Deadline::now().plus(self.settings.limit / LOOKS);
        let Some(target) = self.this.upgrade() else {
            return;
        };
        // Without the timer's thread there are no reports.
        let look = QUEUES.threads().timer().set(next, target).ok();
        lock(&self.state).next_look = look;
    }

    fn look(&self) {
        let mut state = lock(&self.state);
        let view = view::View::now(&mut state.history);
        let now = view.at;
        let Some(lines) = text::compose(&view, &self.settings) else {
            state.interval = self.settings.limit;
            state.next_report = None;
            return;
        };
        if state.next_report.is_some_and(|next| now < next) {
            return;
        }
        state.next_report = Some(now.plus(state.interval));
        state.interval = (state.interval * 2).min(MAX_INTERVAL.max(self.settings.limit));
        if !self.writer.is_idle() {
            state.left_out += 1;
            return;
        }
        state.reports += 1;
        let mut report = format!(
            "shared-sync hang report {} (process {}, SHARED_SYNC_REPORT={})\n",
            state.reports,
            std::process::id(),
            self.settings.text
        );
        let left_out = std::mem::take(&mut state.left_out);
        if left_out > 0 {
            report += &format!(
                "  {left_out} reports before this one were left out, since the one before them was not read in time\n"
            );
        }
        for line in lines {
            report += &format!("  {line}\n");
        }
        self.writer.write(&report);
    }
}
