// @ts-check
'use strict';

const fs = require('node:fs');
const { tools, describe, compile } = require('./tools.js');

// Written synchronously to a pipe of its own, so that it arrives even when the process ends at once.
/** @param {object} answer */
const tell = (answer) => fs.writeSync(3, `${JSON.stringify({ ...answer, at: Date.now() })}\n`);

const [, , source, data] = process.argv;
tools.leaving = () => tell({});

(async () => compile(source)(JSON.parse(data), tools))().then(
  (value) => tell({ value }),
  (error) => tell({ error: describe(error) }),
);
