//! The native side of `RwLock`.

use super::QUEUES;
use super::arguments::{Arguments, Serial};
use super::call::Call;
use super::export::{Export, constant, function};
use super::grants;
use super::promises::Terms;
use super::read_counts::Reads;
use super::status::WaitStatus;
use super::value::{Result, Value};
use super::view::KeptView;
use crate::cell::SharedWord;
use crate::primitives::{Entering, Fault, Recovered, Request, RwLock, in_time};
use crate::queue::{Context, Key, Kind, Owner};

/// The exports for RwLock.
pub static EXPORTS: &[Export] = &[
    constant(c"RWLOCK_FREE", RwLock::FREE),
    constant(c"RWLOCK_MOST_READS", RwLock::NUMBER),
    constant(c"RWLOCK_WAITERS", RwLock::WAITERS),
    constant(c"RWLOCK_WRITER", RwLock::WRITER),
    constant(c"RWLOCK_GUARD", RwLock::GUARD),
    constant(c"RWLOCK_READ", Request::Read as u32),
    constant(c"RWLOCK_WRITE", Request::Write as u32),
    constant(c"RWLOCK_RECOVER", Request::Recover as u32),
    function(c"rwlockEnter", 5, enter),
    function(c"rwlockUnlock", 4, unlock),
    function(c"rwlockDowngrade", 3, downgrade),
    function(c"rwlockTryEnterGuard", 5, try_enter_guard),
    function(c"rwlockEnterAsync", 7, enter_async),
    function(c"rwlockReleaseGuard", 5, release_guard),
    function(c"rwlockDowngradeGuard", 5, downgrade_guard),
    function(c"rwlockIsGuarded", 4, is_guarded),
    function(c"rwlockReaders", 3, readers),
    function(c"rwlockWriter", 3, writer),
];

fn key(cell: SharedWord) -> Key {
    Key::new(cell, Kind::RwLock)
}

/// Reads what a call asks for.
fn request(arguments: &mut Arguments) -> Result<Request> {
    arguments.count().map(Request::from)
}

/// Voids the reads of this thread and of its guards if the cell was written over.
fn forget_lost_reads(cell: SharedWord, reads: &Reads) {
    if RwLock::new(cell, reads.held()).forget_lost_reads() {
        grants::revoke_all_reads(key(cell));
    }
}

/// A call on an RwLock, with the counts of this thread's reads.
struct RwLockCall {
    call: Call,
    reads: Reads,
}

impl RwLockCall {
    /// Reads the arguments with which each call on an RwLock begins.
    fn read(arguments: &mut Arguments) -> Result<Self> {
        let call = Call::read(arguments, Kind::RwLock)?;
        let reads = Reads::of(call.env(), call.cell())?;
        Ok(RwLockCall { call, reads })
    }

    /// Reads the same, and a request, for a call that enters.
    fn read_entering(arguments: &mut Arguments) -> Result<(Self, Request)> {
        let this = Self::read(arguments)?;
        let request = request(arguments)?;
        forget_lost_reads(this.call.cell(), &this.reads);
        Ok((this, request))
    }

    fn lock(&self) -> RwLock {
        RwLock::new(self.call.cell(), self.reads.held())
    }

    /// Ends reads. That may find the cell written over, and then no promise of this thread holds a read any more.
    fn end_read(
        &self,
        unlock: impl FnOnce(RwLock, &Context) -> std::result::Result<(), Fault>,
    ) -> Result<()> {
        let result = self.call.run(|context| unlock(self.lock(), context));
        if result.is_err() && self.reads.held().by_guards.load() == 0 {
            grants::revoke_all_reads(self.call.key());
        }
        result
    }
}

fn enter(arguments: &mut Arguments) -> Result<Value> {
    let (this, request) = RwLockCall::read_entering(arguments)?;
    let limit = arguments.limit()?;
    let lock = this.lock();
    this.call.wait(&limit, |context| {
        match request {
            Request::Recover => return lock.recover(context, limit.deadline()),
            request if !limit.waits() => lock.try_enter(context, context.owner(), request),
            Request::Read => lock.read(context, limit.deadline()),
            Request::Write => lock.write(context, limit.deadline()),
        }
        .map(|()| Recovered::Acquired)
    })
}

fn unlock(arguments: &mut Arguments) -> Result<Value> {
    let this = RwLockCall::read(arguments)?;
    match request(arguments)? {
        Request::Read => this.end_read(|lock, context| lock.unlock_read(context)),
        _ => this.call.run(|context| this.lock().unlock_write(context)),
    }
    .map(Value::from)
}

fn downgrade(arguments: &mut Arguments) -> Result<Value> {
    let this = RwLockCall::read(arguments)?;
    this.call
        .run(|context| this.lock().downgrade(context, context.owner()))
        .map(Value::from)
}

/// What a guard holds of the lock.
enum Entry {
    Read(KeptView),
    Write,
}

impl Entry {
    fn of(call: &Call, request: Request) -> Result<Self> {
        Ok(match request {
            Request::Read => Entry::Read(call.keep()?),
            Request::Write | Request::Recover => Entry::Write,
        })
    }

    fn grant(self, key: Key, serial: Serial) {
        match self {
            Entry::Read(view) => grants::grant_read(key, serial, view),
            Entry::Write => grants::grant(key, serial),
        }
    }
}

fn try_enter_guard(arguments: &mut Arguments) -> Result<Value> {
    let (this, request) = RwLockCall::read_entering(arguments)?;
    let serial = arguments.serial()?;
    let entry = Entry::of(&this.call, request)?;
    let entered = this
        .call
        .run(|context| in_time(this.lock().try_enter(context, context.guard(), request)))?;
    let is_inside = entered.is_some();
    if is_inside {
        entry.grant(this.call.key(), serial);
    }
    Ok(is_inside.into())
}

fn enter_async(arguments: &mut Arguments) -> Result<Value> {
    let (this, request) = RwLockCall::read_entering(arguments)?;
    let terms = Terms::read(arguments)?;
    let (key, serial, lock) = (this.call.key(), terms.serial, this.lock());
    let entry = Entry::of(&this.call, request)?;
    let RwLockCall { call, reads } = this;
    call.promise(
        terms,
        |requester| Entering::new(lock, requester, request),
        move |entered| {
            // The counts belong to this lock until here.
            drop(reads);
            let status = WaitStatus::from(entered?);
            entry.grant(key, serial);
            Ok(status.number())
        },
    )
}

fn release_guard(arguments: &mut Arguments) -> Result<Value> {
    let this = RwLockCall::read(arguments)?;
    let request = request(arguments)?;
    let serial = arguments.serial()?;
    if request == Request::Read {
        // The view is dropped after the call.
        let Some(_view) = grants::revoke_read(serial) else {
            return Ok(false.into());
        };
        this.end_read(|lock, context| lock.unlock_read_as(context, context.guard()))?;
        return Ok(true.into());
    }
    let is_writer = grants::revoke(this.call.key(), serial);
    if is_writer {
        this.call
            .run(|context| this.lock().unlock_write_as(context, context.guard()))?;
    }
    Ok(is_writer.into())
}

fn downgrade_guard(arguments: &mut Arguments) -> Result<Value> {
    let this = RwLockCall::read(arguments)?;
    let (writing, reading) = (arguments.serial()?, arguments.serial()?);
    let entry = Entry::Read(this.call.keep()?);
    let is_writer = grants::revoke(this.call.key(), writing);
    if is_writer {
        this.call
            .run(|context| this.lock().downgrade(context, context.guard()))?;
        entry.grant(this.call.key(), reading);
    }
    Ok(is_writer.into())
}

fn is_guarded(arguments: &mut Arguments) -> Result<Value> {
    let realm = arguments.realm()?;
    let cell = arguments.cell()?.cell();
    let request = request(arguments)?;
    let serial = arguments.serial()?;
    let reads = Reads::of(arguments.env, cell)?;
    forget_lost_reads(cell, &reads);
    let is_guarded = match request {
        Request::Read => grants::is_read_granted(serial),
        _ => {
            let lock = RwLock::new(cell, reads.held());
            grants::is_granted(key(cell), serial)
                && lock.is_written_as(Owner::Guard(realm.thread().id()))
        }
    };
    Ok(is_guarded.into())
}

fn readers(arguments: &mut Arguments) -> Result<Value> {
    let this = RwLockCall::read(arguments)?;
    this.call.run(|_| this.lock().readers()).map(Value::from)
}

fn writer(arguments: &mut Arguments) -> Result<Value> {
    let this = RwLockCall::read(arguments)?;
    let writer = this.call.run(|_| this.lock().writer(QUEUES.threads()))?;
    Ok(writer.map_or(0, |writer| writer.get()).into())
}
