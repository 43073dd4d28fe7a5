// @ts-check
'use strict';

const fs = require('node:fs');
const zlib = require('node:zlib');
const { Count } = require('./layouts.js');

/** @typedef {import('./layouts.js').Memory} Memory */
/** @typedef {{ records: number, out: string }} Job */

/**
 * Makes the records, as a reader of a socket would get them, until there are no more or Ctrl-C stops it. A record that was
 * sent goes through to the end.
 *
 * @param {Memory} memory
 * @param {Job} job
 */
function read({ lines, stop, counts }, { records }) {
  try {
    for (let id = 1; id <= records; id++) {
      const text = JSON.stringify({ id, name: `name ${id % 1_000}`, note: 'x'.repeat(id % 200) });
      lines.send(Buffer.from(text), { cancel: stop });
      counts[Count.READ] = id; // there is one reader
    }
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'ERR_CANCELLED') throw error;
  }
}

/** @param {Memory} memory */
function parse({ lines, rows }) {
  for (const line of lines) {
    const { id, name, note } = JSON.parse(Buffer.from(line).toString());
    rows.send(Buffer.from(`${id},${name},${note}\n`));
  }
}

/** @param {Memory} memory */
function compress({ rows, packed }) {
  for (const row of rows) packed.send(zlib.gzipSync(row));
}

/**
 * Writes whole gzip members, one after the other: together they are a gzip file.
 *
 * @param {Memory} memory
 * @param {Job} job
 */
function write({ packed, counts }, { out }) {
  const file = fs.openSync(out, 'w');
  for (const member of packed) {
    fs.writeFileSync(file, member); // all of it, before the next one
    counts[Count.WRITTEN]++; // there is one writer
  }
  fs.closeSync(file);
}

module.exports = { stages: { read, parse, compress, write } };
