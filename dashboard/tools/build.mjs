// The dashboard as a C++ source: npm ci, vite build, embed. Nothing is done when no input has changed since the last time.
//   node tools/build.mjs OUT.cc
import {execFileSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import {dirname, join, relative, resolve} from 'node:path';
import {fileURLToPath} from 'node:url';
import {embed} from './embed.mjs';

const HOME = fileURLToPath(new URL('..', import.meta.url));
const OUT = resolve(process.argv[2]);
const DIST = join(dirname(OUT), 'dist');
const INPUTS = ['src', 'index.html', 'package.json', 'package-lock.json', 'tsconfig.json', 'vite.config.ts', 'tools', '../sdk/typescript/src'];

function filesOf(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path).sort().flatMap((name) => filesOf(join(path, name)));
}

function fingerprint() {
  const hash = createHash('sha256');
  for (const file of INPUTS.flatMap((input) => filesOf(join(HOME, input)))) hash.update(relative(HOME, file)).update('\0').update(readFileSync(file));
  return hash.digest('hex');
}

function run(program, ...words) {
  execFileSync(program, words, {cwd: HOME, stdio: ['ignore', 'ignore', 'inherit']});
}

/** What is installed is what the lock file says. */
function install() {
  const installed = join(HOME, 'node_modules', '.package-lock.json');
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(join(HOME, 'package-lock.json')).mtimeMs) return;
  try {
    run('npm', 'ci', '--silent', '--no-audit', '--no-fund');
  } catch {
    console.error('dashboard: `npm ci` failed. Without the dashboard: cmake -DMLG_DASHBOARD=OFF');
    process.exit(1);
  }
  const now = new Date();
  utimesSync(installed, now, now);
}

const mark = `// made of ${fingerprint()}`;
// What is right is left alone, its time too: then nothing that was made of it is made again.
if (!existsSync(OUT) || !readFileSync(OUT, 'utf8').startsWith(mark)) {
  install();
  run(process.execPath, 'node_modules/vite/bin/vite.js', 'build', '--logLevel', 'warn', '--outDir', DIST);
  mkdirSync(dirname(OUT), {recursive: true});
  writeFileSync(OUT, `${mark}\n${embed(DIST)}`);
}
