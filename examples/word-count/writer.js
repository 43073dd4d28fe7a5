// @ts-check
'use strict';

const { workerData } = require('node:worker_threads');
const { layout } = require('../..');
const { textLayout } = require('./layouts.js');
const { pieceWriter } = require('./text.js');

/** @type {{ bytes: number, pieces: import('./text.js').Piece[], memory: unknown }} */
const { bytes, pieces, memory } = workerData;
const { text, written } = layout.from(memory, textLayout(bytes));

const write = pieceWriter();
const nextPiece = () => Atomics.add(written, 0, 1);
for (let i = nextPiece(); i < pieces.length; i = nextPiece()) write(text, pieces[i]);
