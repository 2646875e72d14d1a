// Close codes in words, as docs/protocol.md lists them.
const REASONS: Readonly<Record<number, string>> = {
  1000: 'done', 1001: 'going away', 1002: 'broken frames', 1003: 'binary message', 1005: 'left without a code', 1006: 'line cut',
  1007: 'bad UTF-8', 1008: 'message too slow', 1009: 'message too large', 1011: 'server failed',
  4001: 'token refused or revoked', 4003: 'forbidden', 4009: 'too many bad messages', 4100: 'overloaded', 4101: 'too many requests',
  4102: 'too slow', 4103: 'server stopped', 4104: 'said no token', 4105: 'no sign of life', 4106: 'too many sessions', 4201: 'token expired', 4202: 'scopes changed',
};

export function reasonOf(code: number): string {
  return REASONS[code] ?? 'other';
}

/** `mlgraph_closes_total` of the Prometheus text as [code, count], the most frequent first. */
export function closesOf(text: string): readonly (readonly [number, number])[] {
  return [...text.matchAll(/^mlgraph_closes_total\{code="(\d+)"\} (\d+)/gm)]
    .map(([, code, times]) => [Number(code), Number(times)] as const)
    .sort(([, a], [, b]) => b - a);
}
