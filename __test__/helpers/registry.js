// @ts-check
'use strict';

const crypto = require('node:crypto');
const fs = require('node:fs');
const http = require('node:http');
const path = require('node:path');
const { spawnSync } = require('node:child_process');
const { makeFolder } = require('./folders.js');
const { MAIN, OUT, PLATFORMS } = require('../../scripts/pack.js');

/**
 * The registry entry of one version of a package, and its tarball if it was packed here.
 *
 * @param {string} folder
 */
function published(folder) {
  const manifest = JSON.parse(fs.readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const { name, version } = manifest;
  const file = path.join(OUT, `${name.slice(1).replace('/', '-')}-${version}.tgz`);
  const tarball = fs.existsSync(file) ? fs.readFileSync(file) : withoutBinary(folder);
  return { name, version, manifest, tarball };
}

/**
 * A tarball of a platform that was not built here: yarn 1 fetches the packages of all platforms, and only then drops
 * those that do not fit.
 *
 * @param {string} folder
 */
function withoutBinary(folder) {
  const { folder: temporary, remove } = makeFolder();
  try {
    fs.cpSync(folder, path.join(temporary, 'package'), { recursive: true });
    return spawnSync('tar', ['-czf', '-', '-C', temporary, 'package']).stdout;
  } finally {
    remove();
  }
}

/**
 * A registry on this machine that has only the packages of target/pack.
 */
async function startRegistry() {
  const folders = [MAIN, ...fs.readdirSync(PLATFORMS).map((name) => path.join(PLATFORMS, name))];
  const packages = new Map(folders.map(published).map((found) => [found.name, found]));
  /** @type {string[]} */
  const fetched = [];

  const server = http.createServer((request, response) => {
    const asked = decodeURIComponent(request.url ?? '').slice(1);
    const wantsFile = asked.endsWith('.tgz');
    const found = packages.get(wantsFile ? asked.replace(/\/-\/.*$/, '') : asked);
    if (!found) {
      response.writeHead(404).end('{}');
      return;
    }
    const { name, version, manifest, tarball } = found;
    if (wantsFile) {
      fetched.push(name);
      response.end(tarball);
      return;
    }
    const sum = (/** @type {string} */ how) => crypto.createHash(how).update(tarball);
    const dist = {
      tarball: `${address}${name}/-/${version}.tgz`,
      integrity: `sha512-${sum('sha512').digest('base64')}`,
      shasum: sum('sha1').digest('hex'),
    };
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        name,
        'dist-tags': { latest: version },
        versions: { [version]: { ...manifest, dist } },
        time: { [version]: '2020-01-01T00:00:00.000Z' },
      }),
    );
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const address = `http://127.0.0.1:${port}/`;
  return { address, fetched, close: () => server.close() };
}

module.exports = { startRegistry };
