//! One native call: the calling thread, the cells, and what the runtime does for the thread while it blocks.

use super::QUEUES;
use super::arguments::{Arguments, Limit, Name};
use super::errors::report;
use super::explore;
use super::promises::{self, Completion, Site, Terms};
use super::read_counts;
use super::realm::Realm;
use super::status::WaitStatus;
use super::value::{Env, Failure, Result, Value};
use super::view::{CellView, KeptView};
use crate::cell::SharedWord;
use crate::futex::Deadline;
use crate::label::Label;
use crate::primitives::{Fault, Wait, assert_not_cancelled};
use crate::queue::{Context, Key, Kind, Labels, Requester};
use crate::threads::{Interrupt, InterruptSource, Runtime};
use std::rc::Rc;

/// A call of a native function on a primitive.
pub struct Call {
    env: Env,
    realm: Rc<Realm>,
    kind: Kind,
    own: (CellView, Name),
    mutex: Option<(CellView, Name)>,
}

impl Call {
    /// Reads the arguments with which each call on a primitive begins: the realm, and the cell of the primitive with
    /// its name.
    // Not inlined: otherwise every native function would contain a copy.
    #[inline(never)]
    pub fn read(arguments: &mut Arguments, kind: Kind) -> Result<Self> {
        let realm = arguments.realm()?;
        realm.catch_up(arguments.env);
        Ok(Call {
            env: arguments.env,
            realm,
            kind,
            own: (arguments.cell()?, arguments.name()),
            mutex: None,
        })
    }

    /// Reads the same for the wait of a Condition, which locks the mutex again: its cell and name follow. Returns the
    /// cell, too.
    pub fn read_with_mutex(arguments: &mut Arguments) -> Result<(Self, CellView)> {
        let mut call = Call::read(arguments, Kind::Condition)?;
        let mutex = arguments.cell()?;
        call.mutex = Some((mutex, arguments.name()));
        Ok((call, mutex))
    }

    /// The environment.
    pub fn env(&self) -> Env {
        self.env
    }

    /// The realm that calls.
    pub fn realm(&self) -> &Rc<Realm> {
        &self.realm
    }

    /// Keeps the memory of the cell beyond the call.
    pub fn keep(&self) -> Result<KeptView> {
        self.own.0.keep(self.env)
    }

    /// The cell.
    pub fn cell(&self) -> SharedWord {
        self.own.0.cell()
    }

    /// The key of the queue.
    pub fn key(&self) -> Key {
        Key::new(self.cell(), self.kind)
    }

    fn site(&self) -> Site {
        Site {
            key: self.key(),
            mutex: self.mutex.map(|(cell, _)| cell.cell()),
        }
    }

    fn read_label(&self, (cell, name): (CellView, Name)) -> Label {
        Label {
            name: name.read(self.env),
            index: cell.index(),
        }
    }

    fn labels(&self) -> Labels {
        Labels {
            own: self.read_label(self.own),
            mutex: self.mutex.map(|mutex| Box::new(self.read_label(mutex))),
        }
    }

    fn as_context<R>(&self, cancels: &[SharedWord], operation: impl FnOnce(&Context) -> R) -> R {
        operation(&Context {
            queues: &QUEUES,
            thread: self.realm.thread(),
            runtime: self,
            cancels,
        })
    }

    /// Runs an operation for the calling thread, and throws its fault.
    pub fn run<R>(
        &self,
        operation: impl FnOnce(&Context) -> std::result::Result<R, Fault>,
    ) -> Result<R> {
        self.run_with(&[], operation)
    }

    /// As [`Call::run`], for an operation whose waits these cancels end.
    pub fn run_with<R>(
        &self,
        cancels: &[SharedWord],
        operation: impl FnOnce(&Context) -> std::result::Result<R, Fault>,
    ) -> Result<R> {
        let result = self.as_context(cancels, operation);
        self.realm.environment().hold_due();
        result.map_err(|fault| self.throw(fault))
    }

    /// Waits within a limit, and returns the status. A time limit that passes is a fault only if the limit says so.
    pub fn wait<T: Into<WaitStatus>>(
        &self,
        limit: &Limit,
        wait: impl FnOnce(&Context) -> std::result::Result<T, Fault>,
    ) -> Result<Value> {
        let status = self.run_with(&limit.cancels, |context| {
            assert_not_cancelled(context.cancels)?;
            let result = wait(context);
            if limit.is_fault {
                result.map(T::into)
            } else {
                WaitStatus::of(result)
            }
        })?;
        // An observer may have been switched on meanwhile.
        self.realm.catch_up(self.env);
        Ok(Value::from(status))
    }

    /// As [`Call::wait`], but with a time limit of 0 it calls `at_once` instead.
    pub fn within(
        &self,
        limit: &Limit,
        wait: impl FnOnce(&Context, Option<Deadline>) -> std::result::Result<(), Fault>,
        at_once: impl FnOnce(&Context) -> std::result::Result<(), Fault>,
    ) -> Result<Value> {
        self.wait(limit, |context| {
            if limit.waits() {
                wait(context, limit.deadline())
            } else {
                at_once(context)
            }
        })
    }

    /// Begins a wait as a promise. Returns [`WaitStatus::Pending`] if it waits, or its result if it did not need to.
    pub fn promise<W: Wait + 'static>(
        &self,
        terms: Terms,
        wait: impl FnOnce(&Requester) -> W,
        complete: impl FnOnce(std::result::Result<W::Output, Fault>) -> Completion + 'static,
    ) -> Result<Value> {
        let labels = || self.labels();
        promises::begin(&self.realm, self.site(), terms, &labels, wait, complete)?
            .map(Value::from)
            .map_err(|fault| self.throw(fault))
    }

    /// Throws the realm's error for a fault.
    #[cold]
    fn throw(&self, fault: Fault) -> Failure {
        let named = self.labels().get(self.site().concerned(&fault));
        match report(&named, self.realm.thread().id(), fault) {
            Some(report) => self.realm.throw(self.env, report),
            None => explore::throw_if_over(self.env),
        }
        Failure::Interrupted
    }
}

impl Runtime for Call {
    fn interrupt_source(&self) -> InterruptSource {
        self.realm.interrupt_source()
    }

    fn check_interrupts(&self) -> Interrupt {
        self.realm.check_interrupts(self.env)
    }

    fn label(&self, cell: SharedWord) -> Label {
        match self.mutex {
            Some(mutex) if mutex.0.cell() == cell => self.read_label(mutex),
            _ => self.read_label(self.own),
        }
    }

    fn cells_read(&self) -> Vec<SharedWord> {
        read_counts::cells_read()
    }

    fn before_block(&self) {
        self.as_context(&[], promises::before_block);
    }

    fn after_block(&self) {
        self.as_context(&[], promises::after_block);
    }
}
