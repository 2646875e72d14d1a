// dist/ as ES modules, dist/cjs/ as CommonJS, each with its own declarations: a declaration says which kind it is of by its folder.
import {spawnSync} from 'node:child_process';
import {rmSync, writeFileSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

function compile(project) {
  const {status} = spawnSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', project], {cwd: root, stdio: 'inherit'});
  if (status !== 0) process.exit(status ?? 1);
}

rmSync(`${root}/dist`, {recursive: true, force: true});
compile('tsconfig.json');
compile('tsconfig.cjs.json');
writeFileSync(`${root}/dist/cjs/package.json`, '{"type": "commonjs"}\n');
