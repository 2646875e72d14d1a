// Runs the page's snippets in Node with `ws` as its WebSocket, and checks what they print.
//   node page_snippets.mjs ws://HOST:PORT/ws TOKEN http://HOST:PORT
import WebSocket from 'ws';
import { runPage } from './page_scenario.mjs';

const [url, token, api] = process.argv.slice(2);
const log = await runPage({ url, token, api, WebSocket, fetch });
console.log(JSON.stringify(log));
process.exit(0);
