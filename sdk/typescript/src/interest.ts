// Which channels the server has subscribed for this client, and which of their events have been heard. The server keeps the
// same account of a session (src/hub/interest.h); this one outlives the sessions, so that nothing is missed or heard twice.
import {isSample, matches, overlap} from './channels.js';
import {isAtOrBefore, parseCursor, type Place} from './cursor.js';
import type {StreamEvent} from './events.js';
import type {Cursor} from './objects.js';

/**
 * The log is read once for all channels, from `#from` to `#at`. When a new channel wants older events, the reading goes back, and
 * the others remember the stretch that they have heard:
 *   #from … begin ........ #at            a channel hears behind its `begin`
 *              |-- heard --|
 *   #from = #at: the reading goes on here, for a channel that begins here
 */
interface Tracked {
  begin: Place;
  heard: readonly Stretch[];
}

/** Behind `from`, up to `to`. */
interface Stretch {
  readonly from: Place;
  readonly to: Place;
}

export class Interest {
  #from: Place | undefined;
  #at: Place | undefined;
  readonly #tracked = new Map<string, Tracked>();
  /** What was heard of channels that were left, as long as it may be read again. */
  #left: {readonly channel: string; readonly stretch: Stretch}[] = [];

  /** How far the log has been read: what `since` takes to go on. */
  get at(): Cursor | undefined {
    return this.#at && `${this.#at.epoch}-${this.#at.seq}`;
  }

  get channels(): string[] {
    return [...this.#tracked.keys()];
  }

  has(channel: string): boolean {
    return this.#tracked.has(channel);
  }

  /** Whether the channel began at this id or before. */
  hasFrom(channel: string, since: Cursor): boolean {
    const [place, begin] = [parseCursor(since), this.#tracked.get(channel)?.begin];
    return place !== undefined && begin !== undefined && isAtOrBefore(begin, place);
  }

  /** The server has subscribed them, and delivers from `begin` on. Those that are there already stay as they are. */
  join(channels: readonly string[], begin: Cursor): void {
    const fresh = channels.filter((channel) => !this.has(channel));
    const place = parseCursor(begin);
    if (!place || fresh.length === 0) return;
    if (this.#tracked.size === 0) this.#goOnFrom(place);
    else this.#goBackTo(place);
    for (const channel of fresh) this.#tracked.set(channel, {begin: place, heard: []});
  }

  /** The server has subscribed them again, and delivers from `since` on, also where that is before they began. */
  resumed(channels: readonly string[], since: Cursor): void {
    const place = parseCursor(since);
    if (!place) return;
    this.#goBackTo(place);
    for (const channel of channels) {
      const tracked = this.#tracked.get(channel);
      if (tracked && isAtOrBefore(place, tracked.begin)) tracked.begin = place;
    }
  }

  /** What was before is out of reach: they go on from here. */
  restart(channels: readonly string[], begin: Cursor): void {
    const place = parseCursor(begin);
    if (!place) return;
    this.#goOnFrom(place);
    for (const channel of channels) if (this.has(channel)) this.#tracked.set(channel, {begin: place, heard: []});
  }

  leave(channels: readonly string[]): void {
    for (const channel of channels) {
      const tracked = this.#tracked.get(channel);
      if (!tracked) continue;
      this.#tracked.delete(channel);
      for (const stretch of this.#heardOf(tracked)) this.#left.push({channel, stretch});
    }
  }

  /** What was heard of channels that were left does not count for these: they are wanted once more. */
  forget(channels: readonly string[]): void {
    this.#left = this.#left.filter(({channel}) => !channels.some((other) => overlap(other, channel)));
  }

  /** The server has passed this id on the way, whether or not there was something to hear. */
  passed(id: Cursor): void {
    const place = parseCursor(id);
    if (place && this.#at?.epoch === place.epoch && this.#tracked.size > 0 && !isAtOrBefore(place, this.#at)) this.#at = place;
  }

  /** Takes the next event, which stands on these channels. @returns whether it is new, and somebody asked for it. */
  take(event: StreamEvent, names: readonly string[]): boolean {
    const place = isSample(event) ? undefined : parseCursor(String(event.id));
    if (place) {
      if (this.#at && isAtOrBefore(place, this.#at)) return false;
      this.#at = place;
    } else if (!isSample(event)) {
      return false;
    }
    const asking = [...this.#tracked].filter(([channel]) => matches(channel, names));
    if (!place) return asking.length > 0;
    this.#left = this.#left.filter(({stretch}) => isAtOrBefore(place, stretch.to));
    return asking.length > 0 && !asking.some(([, {heard}]) => heard.some((stretch) => holds(stretch, place))) &&
      !this.#left.some(({channel, stretch}) => matches(channel, names) && holds(stretch, place));
  }

  #goOnFrom(place: Place): void {
    if (this.#at?.epoch !== place.epoch) this.#left = [];
    this.#from = this.#at = place;
  }

  #goBackTo(place: Place): void {
    if (!this.#at || isAtOrBefore(this.#at, place)) return;
    for (const tracked of this.#tracked.values()) tracked.heard = this.#heardOf(tracked);
    this.#goOnFrom(place);
  }

  /** With the stretch that is being read. */
  #heardOf({begin, heard}: Tracked): readonly Stretch[] {
    const [from, to] = [this.#from, this.#at];
    if (!from || !to) return heard;
    const stretch = {from: isAtOrBefore(from, begin) ? begin : from, to};
    return isAtOrBefore(to, stretch.from) ? heard : added(heard, stretch);
  }
}

function holds({from, to}: Stretch, place: Place): boolean {
  return !isAtOrBefore(place, from) && isAtOrBefore(place, to);
}

/** One that touches the last becomes one with it: going back and forth in the same place leaves nothing behind. */
function added(stretches: readonly Stretch[], {from, to}: Stretch): readonly Stretch[] {
  const last = stretches[stretches.length - 1];
  if (!last || !isAtOrBefore(from, last.to) || !isAtOrBefore(last.from, to)) return [...stretches, {from, to}];
  const both = {from: isAtOrBefore(from, last.from) ? from : last.from, to: isAtOrBefore(last.to, to) ? to : last.to};
  return [...stretches.slice(0, -1), both];
}
