// embeddings.bin (rows of 384 little-endian float32) and records.jsonl (row i = line i) as one JSON-lines file.
import { createReadStream, createWriteStream, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';

const dimension = 384;
const [source, target] = process.argv.slice(2);
const bytes = readFileSync(join(source, 'embeddings.bin'));
const rows = bytes.length / (4 * dimension);
if (!Number.isInteger(rows)) throw new Error(`embeddings.bin holds ${bytes.length} bytes, no whole rows`);

const out = createWriteStream(target);
let row = 0;
for await (const line of createInterface({ input: createReadStream(join(source, 'records.jsonl')) })) {
  const record = JSON.parse(line);
  const values = Array.from({ length: dimension }, (_, i) => bytes.readFloatLE(4 * (row * dimension + i)));
  const { title, category, wordCount } = record;
  const text = record.content.slice(0, 400);
  out.write(JSON.stringify({ id: record.id, values, metadata: { title, category, words: wordCount, text } }) + '\n');
  row++;
}
if (row !== rows) throw new Error(`${row} records for ${rows} vectors`);
out.end();
