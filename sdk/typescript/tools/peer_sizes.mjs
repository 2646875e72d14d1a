// Prints how large the realtime client is beside those of others, for a page: minified, gzip -9.
//   npm run build && node tools/peer_sizes.mjs
import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';
import {build} from 'esbuild';

const PEERS = [
  ['@mlgraph/client', '{MLGraphClient}', 'this one'],
  ['reconnecting-websocket', '{default as client}', '4.4.0'],
  ['phoenix', '{Socket}', '1.8.16'],
  ['socket.io-client', '{io}', '4.8.4'],
  ['@supabase/realtime-js', '{RealtimeClient}', '2.119.1'],
  ['centrifuge', '{Centrifuge}', '5.8.0'],
  ['ably', '{Realtime}', '2.28.0'],
];

const folder = mkdtempSync(join(tmpdir(), 'mlgraph-sizes-'));
try {
  writeFileSync(join(folder, 'package.json'), '{"private": true}');
  const wanted = PEERS.slice(1).map(([name, , version]) => `${name}@${version}`);
  execFileSync('npm', ['install', '--silent', '--no-audit', '--no-fund', '--ignore-scripts', ...wanted], {cwd: folder, stdio: ['ignore', 'ignore', 'inherit']});
  mkdirSync(join(folder, 'node_modules/@mlgraph'));
  symlinkSync(fileURLToPath(new URL('..', import.meta.url)), join(folder, 'node_modules/@mlgraph/client'));
  console.log('| client | version | KiB |\n|---|---|---|');
  for (const [name, what, version] of PEERS) {
    const {outputFiles} = await build({
      stdin: {contents: `export ${what} from '${name}'`, resolveDir: folder},
      bundle: true, minify: true, format: 'esm', platform: 'browser', target: 'es2022', write: false, logLevel: 'error',
    });
    console.log(`| ${name} | ${version} | ${(gzipSync(outputFiles[0].contents, {level: 9}).length / 1024).toFixed(1)} |`);
  }
} finally {
  rmSync(folder, {recursive: true});
}
