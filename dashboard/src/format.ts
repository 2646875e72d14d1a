// Numbers and times as people read them.

const WHOLE = new Intl.NumberFormat('en', {maximumFractionDigits: 0});

/** 1234567 → `1,234,567`. */
export function count(value: number): string {
  return WHOLE.format(value);
}

/** Three digits that matter: 0.0123 → `0.0123`, 12.34 → `12.3`, 12345 → `12.3k`, 1.5e9 → `1.5G`. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const size = Math.abs(value);
  for (const [limit, unit] of [[1e12, 'T'], [1e9, 'G'], [1e6, 'M'], [1e4, 'k']] as const)
    if (size >= limit) return trimmed(value / (unit === 'k' ? 1e3 : limit)) + unit;
  return size >= 1000 ? count(value) : trimmed(value);
}

function trimmed(value: number): string {
  return value === 0 ? '0' : String(Number(value.toPrecision(3)));
}

/** Bytes in powers of 1,000: 1500000 → `1.5 MB`. */
export function bytes(value: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let place = 0;
  let rest = value;
  while (Math.abs(rest) >= 999.5 && place < units.length - 1) {
    rest /= 1000;
    ++place;
  }
  return `${place === 0 ? count(rest) : trimmed(rest)} ${units[place]}`;
}

/** Milliseconds: 0.42 → `0.42 ms`, 1234 → `1.23 s`. */
export function milliseconds(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 1000 ? `${trimmed(value / 1000)} s` : `${trimmed(value)} ms`;
}

/** Seconds in the two largest units: 75 → `1 min 15 s`, 0.4 → `under 1 s`. */
export function duration(seconds: number): string {
  if (!Number.isFinite(seconds)) return '–';
  if (seconds < 1) return 'under 1 s';
  const whole = Math.round(seconds);
  const parts = ([['d', 86_400], ['h', 3_600], ['min', 60], ['s', 1]] as const).map(
    ([unit, size], place, all) => [Math.floor((place === 0 ? whole : whole % (all[place - 1]?.[1] ?? 1)) / size), unit] as const,
  );
  const first = parts.findIndex(([value]) => value > 0);
  return parts.slice(first, first + 2).filter(([value]) => value > 0).map(([value, unit]) => `${value} ${unit}`).join(' ');
}

/** How long ago: `now`, `3 s ago`, `2 min ago`. @param ms since then. */
export function ago(ms: number): string {
  if (ms < 1_000) return 'now';
  const seconds = Math.floor(ms / 1000);
  for (const [limit, size, unit] of [[60, 1, 's'], [3_600, 60, 'min'], [86_400, 3_600, 'h']] as const)
    if (seconds < limit) return `${Math.floor(seconds / size)} ${unit} ago`;
  return `${Math.floor(seconds / 86_400)} d ago`;
}

/** `2024-12-22T10:30:00.123Z` → the time of day here, with milliseconds if asked for. */
export function clock(timestamp: string, withMs = false): string {
  const date = new Date(timestamp);
  const two = (value: number) => String(value).padStart(2, '0');
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return withMs ? `${time}.${String(date.getMilliseconds()).padStart(3, '0')}` : time;
}

/** 0.4567 → `45 %`; never `100 %` before it is. */
export function percent(share: number): string {
  return `${Math.floor(share * 100 + 1e-9)} %`;
}
