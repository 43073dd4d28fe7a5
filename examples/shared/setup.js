// @ts-check
'use strict';

// In a fresh clone: installs and builds what is missing, before anything needs the addon. What that prints is no output of
// the example.

const path = require('node:path');
const { spawnSync } = require('node:child_process');

const SETUP = path.join(__dirname, '../../scripts/setup.js');
const STDERR = 2;

const { status } = spawnSync(process.execPath, [SETUP], { stdio: ['ignore', STDERR, STDERR] });
if (status !== 0) process.exit(1);
