//! Texts for standard error, or for a file, that appear at once, even while the main thread is blocked: the console of a
//! worker prints through the event loop of the main thread.

use super::arguments::Arguments;
use super::export::{Export, function};
use super::value::{Failure, Result, Value};
use crate::threads::{Stream, Writer};
use std::path::Path;
use std::sync::OnceLock;
use std::time::Duration;

/// The exports of this file.
pub static EXPORTS: &[Export] = &[
    function(c"standardErrorOpen", 0, open),
    function(c"standardErrorWrite", 1, write),
    function(c"standardErrorFlush", 0, flush),
];

/// How long the end of the process waits at most for what is being written.
const FLUSH_LIMIT: Duration = Duration::from_millis(100);

static STANDARD_ERROR: OnceLock<Option<Writer<Stream>>> = OnceLock::new();

/// The file of the hang reports.
static FILE: OnceLock<Writer<Stream>> = OnceLock::new();

/// The writer of standard error, which has its own duplicate of that. None if standard error was closed when this was
/// called first.
pub fn standard_error() -> Option<&'static Writer<Stream>> {
    STANDARD_ERROR
        .get_or_init(|| Stream::standard_error().map(Writer::new))
        .as_ref()
}

/// The writer of the file of the hang reports, which is opened once.
pub fn file(path: &Path) -> std::io::Result<&'static Writer<Stream>> {
    let stream = Stream::append_to(path)?;
    Ok(FILE.get_or_init(|| Writer::new(stream)))
}

fn open(_: &mut Arguments) -> Result<Value> {
    Ok(standard_error().is_some().into())
}

fn write(arguments: &mut Arguments) -> Result<Value> {
    let text = arguments.any();
    let text = arguments
        .env
        .read_text(text)
        .ok_or_else(|| Failure::invalid("expected a string"))?;
    Ok(standard_error()
        .is_some_and(|writer| writer.write(&text))
        .into())
}

fn flush(_: &mut Arguments) -> Result<Value> {
    // What was never opened has nothing to write.
    let standard_error = STANDARD_ERROR.get().and_then(Option::as_ref);
    for writer in standard_error.into_iter().chain(FILE.get()) {
        writer.flush(FLUSH_LIMIT);
    }
    Ok(Value::Undefined)
}
