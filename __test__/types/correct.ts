// Programs that must compile. Nothing here runs: `npm run test:types` only checks it.
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
  layout,
  select,
  selectAsync,
  trySelect,
} from '@x/shared-sync';
import type {
  BarrierOptions,
  CancelOptions,
  EventOptions,
  Guard,
  Layout,
  LayoutSpec,
  LimitOptions,
  MutexConstructor,
  OpenOptions,
  Permit,
  ReadGuard,
  SemaphoreOptions,
  SharedLayout,
  SyncErrorCode,
  Synchronous,
  WaitOptions,
  WriteGuard,
} from '@x/shared-sync';

/** Compiles only where both types are the same: `any` is not the same as anything. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_proof: Same<A, B>): void {}

declare const buffer: SharedArrayBuffer;
declare const plainView: Int32Array; // what most functions declare; may lie over shared memory
declare const viewOrBuffer: Int32Array | SharedArrayBuffer;
declare const untyped: any; // what workerData is
const view = new Int32Array(buffer);

// Every kind of view, in every constructor.
const mutex = new Mutex(view);
new Mutex(view, 1);
new Mutex(buffer);
new Mutex(plainView, 1);
new Mutex(viewOrBuffer);
new Mutex(new Int32Array(new ArrayBuffer(8)) as Int32Array); // what a shared WebAssembly.Memory needs
new Mutex(untyped, 1);
new Mutex(new Int32Array(new SharedArrayBuffer(16), 8, 1));
const condition = new Condition(view, 1);
new Condition(buffer);
new Condition(plainView);
const barrier = new Barrier(view, 2, 4);
new Barrier(buffer, 0, 4);
new Barrier(plainView, 0, 4);
const latch = new Latch(view, 3);
new Latch(buffer);
new Latch(plainView);

const semaphore = new Semaphore(view, 3, 2);
new Semaphore(buffer, 0, 2);
new Semaphore(plainView, 0, 0, { max: Infinity });
const lock = new RwLock(view, 3);
const cancel = new Cancel(view, 3, { name: 'stop' });
new Cancel(buffer);
new Cancel(plainView);

const channel = new Channel<{ id: number }>(buffer, 0, { capacity: 64, codec: 'json' });
channel.send({ id: 1 }, { timeout: 100 });
same<ReturnType<typeof channel.receive>, { id: number }>(true);
const received: { id: number } | undefined = channel.tryReceive(5, { own: true, cancel });
for (const { id } of channel) id.toFixed();
channel.reserve(5).commit();
const peeked: Uint8Array = channel.peek().bytes;
channel.close({ discard: true });
void [received, peeked, channel.sendMany([{ id: 2 }]), Channel.byteLength(64)];

// A select: the index says which case it was, and so what the value is.
const selected = select([channel, latch, cancel], { timeout: 100, own: true });
if (selected.index === 0 && !selected.done) selected.value.id.toFixed();
else same<typeof selected.value, undefined>(true);
same<typeof selected.index, 0 | 1 | 2>(true);
const selectedInTime = trySelect([undefined, channel], 5, { cancel });
same<NonNullable<typeof selectedInTime>['index'], 1>(true);
const cases: (Channel<string> | undefined)[] = [];
const some: string | undefined = select(cases).value;
selectAsync([channel, new Cancel(buffer)] as const, { ref: true }).then(({ value }) => value?.id);
void some;

// Limits of a wait.
const limits: LimitOptions = { cancel: [cancel, new Cancel(buffer)], timeout: 100 };
const cancels: CancelOptions = { cancel };
mutex.lock(limits).unlock();
mutex.tryLock(100, cancels);
mutex.recover({ cancel });
mutex.tryRecover(100, cancels);
mutex.runExclusive(() => 1, limits).toFixed();
condition.wait(mutex, undefined, limits);
condition.wait(mutex, () => true, { timeout: 5 });
condition.waitFor(mutex, () => 'answer' as const, 5, cancels).toUpperCase();
barrier.wait(limits).toFixed();
barrier.waitFor(5, cancels).toFixed();
latch.await(limits);
latch.tryAwait(5, cancels);
semaphore.acquire(2, limits);
semaphore.tryAcquire(2, 5, cancels);
lock.read(limits).release();
lock.write({ timeout: Infinity }).release();
lock.tryRead(5, cancels);
lock.tryWrite(5, cancels);
lock.recover(limits);
lock.tryRecover(5, cancels);
mutex.lockAsync({ cancel, timeout: 5, ref: true }).then((guard) => guard.release());

// What a Cancel offers.
cancel.abort();
cancel.abortAfter(30_000);
same<typeof cancel.aborted, boolean>(true);
cancel.throwIfAborted();
same<typeof cancel.signal, AbortSignal>(true);
fetch('https://example.org', { signal: cancel.signal });
Cancel.from(AbortSignal.timeout(5)).abort();
Cancel.from(cancel.signal, view, 1, { name: 'stop' });
new RwLock(buffer);
new RwLock(plainView, 0, { name: 'table' });

// A function that takes any view can hand it on.
function jobs(memory: Int32Array | SharedArrayBuffer): Mutex {
  return new Mutex(memory, 1);
}
jobs(view);
jobs(buffer);
jobs(plainView);

same<typeof mutex, Mutex>(true);
const locked = mutex.lock();
same<typeof locked, Mutex>(true);
const tried = mutex.tryLock();
same<typeof tried, boolean>(true);
mutex.tryLock(10);
mutex.tryLock(Infinity);
const unlocked = mutex.unlock();
same<typeof unlocked, void>(true);
const isLocked = mutex.locked;
same<typeof isLocked, boolean>(true);
const owner = mutex.ownerThreadId;
same<typeof owner, number | null>(true);
const disposable: Disposable = mutex.lock();
disposable[Symbol.dispose]();
{
  using guard = mutex.lock();
  guard.unlock();
}

const result = mutex.runExclusive(() => ({ id: 1 }));
same<typeof result, { id: number }>(true);
const nothing = mutex.runExclusive(() => {});
same<typeof nothing, void>(true);

// Generic wrappers hand on what they are given.
function exclusively<T>(fn: () => Synchronous<T>): T {
  return mutex.runExclusive(fn);
}
const wrapped = exclusively(() => ({ id: 1 }));
same<typeof wrapped, { id: number }>(true);
function waitUntil<T>(predicate: () => Synchronous<T>): void {
  condition.wait(mutex, predicate);
}
waitUntil(() => view[4] > 0);
function waitUntilFor<T>(predicate: () => Synchronous<T>, ms: number): T {
  return condition.waitFor(mutex, predicate, ms);
}
const inTime = waitUntilFor(() => 'a', 10);
same<typeof inTime, string>(true);
function waitUntilAsync<T>(given: Guard, predicate: () => Synchronous<T>): Promise<T> {
  return condition.waitAsync(given, predicate);
}
function exclusivelyAsync<T>(fn: (given: Guard) => T | PromiseLike<T>): Promise<T> {
  return mutex.runExclusiveAsync(fn);
}
const wrappedLater = exclusivelyAsync((given) => waitUntilAsync(given, () => 1));
same<typeof wrappedLater, Promise<number>>(true);

condition.wait(mutex);
condition.wait(mutex, () => true);
condition.wait(mutex, () => view[4]);
condition.wait(mutex, undefined);
declare function unknownAnswer(): unknown;
condition.wait(mutex, unknownAnswer);
const waited = condition.wait(mutex, () => 1);
same<typeof waited, void>(true);

const notified = condition.waitFor(mutex, undefined, 10);
same<typeof notified, boolean>(true);
declare function findJob(): { id: number } | null;
const job = condition.waitFor(mutex, findJob, 10);
same<typeof job, { id: number } | null>(true);
declare const maybePredicate: (() => string) | undefined;
const either = condition.waitFor(mutex, maybePredicate, 10);
same<typeof either, string | boolean>(true);
const flag = condition.waitFor(mutex, () => view[4] > 0, 10);
same<typeof flag, boolean>(true);
const woken = condition.notify();
same<typeof woken, number>(true);
condition.notify(2);
condition.notify(Infinity);
const allWoken = condition.notifyAll();
same<typeof allWoken, number>(true);

const arrival = barrier.wait();
same<typeof arrival, number>(true);
const total = barrier.total;
same<typeof total, number>(true);

const awaited = latch.await();
same<typeof awaited, void>(true);
const opened = latch.tryAwait(5);
same<typeof opened, boolean>(true);
latch.tryAwait();
latch.release();
const released = latch.released;
same<typeof released, boolean>(true);

// Promises, guards and the whole barrier.
const options: WaitOptions = { timeout: 10, signal: AbortSignal.timeout(5), ref: true };
const controller = new AbortController();
async function promises(): Promise<void> {
  const guard = await mutex.lockAsync();
  same<typeof guard, Guard>(true);
  await mutex.lockAsync({});
  await mutex.lockAsync({ signal: controller.signal });
  await mutex.lockAsync({ timeout: Infinity, ref: false });
  const { held, recovered } = guard;
  same<typeof held, boolean>(true);
  same<typeof recovered, boolean>(true);
  const released = guard.release();
  same<typeof released, void>(true);
  const recovering = await mutex.recoverAsync(options);
  same<typeof recovering, Guard>(true);
  {
    using _one = await mutex.lockAsync();
    await using _two = await mutex.lockAsync();
  }

  const sum = mutex.runExclusive(() => 1);
  same<typeof sum, number>(true);
  mutex.runExclusive(unknownAnswer);
  const atOnce = await mutex.runExclusiveAsync(() => 'a');
  same<typeof atOnce, string>(true);
  const later = await mutex.runExclusiveAsync(async () => [1], options);
  same<typeof later, number[]>(true);

  const withGuard = await mutex.runExclusiveAsync((given) => {
    same<typeof given, Guard>(true);
    return condition.waitAsync(given, findJob);
  });
  same<typeof withGuard, { id: number } | null>(true);
  const tried = guard.tryRelease();
  same<typeof tried, boolean>(true);

  const toldOf = await condition.waitAsync(guard);
  same<typeof toldOf, boolean>(true);
  await condition.waitAsync(guard, undefined, options);
  const found = await condition.waitAsync(guard, findJob, { timeout: 10 });
  same<typeof found, { id: number } | null>(true);
  const either = await condition.waitAsync(guard, maybePredicate);
  same<typeof either, string | boolean>(true);

  const opened = await latch.awaitAsync(options);
  same<typeof opened, void>(true);
  const arrived = await barrier.waitAsync(options);
  same<typeof arrived, number>(true);
}
void promises;
const limited = barrier.waitFor(10);
same<typeof limited, number>(true);
barrier.abort();
barrier.reset();
const { broken, waiting } = barrier;
same<typeof broken, boolean>(true);
same<typeof waiting, number>(true);
const barrierOptions: BarrierOptions = { name: 'phase', action: () => {} };
new Barrier(view, 0, 4, barrierOptions);
new Barrier(view, 0, 4, { action: async () => {} });

// Permits.
const semaphoreOptions: SemaphoreOptions = { name: 'connections', max: 8 };
new Semaphore(view, 0, 4, semaphoreOptions);
const taken = semaphore.acquire();
same<typeof taken, void>(true);
semaphore.acquire(2);
const took = semaphore.tryAcquire();
same<typeof took, boolean>(true);
semaphore.tryAcquire(2);
semaphore.tryAcquire(2, 10);
const promised = semaphore.acquireAsync();
same<typeof promised, Promise<void>>(true);
semaphore.acquireAsync(2, options);
semaphore.acquireAsync(undefined, options);
const given = semaphore.release();
same<typeof given, void>(true);
semaphore.release(2);
const free = semaphore.available;
same<typeof free, number>(true);

// Readers and writers.
const reading = lock.read();
same<typeof reading, ReadGuard>(true);
const readingEnded = reading.release();
same<typeof readingEnded, void>(true);
const triedToEndRead = reading.tryRelease();
same<typeof triedToEndRead, boolean>(true);
const writing = lock.write();
const triedToEndWrite = writing.tryRelease();
same<typeof triedToEndWrite, boolean>(true);
same<typeof writing, WriteGuard>(true);
const writingEnded = writing.release();
same<typeof writingEnded, void>(true);
same<typeof writing.held, boolean>(true);
same<typeof writing.recovered, boolean>(true);
const downgraded = lock.write().downgrade();
same<typeof downgraded, ReadGuard>(true);
const downgradedToo = lock.downgrade();
same<typeof downgradedToo, ReadGuard>(true);
const triedToRead = lock.tryRead();
same<typeof triedToRead, boolean>(true);
const triedToWrite = lock.tryWrite(10);
same<typeof triedToWrite, boolean>(true);
lock.unlockRead();
lock.unlockWrite();
const cleared = lock.recover();
same<typeof cleared, boolean>(true);
const clearedInTime = lock.tryRecover(10);
same<typeof clearedInTime, boolean | undefined>(true);
const reads = lock.readers;
same<typeof reads, number>(true);
const writer = lock.writerThreadId;
same<typeof writer, number | null>(true);
{
  using _read = lock.read();
  using _write = lock.write();
}
async function insideByPromise(): Promise<void> {
  const reading = await lock.readAsync(options);
  same<typeof reading, ReadGuard>(true);
  const writing = await lock.writeAsync({ signal: controller.signal });
  same<typeof writing, WriteGuard>(true);
  const recovering = await lock.recoverAsync();
  same<typeof recovering, WriteGuard>(true);
  using _one = await lock.readAsync();
  using _two = (await lock.writeAsync()).downgrade();
}
void insideByPromise;

// The classes are values and types, can be told apart at run time, extended and passed around.
class NamedMutex extends Mutex {
  title = 'jobs';
}
const named = new NamedMutex(buffer, 0).lock();
same<typeof named, NamedMutex>(true);
named.title.toUpperCase();
class OwnBarrier extends Barrier {
  constructor(memory: Int32Array) {
    super(memory, 0, 2);
  }
}
new OwnBarrier(plainView).wait();
const Class: MutexConstructor = Mutex;
new Class(buffer).lock();
if (untyped instanceof Latch) untyped.release();

try {
  mutex.unlock();
} catch (error) {
  if (error instanceof SyncError) {
    const { code, name, message } = error;
    same<typeof code, SyncErrorCode>(true);
    same<typeof name, 'SyncError'>(true);
    message.toUpperCase();
    switch (code) {
      case 'ERR_ABANDONED':
      case 'ERR_BROKEN_BARRIER':
      case 'ERR_CANCELLED':
      case 'ERR_CLOSED':
      case 'ERR_CORRUPT_CELL':
      case 'ERR_DEADLOCK':
      case 'ERR_NO_ARENA':
      case 'ERR_NOT_OWNER':
      case 'ERR_SECOND_COPY':
      case 'ERR_TIMEOUT':
      case 'SHARED_SYNC_LOCK_ORDER':
        break;
      default:
        code satisfies never;
    }
  }
}

// A layout knows what its fields are.
const locks = layout({
  jobs: Mutex,
  ready: [Condition, { name: 'filled' }],
  phase: [Barrier, 4],
  step: [Barrier, 4, { action: () => {} }],
  done: [Latch, 3],
  gate: Latch,
  s: [Semaphore, 3],
  most: [Semaphore, 0, { max: Infinity, name: 'signals' }],
  l: RwLock,
  stop: Cancel,
  halt: [Cancel, { name: 'halt' }],
  table: [RwLock, { name: 'rows' }],
  totals: [Float64Array, 16],
  bytes: [Uint8Array, 1000],
  clamped: [Uint8ClampedArray, 4],
  counters: [BigInt64Array, 2],
});
same<typeof locks.jobs, Mutex>(true);
same<typeof locks.ready, Condition>(true);
same<typeof locks.phase, Barrier>(true);
same<typeof locks.done, Latch>(true);
same<typeof locks.gate, Latch>(true);
same<typeof locks.s, Semaphore>(true);
same<typeof locks.most, Semaphore>(true);
same<typeof locks.l, RwLock>(true);
same<typeof locks.table, RwLock>(true);
same<typeof locks.totals, Float64Array<SharedArrayBuffer>>(true);
same<typeof locks.bytes, Uint8Array<SharedArrayBuffer>>(true);
same<typeof locks.clamped, Uint8ClampedArray<SharedArrayBuffer>>(true);
same<typeof locks.counters, BigInt64Array<SharedArrayBuffer>>(true);
const { share } = locks;
const travelling = share();
same<typeof travelling.buffer, SharedArrayBuffer>(true);
const arrived = layout.from(travelling);
same<typeof arrived.jobs, Mutex>(true);
same<typeof arrived.totals, Float64Array<SharedArrayBuffer>>(true);

const spec = {
  jobs: Mutex,
  phase: [Barrier, 4],
  step: [Barrier, 4, { action: () => {} }],
  s: [Semaphore, 3, { max: 4 }],
  l: RwLock,
  totals: [Float64Array, 16],
} as const;
spec satisfies LayoutSpec;
const checked = layout.from(untyped, spec);
same<typeof checked, Layout<typeof spec>>(true);
same<typeof checked.phase, Barrier>(true);
same<typeof checked.s, Semaphore>(true);
same<typeof checked.l, RwLock>(true);
declare const message: unknown;
same<ReturnType<typeof layout.from<typeof spec>>['jobs'], Mutex>(true);
layout.from(message, spec).totals.fill(0);
layout.from<typeof spec>(untyped).jobs.lock();
const anything = layout.from(untyped);
same<typeof anything.whatever, any>(true);
function use(given: SharedLayout<typeof spec>): Layout<typeof spec> {
  return layout.from(given);
}
use(layout(spec).share()).jobs.unlock();

const event = new Event(view, 3);
new Event(buffer, 0, { name: 'tick', autoReset: true } satisfies EventOptions);
new Event(plainView);
event.set();
event.wait();
event.wait({ timeout: 10, cancel: new Cancel(buffer) });
event.reset();
const passed: boolean = event.tryWait(10, { cancel: [] });
const isSet: boolean = event.isSet && event.autoReset && passed;
event.waitAsync({ timeout: 10, ref: isSet }) satisfies Promise<void>;

const once = new Once(view, 3, { name: 'tables' });
new Once(buffer);
new Once(plainView, 1);
const ran: boolean = once.run(() => 5, { timeout: 10 });
once.runAsync(async () => {}, { timeout: 10 }) satisfies Promise<boolean>;
once.wait({ timeout: 10 });
once.waitAsync() satisfies Promise<void>;
const ended: boolean = (ran && once.tryWait(10)) || once.done;
once.runnerThreadId satisfies number | null;

const permit: Permit = semaphore.permit(1, { timeout: 10 });
permit.held satisfies boolean;
permit.count satisfies number;
permit.release();
const wasReleased: boolean = (permit.tryRelease() && semaphore.tryRelease(2)) || ended;
semaphore.permitAsync(1, { ref: wasReleased }) satisfies Promise<Permit>;
semaphore.run(() => 5) satisfies number;
semaphore.run(() => 'a', 2, { timeout: 10 }) satisfies string;
semaphore.runAsync(async () => 5) satisfies Promise<number>;
const rw = new RwLock(view, 3);
rw.runReading(() => 5) satisfies number;
rw.runWriting(() => 'a', { timeout: 10 }) satisfies string;
rw.runReadingAsync(async (guard: ReadGuard) => guard.held) satisfies Promise<boolean>;
rw.runWritingAsync((guard) => guard.downgrade()) satisfies Promise<ReadGuard>;

const byName = layout.open('types', { jobs: [Semaphore, 2], stop: Cancel, ready: Event, o: Once });
same<typeof byName.jobs, Semaphore>(true);
same<typeof byName.stop, Cancel>(true);
same<typeof byName.ready, Event>(true);
same<typeof byName.o, Once>(true);
same<ReturnType<typeof byName.share>['buffer'], SharedArrayBuffer>(true);
layout.open('types', spec, { root: true }).totals.fill(0);
layout.open('types', spec, { create: true }).jobs.lock();
const existing = layout.open('types', spec, { create: false } satisfies OpenOptions);
same<typeof existing, Layout<typeof spec> | undefined>(true);
existing?.jobs.lock();
