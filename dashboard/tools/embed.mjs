// Files as the bytes of a C++ source, each as it is and compressed.
import {createHash} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {extname, join} from 'node:path';
import {brotliCompressSync, constants, gzipSync} from 'node:zlib';

const TYPES = {'.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml'};

/** A literal of any bytes; octal escapes have at most three digits, so that no byte runs into the next. */
function literal(bytes) {
  let lines = '';
  for (let at = 0; at < bytes.length; at += 4096) {
    const piece = [...bytes.subarray(at, at + 4096)].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('');
    lines += `\n    "${piece}"`;
  }
  return `std::string_view(${lines || '""'},\n    ${bytes.length})`;
}

function row(path, bytes) {
  const type = TYPES[path === '/' ? '.html' : extname(path)];
  const etag = createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
  const gzip = gzipSync(bytes, {level: 9});
  const brotli = brotliCompressSync(bytes, {params: {[constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length}});
  return `{"${path}", "${type}", "\\"${etag}\\"", ${[bytes, gzip, brotli].map(literal).join(', ')}}`;
}

/** @returns a source that defines app::dashboard_files(). */
export function embed(folder) {
  const assets = readdirSync(join(folder, 'assets')).sort().map((name) => [`/assets/${name}`, readFileSync(join(folder, 'assets', name))]);
  const rows = [['/', readFileSync(join(folder, 'index.html'))], ...assets].map(([path, bytes]) => row(path, bytes));
  return `#include <array>

#include "app/dashboard_files.h"

namespace mlgraph::app {
namespace {
const std::array<gateway::StaticFile, ${rows.length}> kFiles{{
${rows.join(',\n')}
}};
}  // namespace
std::span<const gateway::StaticFile> dashboard_files() { return kFiles; }
}  // namespace mlgraph::app
`;
}
