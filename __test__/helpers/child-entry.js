// @ts-check
'use strict';

const fs = require('node:fs');
const { tools } = require('./tools.js');
const { compile, describe } = require('./transfer.js');

// Written synchronously to a pipe of its own, so that it arrives even when the process ends at once.
/** @param {object} answer */
const report = (answer) => fs.writeSync(3, `${JSON.stringify({ ...answer, at: Date.now() })}\n`);

const [, , source, data] = process.argv;
tools.leaving = () => report({});

(async () => compile(source)(JSON.parse(data), tools))().then(
  (value) => report({ value }),
  (error) => report({ error: describe(error) }),
);
