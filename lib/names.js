// @ts-check
'use strict';

// Layouts by name. The arena holds a header and entries, each with a name, the text of its spec and the memory of its fields.
// Each entry names the one before it. A thread that adds an entry owns the mutex of the header, takes memory by one store, and
// publishes the entry by another one. So a thread that dies in between leaves unused memory and no name. Memory is never
// reused: another thread may still have views of it.

const { Buffer } = require('node:buffer');
const { types } = require('node:util');
const { assertOptions, formatValue } = require('./arguments.js');
const {
  HEADER,
  HEADER_BYTES,
  MAGIC,
  VERSION,
  findArena,
  instance,
  makeArena,
} = require('./arena.js');
const { SyncError, invalidArgType, invalidArgValue, outOfRange } = require('./errors.js');
const { makeFields } = require('./fields.js');
const { Int32Array, load, store } = require('./intrinsics.js');
const { Mutex } = require('./mutex.js');
const { LINE, differences, shapeFrom, shapeOf, travelling } = require('./shape.js');

/** @typedef {import('./shape.js').Shape} Shape */
/** @typedef {{ offset: number, text: string }} Entry */

const WORD = Int32Array.BYTES_PER_ELEMENT;
/** The least growth in bytes. */
const GROWTH = 2 ** 16;

/** The offsets of the words of an entry. The name and the text of the spec follow, in UTF-16. */
const ENTRY = {
  /** The byte offset of the entry that was published before, or 0. */
  BEFORE: 0,
  HASH: 1,
  /** In UTF-16 units, like the length of the text. */
  NAME_LENGTH: 2,
  TEXT_LENGTH: 3,
  /** The byte offset of the fields, and their size. */
  FIELDS: 4,
  FIELDS_BYTES: 5,
};
const ENTRY_BYTES = 6 * WORD;

/** @param {number} bytes */
function toLine(bytes) {
  return Math.ceil(bytes / LINE) * LINE;
}

/** @param {string} text */
function bytesOf(text) {
  return Buffer.from(text, 'utf16le');
}

/**
 * A hash of a name, so that few names are compared.
 * @param {string} name
 */
function hashOf(name) {
  let hash = 0;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  return hash;
}

/**
 * Returns the spec as a text. Two specs have the same text if they make the same fields.
 * @param {Shape} shape
 */
function textOf({ fields }) {
  const texts = fields.map(({ name, kind, args }) => {
    try {
      const all = travelling(args);
      while (all.length > 0 && all.at(-1) === undefined) all.pop();
      // JSON has no Infinity.
      return JSON.stringify([name, kind.name, ...all], (_key, value) =>
        value === Infinity ? 'Infinity' : value,
      );
    } catch (error) {
      throw invalidArgValue(
        `The arguments of the field ${name} cannot be written as JSON, by which the specs of all threads are compared: ` +
          /** @type {Error} */ (error).message,
      );
    }
  });
  return `[${texts.join(',')}]`;
}

function writtenOver() {
  return new SyncError(
    'The memory of the names holds values that the package never writes: other code wrote over it, beyond the views of its ' +
      'own fields. Find that code, and restart the process.',
    'ERR_CORRUPT_CELL',
  );
}

/** The names in an arena. */
class Names {
  /** @param {SharedArrayBuffer} buffer */
  constructor(buffer) {
    this.buffer = buffer;
    this.header = new Int32Array(buffer, 0, HEADER_BYTES / WORD);
    this.mutex = new Mutex(buffer, HEADER.MUTEX, { name: '@x/shared-sync names' });
  }

  /**
   * Returns the entry of a name.
   * @param {string} name
   * @returns {Entry | undefined}
   */
  find(name) {
    // Read this first: all that the entry takes was in use before it was published.
    let at = load(this.header, HEADER.LAST);
    const used = this.#used;
    const words = new Int32Array(this.buffer, 0, used / WORD);
    const hash = hashOf(name);
    for (let below = used; at !== 0;) {
      // Each entry lies below those that were published later, so this ends whatever the memory holds.
      if (at < HEADER_BYTES || at % LINE !== 0 || at + ENTRY_BYTES > below) throw writtenOver();
      const first = at / WORD;
      if (words[first + ENTRY.HASH] === hash && words[first + ENTRY.NAME_LENGTH] === name.length) {
        const entry = this.#read(name, at, words.subarray(first, first + ENTRY_BYTES / WORD), used);
        if (entry !== undefined) return entry;
      }
      below = at;
      at = words[first + ENTRY.BEFORE];
    }
    return undefined;
  }

  /**
   * Reads an entry, if it has this name.
   *
   * @param {string} name
   * @param {number} at
   * @param {Int32Array} words
   * @param {number} used
   * @returns {Entry | undefined}
   */
  #read(name, at, words, used) {
    const nameBytes = 2 * name.length;
    const textBytes = 2 * words[ENTRY.TEXT_LENGTH];
    const [offset, bytes] = [words[ENTRY.FIELDS], words[ENTRY.FIELDS_BYTES]];
    const textAt = at + ENTRY_BYTES + nameBytes;
    const isSound =
      textBytes >= 0 &&
      bytes >= 0 &&
      textAt + textBytes <= offset &&
      offset % LINE === 0 &&
      offset + bytes <= used;
    if (!isSound) throw writtenOver();
    const { buffer } = this;
    const found = Buffer.from(buffer, at + ENTRY_BYTES, nameBytes).toString('utf16le');
    if (found !== name) return undefined;
    return { offset, text: Buffer.from(buffer, textAt, textBytes).toString('utf16le') };
  }

  /**
   * Returns what a name has, or adds it.
   *
   * @param {string} name
   * @param {string} text
   * @param {Shape} shape
   * @returns {{ entry: Entry } | { made: object }}
   */
  findOrAdd(name, text, shape) {
    // Acquires the mutex of a thread that died, too: what it left is sound.
    this.mutex.recover();
    try {
      const entry = this.find(name);
      return entry === undefined ? { made: this.#add(name, text, shape) } : { entry };
    } finally {
      this.mutex.unlock();
    }
  }

  /**
   * @param {string} name
   * @param {string} text
   * @param {Shape} shape
   */
  #add(name, text, shape) {
    const { buffer, header } = this;
    const at = toLine(this.#used);
    const [nameBytes, textBytes] = [bytesOf(name), bytesOf(text)];
    const textAt = at + ENTRY_BYTES + nameBytes.length;
    const offset = toLine(textAt + textBytes.length);
    const end = offset + toLine(shape.bytes);
    this.#growTo(end, name);
    // Before anything is taken: an argument may be wrong.
    const made = makeFields(buffer, shape, offset);
    store(header, HEADER.USED, end);
    const words = new Int32Array(buffer, at, ENTRY_BYTES / WORD);
    words[ENTRY.BEFORE] = header[HEADER.LAST];
    words[ENTRY.HASH] = hashOf(name);
    words[ENTRY.NAME_LENGTH] = name.length;
    words[ENTRY.TEXT_LENGTH] = text.length;
    words[ENTRY.FIELDS] = offset;
    words[ENTRY.FIELDS_BYTES] = shape.bytes;
    nameBytes.copy(Buffer.from(buffer, at + ENTRY_BYTES, nameBytes.length));
    textBytes.copy(Buffer.from(buffer, textAt, textBytes.length));
    store(header, HEADER.LAST, at);
    return made;
  }

  /**
   * @param {number} bytes
   * @param {string} name
   */
  #growTo(bytes, name) {
    const buffer = /** @type {any} */ (this.buffer);
    const { byteLength, maxByteLength } = buffer;
    if (bytes <= byteLength) return;
    try {
      buffer.grow(Math.min(Math.ceil(bytes / GROWTH) * GROWTH, Math.max(bytes, maxByteLength)));
    } catch {
      throw outOfRange(
        `All layouts that are opened by name take at most ${maxByteLength} bytes together, and ${formatValue(name)} would make ` +
          `it ${bytes}. What was opened is never freed: open few names, allocate large arrays with layout(), and pass share().`,
      );
    }
  }

  get #used() {
    const used = load(this.header, HEADER.USED);
    if (used < HEADER_BYTES || used % LINE !== 0 || used > this.buffer.byteLength) {
      throw writtenOver();
    }
    return used;
  }
}

/**
 * Returns the names of this thread, or throws if it has none.
 * @param {boolean} isRoot
 */
function namesOfThread(isRoot) {
  const buffer = findArena() ?? (isRoot ? makeArena() : undefined);
  if (buffer === undefined) {
    throw new SyncError(
      'This thread has no memory for layouts by name. The main thread makes it when it loads @x/shared-sync, for the workers ' +
        'that it starts later. Load the package in the main thread before it starts this worker: require it there, or start ' +
        'node with `-r @x/shared-sync` or `--import @x/shared-sync`. With { root: true }, this thread makes the memory for itself and ' +
        'the workers that it starts.',
      'ERR_NO_ARENA',
    );
  }
  if (!types.isSharedArrayBuffer(buffer) || buffer.byteLength < HEADER_BYTES) throw writtenOver();
  const header = new Int32Array(buffer, 0, HEADER_BYTES / WORD);
  if (header[HEADER.MAGIC] !== MAGIC) throw writtenOver();
  const { low, high } = instance();
  const isOurs =
    header[HEADER.VERSION] === VERSION &&
    header[HEADER.INSTANCE_LOW] === low &&
    header[HEADER.INSTANCE_HIGH] === high;
  if (!isOurs) {
    throw new SyncError(
      'A second copy of @x/shared-sync in this process made the memory for layouts by name. The two copies do not see each ' +
        "other's waiters, so they cannot share primitives. Install the package once: `npm ls @x/shared-sync` lists the copies.",
      'ERR_SECOND_COPY',
    );
  }
  return new Names(buffer);
}

/**
 * Throws if the layout of a name was opened with another spec. Functions are not compared.
 *
 * @param {string} name
 * @param {string} there
 * @param {string} here
 */
function assertSameSpec(name, there, here) {
  if (there === here) return;
  const fieldsOf = (/** @type {string} */ text) => shapeFrom(JSON.parse(text)).fields;
  let found;
  try {
    found = differences(fieldsOf(there), fieldsOf(here), 'that layout');
  } catch {
    throw writtenOver();
  }
  if (found.length === 0) return;
  throw invalidArgValue(
    `The layout ${formatValue(name)} was opened with another spec: ${found.join('; ')}. Keep the spec in one module that every ` +
      "thread requires, and prefix the name with that of your package, such as 'my-package:cache'.",
  );
}

const OPTIONS = ['root', 'create'];

/**
 * Returns the layout of a name, in this thread's part of the process. Makes it if no thread has.
 *
 * @param {unknown} name
 * @param {unknown} spec
 * @param {{ root?: unknown, create?: unknown }} [options]
 */
function open(name, spec, options = {}) {
  if (typeof name !== 'string') {
    throw invalidArgType(`name must be a string, but is ${formatValue(name)}.`);
  }
  if (name === '') throw invalidArgValue("name must not be empty. Use a name such as 'my-app'.");
  const shape = shapeOf(spec);
  assertOptions(options, OPTIONS, '{ create: false }');
  const { root = false, create = true } = options;
  for (const [option, value] of Object.entries({ root, create })) {
    if (typeof value !== 'boolean') {
      throw invalidArgType(`options.${option} must be a boolean, but is ${formatValue(value)}.`);
    }
  }
  const names = namesOfThread(root === true);
  const text = textOf(shape);
  let entry = names.find(name);
  if (entry === undefined) {
    if (!create) return undefined;
    const added = names.findOrAdd(name, text, shape);
    if ('made' in added) return added.made;
    ({ entry } = added);
  }
  assertSameSpec(name, entry.text, text);
  return makeFields(names.buffer, shape, entry.offset);
}

module.exports = { open };
