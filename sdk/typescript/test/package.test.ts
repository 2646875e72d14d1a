// What is published: its size, its two module kinds with their types, and that what is generated is what would be.
import assert from 'node:assert/strict';
import {execFileSync, spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {test} from 'node:test';
import {fileURLToPath} from 'node:url';
import {bundleOf, gzipBytes} from './support/bundle.js';

const root = fileURLToPath(new URL('..', import.meta.url));

test('the realtime client is at most 8 KiB, minified and compressed', async (t) => {
  const bytes = gzipBytes(await bundleOf('{MLGraphClient}'));
  t.diagnostic(`MLGraphClient ${bytes} bytes, StateFold ${gzipBytes(await bundleOf('{StateFold}'))}, ` +
    `restClient ${gzipBytes(await bundleOf('{restClient}'))}, all ${gzipBytes(await bundleOf('*'))}`);
  assert.ok(bytes <= 8 * 1024, `${bytes} bytes`);
});

test('a page\'s bundle asks for nothing of Node, nor for ws', async () => {
  const {files} = await bundleOf('*'); // esbuild refuses what it cannot find for a page
  assert.deepEqual(files.filter((file) => !/^(dist\/\w+\.js|<stdin>)$/.test(file)), []);
});

test('src/schema.ts and src/operations.ts are what docs/api makes them', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlgraph-sdk-'));
  try {
    execFileSync(process.execPath, ['tools/generate.mjs', folder], {cwd: root});
    for (const file of ['schema.ts', 'operations.ts'])
      assert.equal(readFileSync(join(root, 'src', file), 'utf8'), readFileSync(join(folder, file), 'utf8'), `npm run generate: ${file}`);
  } finally {
    rmSync(folder, {recursive: true});
  }
});

const PROGRAM = `
import {MLGraphClient, restClient, type Job, type Platform} from '@mlgraph/client';
export const client = new MLGraphClient({url: 'ws://host/ws', token: async () => 'mlg_x'});
client.on('job.*', ({data}) => { const job: Job = data; return job.jobId; });
export const answer: Promise<{total_count: number}> = restClient({url: 'http://host'}).listIndices();
export type Own = Platform;
`;

/** Compiles a program outside of this package, with all declarations checked. */
function compile(folder: string, options: object): string {
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({compilerOptions: {strict: true, noEmit: true, skipLibCheck: false, target: 'ES2022', ...options}}));
  const {stdout, status} = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', folder], {encoding: 'utf8'});
  return status === 0 ? '' : stdout;
}

test('programs of both module kinds compile, in Node and for pages', () => {
  const folder = mkdtempSync(join(tmpdir(), 'mlgraph-sdk-'));
  try {
    for (const scope of ['@mlgraph', '@types']) mkdirSync(join(folder, 'node_modules', scope), {recursive: true});
    symlinkSync(root, join(folder, 'node_modules/@mlgraph/client'));
    symlinkSync(join(root, 'node_modules/@types/node'), join(folder, 'node_modules/@types/node'));
    for (const type of ['module', 'commonjs']) {
      writeFileSync(join(folder, 'package.json'), JSON.stringify({type}));
      writeFileSync(join(folder, 'program.ts'), PROGRAM);
      assert.equal(compile(folder, {module: 'NodeNext', lib: ['ES2022'], types: ['node']}), '', type);
    }
    assert.equal(compile(folder, {module: 'ESNext', moduleResolution: 'Bundler', lib: ['ES2022', 'DOM'], types: []}), '', 'page');
    assert.equal(compile(folder, {module: 'ESNext', moduleResolution: 'Bundler', lib: ['ES2022', 'WebWorker'], types: []}), '', 'worker');
  } finally {
    rmSync(folder, {recursive: true});
  }
});
