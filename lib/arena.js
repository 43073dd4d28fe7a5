// @ts-check
'use strict';

// The arena: the shared memory in which threads find layouts by name. Environment data carries it from a thread to the
// workers that it starts later, and to theirs. So only the main thread makes one when it loads the package, and two copies
// of the package meet in it. lib/names.js says what is in it.

const {
  MessageChannel,
  getEnvironmentData,
  isMainThread,
  receiveMessageOnPort,
  setEnvironmentData,
} = require('node:worker_threads');
const { Int32Array, SharedArrayBuffer } = require('./intrinsics.js');
const { native } = require('./realm.js');

/** The name in the environment data. All versions of the package use the same. */
const KEY = '@x/shared-sync';
/** The bytes at first. */
const INITIAL = 4096;
/** The most bytes. Address space is reserved for them, no memory. If there is not enough of it, the next one is tried. */
const LIMITS = [2 ** 30, 2 ** 26];

/** The value of the first word. It says that this is an arena: "SYNC". */
const MAGIC = 0x53594e43;
/** The version of what is in the arena. */
const VERSION = 1;

/** The indices of the words of the header. */
const HEADER = {
  MAGIC: 0,
  VERSION: 1,
  /** The address that identifies the copy of the addon, in two words. */
  INSTANCE_LOW: 2,
  INSTANCE_HIGH: 3,
  /** The bytes in use, the header included. */
  USED: 4,
  /** The byte offset of the entry that was published last, or 0. */
  LAST: 5,
  /** The mutex of the threads that add an entry, on a cache line of its own. */
  MUTEX: 16,
};
/** The bytes of the header. */
const HEADER_BYTES = 128;

/** The words that identify this copy of the addon. */
function instance() {
  const address = native.instance();
  return { low: address | 0, high: Math.floor(address / 2 ** 32) };
}

/**
 * Returns the same memory as an object of the thread's main realm. The environment data never lets go of it, and an object
 * of another realm, such as that of a test file, would keep that realm alive.
 *
 * @param {SharedArrayBuffer} buffer
 */
function ofMainRealm(buffer) {
  if (getEnvironmentData instanceof Function) return buffer;
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(buffer);
  const received = /** @type {{ message: SharedArrayBuffer }} */ (receiveMessageOnPort(port2));
  port1.close();
  return received.message;
}

/** Makes an arena for this thread and the workers that it starts later. Returns undefined if that is impossible here. */
function makeArena() {
  for (const maxByteLength of LIMITS) {
    try {
      const buffer = new /** @type {any} */ (SharedArrayBuffer)(INITIAL, { maxByteLength });
      if (!buffer.growable) return undefined;
      const header = new Int32Array(buffer, 0, HEADER_BYTES / Int32Array.BYTES_PER_ELEMENT);
      const { low, high } = instance();
      header[HEADER.MAGIC] = MAGIC;
      header[HEADER.VERSION] = VERSION;
      header[HEADER.INSTANCE_LOW] = low;
      header[HEADER.INSTANCE_HIGH] = high;
      header[HEADER.USED] = HEADER_BYTES;
      const kept = ofMainRealm(buffer);
      setEnvironmentData(KEY, kept);
      return kept;
    } catch {
      // Not enough address space, or a runtime without environment data.
    }
  }
  return undefined;
}

/** Returns what this thread has under the name of the arena: an arena, if no other code has put something there. */
function findArena() {
  return /** @type {unknown} */ (getEnvironmentData?.(KEY));
}

if (isMainThread && findArena() === undefined) makeArena();

module.exports = { HEADER, HEADER_BYTES, MAGIC, VERSION, findArena, instance, makeArena };
