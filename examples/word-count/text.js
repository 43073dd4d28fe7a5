// @ts-check
'use strict';

const fs = require('node:fs');

const PIECE_BYTES = 4 * 1024 ** 2;
const LINE_WORDS = 16;

/** The most frequent words of English, in order. */
const FREQUENT =
  `the of and to in a is that for it as was with be by on not he i this are or his from at
which but have an had they you were there one all their her she we him been has when who will more no if
out so said what up its about into than them can only other new some could time these two may then do
first any my now such like our over man me even most made after also did many before must through back
years where much your way well down should because each just those people mr how too little state good
very make world still own see men work long get here between both life being under never day same another`
    .trim()
    .split(/\s+/);

/**
 * A part of the text, and where it comes from: a file, or a seed.
 *
 * @typedef {object} Piece
 * @property {number} start
 * @property {number} end
 * @property {string} [file]
 * @property {number} [position] of the piece in the file
 * @property {number} [seed]
 */

/**
 * @param {number} size
 * @param {number} seed
 * @returns {Piece[]}
 */
const generatedPieces = (size, seed) => [...split(0, size, (start) => ({ seed: seed + start }))];

/**
 * @param {string[]} files
 * @returns {Piece[]}
 */
function filePieces(files) {
  let start = 0;
  return files.flatMap((file) => {
    const first = start;
    const end = first + fs.statSync(file).size;
    start = end + 1; // a zero between two files: no word goes from one into the next
    return [...split(first, end, (at) => ({ file, position: at - first }))];
  });
}

/**
 * @param {number} start
 * @param {number} end
 * @param {(start: number) => { seed: number } | { file: string, position: number }} source
 * @returns {Generator<Piece>}
 */
function* split(start, end, source) {
  for (let at = start; at < end; at += PIECE_BYTES) {
    yield { start: at, end: Math.min(at + PIECE_BYTES, end), ...source(at) };
  }
}

/** A writer of pieces: what it needs for that is made once. */
function pieceWriter() {
  /** @type {ReturnType<typeof generator> | undefined} */
  let generate;
  /**
   * @param {Uint8Array} text
   * @param {Piece} piece
   */
  return (text, { start, end, file, position = 0, seed = 0 }) => {
    if (file === undefined) (generate ??= generator())(text.subarray(start, end), seed);
    else read(text.subarray(start, end), file, position);
  };
}

/**
 * @param {Uint8Array} bytes
 * @param {string} file
 * @param {number} position
 */
function read(bytes, file, position) {
  const fd = fs.openSync(file, 'r');
  try {
    for (let done = 0; done < bytes.length;) {
      const got = fs.readSync(fd, bytes, done, bytes.length - done, position + done);
      if (got === 0) throw new Error(`${file} has become shorter`);
      done += got;
    }
  } finally {
    fs.closeSync(fd);
  }
}

/**
 * Text of words as frequent as in a real one: the n-th about 1/n as often as the first.
 */
function generator() {
  const words = vocabulary(20_000).map((word) => `${word} `);
  const letters = Uint8Array.from(Buffer.from(words.join('')));
  const starts = new Uint32Array(words.length + 1);
  for (const [n, word] of words.entries()) starts[n + 1] = starts[n] + word.length;
  const byChance = lottery(words.length);

  /**
   * @param {Uint8Array} bytes
   * @param {number} seed
   */
  return (bytes, seed) => {
    const random = randomNumbers(seed);
    let end = 0;
    for (let i = 1; ; i++) {
      const n = byChance[random() % byChance.length];
      if (end + starts[n + 1] - starts[n] > bytes.length) break;
      for (let at = starts[n]; at < starts[n + 1]; at++) bytes[end++] = letters[at];
      if (i % LINE_WORDS === 0) bytes[end - 1] = 10; // a line break
    }
    bytes.fill(32, end, bytes.length); // spaces
  };
}

/** @param {number} size */
function vocabulary(size) {
  const SYLLABLES =
    'ba ce di fo gu ha ki lo mu na pe qui ro sa te vi wo xa yo zu ran sel tin mor'.split(' ');
  const random = randomNumbers(1);
  const words = new Set(FREQUENT);
  while (words.size < size) {
    const syllables = Array.from({ length: 2 + (random() % 3) }, () => SYLLABLES[random() % 24]);
    words.add(syllables.join(''));
  }
  return [...words];
}

/**
 * Tickets, of which the n-th word has about 1/n as many as the first.
 *
 * @param {number} words
 */
function lottery(words) {
  const tickets = new Uint16Array(2 ** 18);
  let sum = 0;
  for (let n = 1; n <= words; n++) sum += 1 / n;
  let cumulated = 0;
  for (let n = 1, next = 0; n <= words; n++) {
    cumulated += 1 / n / sum;
    for (const end = Math.round(cumulated * tickets.length); next < end; next++)
      tickets[next] = n - 1;
  }
  return tickets;
}

/**
 * The same numbers from 0 to 2^32 - 1 for the same seed (mulberry32).
 *
 * @param {number} seed
 */
function randomNumbers(seed) {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
}

module.exports = { filePieces, generatedPieces, pieceWriter };
