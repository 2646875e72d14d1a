// The real mlgraphd as a child process, on a data directory of its own.
import assert from 'node:assert/strict';
import {spawn, type ChildProcess} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {isAbsolute, join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {restClient, type RestClient} from '@mlgraph/client';

const ROOT = fileURLToPath(new URL('../../../../', import.meta.url));
export const ADMIN_TOKEN = 'mlg_your_token_here';

/** In MLG_BIN_DIR, or of the dev build. */
function binary(): string {
  const folder = process.env['MLG_BIN_DIR'] ?? 'build/dev/bin';
  const path = join(isAbsolute(folder) ? folder : join(ROOT, folder), 'mlgraphd');
  assert.ok(existsSync(path), `no ${path}: build the dev preset first, or set MLG_BIN_DIR`);
  return path;
}

export class Server {
  port = 0;
  readonly #folder = mkdtempSync(join(tmpdir(), 'mlgraph-sdk-'));
  readonly #settings: Readonly<Record<string, string>>;
  #process: ChildProcess | undefined;

  /** @param settings as docs/operating.md names them, e.g. {'limits.heartbeat_seconds': '1'}. */
  constructor(settings: Readonly<Record<string, string>> = {}) {
    this.#settings = settings;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** On the port that it had before, if it had one. */
  async start(): Promise<this> {
    const env: NodeJS.ProcessEnv = {...process.env, MLGRAPH_ADMIN_TOKEN: ADMIN_TOKEN};
    for (const [key, value] of Object.entries(this.#settings)) env[`MLGRAPH_${key.toUpperCase().replace('.', '_')}`] = value;
    const child = spawn(binary(), ['--data-dir', join(this.#folder, 'data'), '--listen', `127.0.0.1:${this.port}`], {
      env, cwd: this.#folder, stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#process = child;
    const line = await Promise.race([
      once(createInterface({input: child.stdout}), 'line').then(([text]) => String(text)),
      once(child, 'exit').then(([code]) => assert.fail(`mlgraphd ended with ${code} before it listened`)),
    ]);
    this.port = Number(/:(\d+)$/.exec(line)?.[1]);
    const rest = restClient({url: this.url});
    while (!(await rest.ready().then(() => true, () => false))) await new Promise((resolve) => setTimeout(resolve, 20)); // offered for this
    return this;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.kill('SIGTERM');
    rmSync(this.#folder, {recursive: true, force: true});
  }

  rest(token = ADMIN_TOKEN): RestClient {
    return restClient({url: this.url, token});
  }
}
