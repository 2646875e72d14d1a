// What a page downloads: the bundle of some of the package's exports, minified.
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';
import {build} from 'esbuild';

const root = fileURLToPath(new URL('../..', import.meta.url));

export interface Bundle {
  readonly text: string;
  /** Files that went in. */
  readonly files: readonly string[];
}

export async function bundleOf(names: string): Promise<Bundle> {
  const {outputFiles, metafile} = await build({
    stdin: {contents: `export ${names} from '@mlgraph/client'`, resolveDir: root},
    bundle: true, minify: true, format: 'esm', platform: 'browser', target: 'es2022', write: false, metafile: true, absWorkingDir: root, logLevel: 'error',
  });
  return {text: outputFiles[0]?.text ?? '', files: Object.keys(metafile.inputs)};
}

export function gzipBytes({text}: Bundle): number {
  return gzipSync(text, {level: 9}).length;
}
