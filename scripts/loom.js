// @ts-check
'use strict';

// Runs the loom models: every order in which the threads of a small program can meet, within a bound. Arguments go to
// cargo, for example the name of one model.

const path = require('node:path');
const { spawnSync } = require('node:child_process');

const root = path.join(__dirname, '..');
const rustFlags = `${process.env.RUSTFLAGS ?? ''} --cfg loom`.trim();
const args = process.argv.slice(2);

const { status, error } = spawnSync(
  'cargo',
  ['test', '--release', '--no-default-features', '--lib', ...(args.length > 0 ? args : ['models'])],
  {
    cwd: root,
    stdio: 'inherit',
    env: {
      // Nearly all mistakes show with two. Three take many minutes: for a nightly run.
      LOOM_MAX_PREEMPTIONS: '2',
      // Other flags make other objects: a folder of their own keeps both from being built again and again.
      CARGO_TARGET_DIR: path.join(root, 'target', 'loom'),
      // The models want to be optimised; to link them as tightly as what ships would only take longer.
      CARGO_PROFILE_RELEASE_LTO: 'off',
      CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16',
      ...process.env,
      RUSTFLAGS: rustFlags,
    },
  },
);
if (error) console.error(`cargo could not be run: ${error.message}. See https://rustup.rs`);
process.exitCode = status ?? 1;
