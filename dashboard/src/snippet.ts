// Events as programs that hear them.

export interface Wanted {
  /** The server. */
  readonly url: string;
  /** A channel pattern. */
  readonly pattern: string;
  /** An id to go on behind. */
  readonly since?: string | undefined;
}

/** A program for the TypeScript SDK that hears what matches. */
export function snippetOf({url, pattern, since}: Wanted): string {
  const options = since === undefined ? '' : `, {since: ${quoted(since)}}`;
  return `import {MLGraphClient} from '@mlgraph/client';

const client = new MLGraphClient({url: ${quoted(url)}, token: process.env.MLGRAPH_TOKEN});
for await (const event of client.events(${quoted(pattern)}${options})) {
  console.log(event.type, event.timestamp, event.data);
}
`;
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replace(/\\"/g, '"').replace(/'/g, "\\'")}'`;
}
