// Mistakes that must not compile: each line under a directive fails `npm run test:types` once it does.
import {
  Barrier,
  Cancel,
  Channel,
  Condition,
  Event,
  Latch,
  Mutex,
  Once,
  RwLock,
  Semaphore,
  SyncError,
  inspect,
  layout,
  select,
  trySelect,
} from '@x/shared-sync';
import type { Guard, ReadGuard, SyncErrorCode, Synchronous, WriteGuard } from '@x/shared-sync';

const buffer = new SharedArrayBuffer(16);
const mutex = new Mutex(buffer, 0);
const condition = new Condition(buffer, 1);
const barrier = new Barrier(buffer, 2, 2);
const latch = new Latch(buffer, 3);
const semaphore = new Semaphore(buffer, 3, 1);
const lock = new RwLock(buffer, 3);
const cancel = new Cancel(buffer, 3);

// @ts-expect-error memory that is not shared
new Cancel(new Int32Array(8));
// @ts-expect-error
Cancel.from(cancel);
// @ts-expect-error a signal is not a Cancel: Cancel.from makes one
mutex.lock({ cancel: cancel.signal });
// @ts-expect-error
mutex.lock(100);
// @ts-expect-error the limit stands before the options
mutex.tryLock(100, { timeout: 100 });
// @ts-expect-error
semaphore.acquire({ cancel });
// @ts-expect-error promises have it, blocking calls have not
latch.await({ ref: true });
// @ts-expect-error
barrier.wait({ signal: cancel.signal });
// @ts-expect-error read-only
cancel.aborted = true;

// @ts-expect-error no view
new Mutex();
// @ts-expect-error the most common slip: memory that is not shared
new Mutex(new Int32Array(8));
// @ts-expect-error
new Condition(new Int32Array(new ArrayBuffer(8)));
// @ts-expect-error
new Barrier(new Int32Array(8), 0, 2);
// @ts-expect-error
new Latch(new Int32Array(8), 0);
// @ts-expect-error not shared
new Mutex(new ArrayBuffer(8));
// @ts-expect-error other element types
new Mutex(new Uint32Array(buffer));
// @ts-expect-error
new Mutex(new Uint8Array(buffer));
// @ts-expect-error
new Mutex(new BigInt64Array(buffer));
// @ts-expect-error
new Mutex(new DataView(buffer));
// @ts-expect-error
new Mutex([0]);
// @ts-expect-error
new Mutex({ buffer });
// @ts-expect-error
new Mutex(null);
// @ts-expect-error
new Mutex(buffer, '0');
// @ts-expect-error
new Mutex(buffer, 0n);
// @ts-expect-error
new Mutex(buffer, null);
// @ts-expect-error a class needs new
Mutex(buffer);

// @ts-expect-error how many threads must be said
new Barrier(buffer, 0);
// @ts-expect-error
new Barrier(buffer, 0, '4');
// @ts-expect-error
new Barrier(buffer, undefined, 4);

// @ts-expect-error how many permits must be said
new Semaphore(buffer);
// @ts-expect-error
new Semaphore(buffer, 0);
// @ts-expect-error
new Semaphore(buffer, 0, '4');
// @ts-expect-error
new Semaphore(buffer, undefined, 4);
// @ts-expect-error
new Semaphore(new Int32Array(8), 0, 4);
// @ts-expect-error
new Semaphore(buffer, 0, 4, { max: '5' });
// @ts-expect-error a misspelled option
new Semaphore(buffer, 0, 4, { maximum: 5 });
// @ts-expect-error
semaphore.acquire('2');
// @ts-expect-error a time limit is for tryAcquire
semaphore.acquire(1, 10);
// @ts-expect-error
semaphore.tryAcquire(1, '10');
// @ts-expect-error the options come second
semaphore.acquireAsync({ timeout: 10 });
// @ts-expect-error a permit has no owner: there is no guard
semaphore.acquireAsync().then((guard) => guard.release());
// @ts-expect-error
semaphore.available = 3;

// @ts-expect-error
new RwLock(new Int32Array(8));
// @ts-expect-error the index comes second
new RwLock(buffer, { name: 'table' });
// @ts-expect-error only a semaphore has `max`
new RwLock(buffer, 0, { max: 3 });
// @ts-expect-error
lock.read(10);
// @ts-expect-error
lock.tryWrite('10');
// @ts-expect-error there is no upgrade from a read to a write
lock.read().upgrade();
// @ts-expect-error
lock.read().downgrade();
// @ts-expect-error milliseconds go into the options
lock.readAsync(10);
// @ts-expect-error not awaited
lock.writeAsync().release();
// @ts-expect-error
lock.readers = 0;
// @ts-expect-error null when no thread writes
lock.writerThreadId.toFixed();
// @ts-expect-error a Condition waits with a Mutex
condition.wait(lock);
// @ts-expect-error guards are made by their lock, and are no values
new ReadGuard();
// @ts-expect-error
new WriteGuard();

// @ts-expect-error
mutex.lock(10);
// @ts-expect-error
mutex.tryLock('10');
// @ts-expect-error only the methods change it
mutex.locked = false;
// @ts-expect-error
mutex.ownerThreadId = null;
// @ts-expect-error null when it is free
mutex.ownerThreadId.toFixed();

// @ts-expect-error its work would go on without the lock
mutex.runExclusive(async () => 1);
// @ts-expect-error
mutex.runExclusive();
// @ts-expect-error
mutex.runExclusive((given: number) => given);

function exclusively<T>(fn: () => Synchronous<T>): T {
  return mutex.runExclusive(fn);
}
// @ts-expect-error a wrapper refuses a promise, too
exclusively(async () => 1);
function unchecked<T>(fn: () => T): T {
  // @ts-expect-error `T` may be a promise: the wrapper must declare `() => Synchronous<T>`
  return mutex.runExclusive(fn);
}
function waitUntil<T>(predicate: () => Synchronous<T>): void {
  condition.wait(mutex, predicate);
}
// @ts-expect-error
waitUntil(async () => true);
function waitUnchecked<T>(predicate: () => T): void {
  // @ts-expect-error
  condition.wait(mutex, predicate);
}

// @ts-expect-error
condition.wait();
// @ts-expect-error
condition.wait(latch);
// @ts-expect-error a look-alike is not a Mutex
condition.wait({ lock() {}, unlock() {}, tryLock: () => true, locked: true, ownerThreadId: 0 });
// @ts-expect-error
condition.wait(mutex, true);
// @ts-expect-error a promise is always truthy
condition.wait(mutex, async () => false);
// @ts-expect-error
condition.wait(mutex, () => (Math.random() > 0.5 ? true : Promise.resolve(true)));
// @ts-expect-error
condition.wait(mutex, (): PromiseLike<boolean> => Promise.resolve(true));
// @ts-expect-error the limit must be said
condition.waitFor(mutex, () => true);
// @ts-expect-error
condition.waitFor(mutex, 10);
// @ts-expect-error
condition.waitFor(mutex, () => true, '10');
// @ts-expect-error
condition.waitFor(mutex, async () => true, 10);
// @ts-expect-error the answer is the predicate's own
const answer: boolean = condition.waitFor(mutex, () => 1, 10);
// @ts-expect-error
condition.notify('all');
// @ts-expect-error
condition.notifyAll(1);

// @ts-expect-error
barrier.wait(10);
// @ts-expect-error
barrier.total = 3;
// @ts-expect-error
latch.await(10);
// @ts-expect-error
latch.tryAwait(10n);
// @ts-expect-error it never closes again
latch.released = false;
// @ts-expect-error
latch.countDown('1');
// @ts-expect-error only countDown changes it
latch.remaining = 0;
// @ts-expect-error
new Latch(buffer, 0, '2');
// @ts-expect-error the count comes before the options
new Latch(buffer, 0, { name: 'done' });
// @ts-expect-error milliseconds go into the options
latch.awaitAsync(10);

// @ts-expect-error
layout();
// @ts-expect-error
layout({ jobs: 5 });
// @ts-expect-error a class, not an instance
layout({ jobs: mutex });
// @ts-expect-error how many threads must be said
layout({ phase: Barrier });
// @ts-expect-error
layout({ phase: [Barrier] });
// @ts-expect-error how many permits must be said
layout({ slots: Semaphore });
// @ts-expect-error
layout({ slots: [Semaphore] });
// @ts-expect-error
layout({ slots: [Semaphore, { max: 4 }] });
// @ts-expect-error
layout({ slots: [Semaphore, 4, { max: '5' }] });
// @ts-expect-error
layout({ table: [RwLock, 4] });
// @ts-expect-error
layout({ table: RwLock }).table.lock();
// @ts-expect-error
layout({ phase: [Barrier, '4'] });
// @ts-expect-error
layout({ totals: Float64Array });
// @ts-expect-error
layout({ totals: [Float64Array] });
// @ts-expect-error
layout({ totals: [DataView, 8] });
// @ts-expect-error
layout({ totals: [Float64Array, 8, 8] });
// @ts-expect-error
layout({ share: Mutex });
// @ts-expect-error
layout({ jobs: Mutex }).other;
// @ts-expect-error
layout({ jobs: Mutex }).jobs = mutex;
// @ts-expect-error
layout({ jobs: Mutex }).jobs.await();
// @ts-expect-error
layout.from({});
// @ts-expect-error the layout does not travel
layout.from(layout({ jobs: Mutex }));
// @ts-expect-error
layout.from(buffer, { share: Mutex });

// @ts-expect-error a guard is made by its mutex, and is no value
new Guard();
// @ts-expect-error not awaited
mutex.lockAsync().release();
// @ts-expect-error milliseconds go into the options
mutex.lockAsync(10);
// @ts-expect-error
mutex.lockAsync({ timeout: '10' });
// @ts-expect-error
mutex.lockAsync({ signal: new AbortController() });
// @ts-expect-error
mutex.lockAsync({ ref: 1 });
// @ts-expect-error a misspelled option
mutex.lockAsync({ timeOut: 10 });
// @ts-expect-error
mutex.runExclusive();
// @ts-expect-error it would unlock before the promise is fulfilled
mutex.runExclusive(async () => {});
// @ts-expect-error
condition.waitAsync();
declare const held: Guard;
// @ts-expect-error a task waits with its guard, not with the mutex
condition.waitAsync(mutex);
// @ts-expect-error
condition.waitAsync(mutex, () => true);
// @ts-expect-error the guard of another lock
condition.waitAsync(lock.write());
// @ts-expect-error
condition.waitAsync(held, async () => true);
// @ts-expect-error the options come third
condition.waitAsync(held, { timeout: 10 });
// @ts-expect-error not awaited
condition.waitAsync(mutex.lockAsync());
// @ts-expect-error a thread waits with its mutex, not with a guard
condition.wait(held);
// @ts-expect-error it is called with a guard
mutex.runExclusiveAsync((given: number) => given);
// @ts-expect-error
mutex.runExclusiveAsync((_guard, _other) => 1);
// @ts-expect-error
const triedToRelease: number = held.tryRelease();
// @ts-expect-error only release() changes it
held.held = false;
// @ts-expect-error a guard has no lock()
held.lock();
// @ts-expect-error `undefined` if it timed out
const recovered: boolean = mutex.tryRecover(10);
// @ts-expect-error how many promises, not which
inspect({ promises: 5 });
// @ts-expect-error
inspect().omitted = 5;
// @ts-expect-error undefined if there is no code
const code: string = SyncError.codeOf(new Error());
// @ts-expect-error
const arrived: number = barrier.waitAsync();
// @ts-expect-error
barrier.waitFor();
// @ts-expect-error
barrier.broken = false;
// @ts-expect-error
new Barrier(buffer, 2, 2, { action: 5 });
// @ts-expect-error only a barrier has an action
new Mutex(buffer, 0, { action: () => {} });

// @ts-expect-error it is for the types only
import { brand } from '@x/shared-sync';
// @ts-expect-error
new SyncError('message', 'ERR_SOMETHING');
// @ts-expect-error
const code: SyncErrorCode = 'ERR_SOMETHING';

export type { Guard, ReadGuard, WriteGuard };
export { answer, arrived, code, recovered, triedToRelease, unchecked, waitUnchecked };

const event = new Event(buffer, 3);
// @ts-expect-error only set() and reset() change it
event.isSet = true;
// @ts-expect-error milliseconds go into the options
event.wait(10);
// @ts-expect-error
new Event(buffer, 0, { autoReset: 1 });
// @ts-expect-error autoReset is an option
new Event(buffer, 0, true);
// @ts-expect-error
layout({ ready: [Event, true] });

const once = new Once(buffer, 3);
// @ts-expect-error a promise would be a run that ends before its function
once.run(async () => {});
// @ts-expect-error
once.run();
// @ts-expect-error it never runs again
once.done = false;

// @ts-expect-error a promise would be a section without its permits
semaphore.run(async () => {});
// @ts-expect-error
semaphore.permit('1');
// @ts-expect-error a promise would be a section without the lock
lock.runReading(async () => {});
// @ts-expect-error
lock.runWriting();

// @ts-expect-error the name comes first
layout.open({ jobs: Mutex });
// @ts-expect-error
layout.open('types');
// @ts-expect-error
layout.open('types', { jobs: 5 });
// @ts-expect-error
layout.open('types', { jobs: Mutex }, { create: 'no' });
// @ts-expect-error it may be undefined
layout.open('types', { jobs: Mutex }, { create: false }).jobs;

// @ts-expect-error a Mutex is no case
select([new Mutex(buffer)]);
// @ts-expect-error
select(new Channel(buffer, 0, { capacity: 64 }));
// @ts-expect-error milliseconds are for trySelect
select([event], 5);
// @ts-expect-error it may be undefined
trySelect([event]).index;
// @ts-expect-error only a Channel has a value
select([event]).value.id;
