// Who wants which channels, and the requests that make the server agree: subscribing, taking back, resuming.
import {covers, overlap} from './channels.js';
import {MLGraphError} from './error.js';
import {Interest} from './interest.js';
import type {Subscribed} from './messages.js';
import type {Gap, Revoked} from './listeners.js';
import type {Cursor} from './objects.js';
import type {Requests} from './requests.js';

/** What happens to subscriptions without their owners' doing. */
export interface SubscriptionEvents {
  onGap(gap: Gap): void;
  onRevoked(revoked: Revoked): void;
  /** What can be heard is more or less than before. */
  onScopeChange(): void;
  /** This session cannot go on. */
  onUnusable(error: MLGraphError): void;
  /** Another session is needed, for no fault of this one. */
  onUsedUp(): void;
}

/** One call that wanted a channel. */
interface Claim {
  readonly owner: object;
}

export interface Want {
  readonly since?: Cursor | undefined;
  /** Everything behind `since` is wanted, also what was heard for another channel. */
  readonly alone?: boolean;
  /** Called in the answer's place among the events; a promise is told later. */
  readonly onAnswer?: (answer: Subscribed) => void;
}

/** Ten bad messages a minute end a session for good: looking for refused channels stops before. */
const REFUSALS_PER_SESSION = 5;

export class Subscriptions {
  readonly interest = new Interest();
  readonly #claims = new Map<string, Set<Claim>>();
  readonly #requests: Requests;
  readonly #events: SubscriptionEvents;
  #session: 'none' | 'resuming' | 'probing' | 'ready' = 'none';
  #joinedHere = new Set<string>(); // on this session, also those that were left

  constructor(requests: Requests, events: SubscriptionEvents) {
    this.#requests = requests;
    this.#events = events;
  }

  /** Whether what the server sends now is to be heard. While it is asked channel by channel, it is not. */
  get isHearing(): boolean {
    return this.#session !== 'probing';
  }

  /** Channels that this owner wants. */
  of(owner: object): string[] {
    return [...this.#claims].filter(([, claims]) => [...claims].some((claim) => claim.owner === owner)).map(([channel]) => channel);
  }

  /** @returns what the server answered, on this session or a later one. */
  want(owner: object, channels: readonly string[], {since, alone = false, onAnswer}: Want = {}): Promise<Subscribed> {
    const conflict = (others: readonly string[]) => since !== undefined && conflictOf(channels, others, alone);
    const refusal = conflict([...this.#claims.keys()]);
    if (refusal) return Promise.reject(refusal);
    // What was sent on this session will not be sent again, though its listener is gone.
    if (since !== undefined && alone && conflict([...this.#joinedHere])) this.#events.onUsedUp();
    const claim: Claim = {owner};
    for (const channel of channels) {
      const claims = this.#claims.get(channel);
      if (claims) claims.add(claim);
      else this.#claims.set(channel, new Set([claim]));
    }
    return new Promise((resolve, reject) => {
      this.#requests.add({
        message: {type: 'subscribe', channels, ...(since === undefined ? {} : {since})},
        kept: true,
        answered: (answer) => {
          const subscribed = answer.data as Subscribed;
          // Joined while this one was put off.
          const others = alone ? [...this.#joinedHere] : this.interest.channels.filter((other) => !this.interest.hasFrom(other, since ?? ''));
          const tooLate = subscribed.recovered && conflict(others);
          if (tooLate) this.#drop(channels, (one) => one === claim);
          else for (const channel of channels) this.#merge(channel, claim);
          if (alone && since !== undefined) this.interest.forget(channels);
          this.#joined(channels, since, subscribed);
          if (tooLate) return reject(tooLate);
          onAnswer?.(subscribed);
          resolve(subscribed);
        },
        refused: (error) => {
          void this.#leave(this.#drop(channels, (one) => one === claim));
          reject(error);
        },
      });
    });
  }

  /** @returns once nothing more of them comes that nobody else wants. */
  release(owner: object, channels: readonly string[]): Promise<void> {
    return this.#leave(this.#drop(channels, (claim) => claim.owner === owner));
  }

  /** The server took channels away. @param left those that remain. */
  taken(left: readonly string[], reason: string): void {
    this.#revoke(this.interest.channels.filter((channel) => !left.includes(channel)), reason);
  }

  /** A new session: all channels again, behind what was heard last. @param ready called once they are. */
  resume(ready: () => void): void {
    this.#session = 'resuming';
    const {channels, at} = this.interest;
    const go = () => {
      this.#session = 'ready';
      this.#requests.ready();
      ready();
    };
    if (channels.length === 0) return go();
    this.#again(channels, at, go);
  }

  lost(): void {
    this.#session = 'none';
    this.#joinedHere.clear();
  }

  /** @returns those that nobody claims any more. */
  #drop(channels: readonly string[], which: (claim: Claim) => boolean): string[] {
    return channels.filter((channel) => {
      const claims = this.#claims.get(channel) ?? new Set<Claim>();
      for (const claim of claims) if (which(claim)) claims.delete(claim);
      return claims.size === 0 && this.#claims.delete(channel);
    });
  }

  /** An answered claim stands for those that its owner made before. */
  #merge(channel: string, claim: Claim): void {
    const claims = this.#claims.get(channel);
    if (claims?.has(claim)) for (const other of claims) if (other !== claim && other.owner === claim.owner) claims.delete(other);
  }

  #joined(channels: readonly string[], since: Cursor | undefined, {id, recovered}: Subscribed): void {
    const before = this.interest.channels;
    this.interest.join(channels, id);
    for (const channel of channels) this.#joinedHere.add(channel);
    void this.#leave(channels.filter((channel) => !this.#claims.has(channel))); // given up meanwhile
    if (since !== undefined && !recovered) this.#events.onGap({channels, since, id});
    if (channels.some((channel) => !isCovered(channel, before))) this.#events.onScopeChange();
  }

  /** What the server sends until it has answered is heard: it will not send it again. */
  #leave(channels: readonly string[]): Promise<void> {
    const joined = channels.filter((channel) => this.interest.has(channel));
    if (joined.length === 0) return Promise.resolve();
    return new Promise((resolve) => {
      const left = () => {
        this.interest.leave(joined);
        if (joined.some((channel) => !isCovered(channel, this.interest.channels))) this.#events.onScopeChange();
        resolve();
      };
      if (this.#session === 'none') return left();
      this.#requests.add({
        message: {type: 'unsubscribe', channels: joined}, kept: false, answered: left, lost: left,
        refused: (error) => this.#events.onUnusable(error),
      });
      if (joined.includes('*')) this.#keepOthers();
    });
  }

  /** '*' stands for all where channels are given up, so the others are subscribed again, also those that are not answered yet. */
  #keepOthers(): void {
    const asked = this.#requests.inFlight.flatMap((message) => (message as {channels?: string[]}).channels ?? []);
    const others = [...this.#claims.keys()].filter((channel) => this.interest.has(channel) || asked.includes(channel));
    if (others.length > 0) this.#again(others, this.interest.at, () => undefined);
  }

  #again(channels: readonly string[], since: Cursor | undefined, done: () => void): void {
    this.#requests.add({
      message: {type: 'subscribe', channels, ...(since === undefined ? {} : {since})},
      kept: false,
      answered: (answer) => {
        const {id, recovered} = answer.data as Subscribed;
        for (const channel of channels) this.#joinedHere.add(channel);
        if (recovered) {
          this.interest.resumed(channels, id);
        } else {
          this.interest.restart(channels, id);
          this.#events.onGap({channels, since, id});
        }
        done();
      },
      refused: (error) => {
        if (error.retryable || this.#session !== 'resuming') return this.#events.onUnusable(error);
        if (error.code === 'bad_request' && since !== undefined) return this.#again(channels, undefined, done); // no place of this log
        this.#probe(channels, []);
      },
    });
  }

  /** All or none, says the server: one by one tells which are refused. They are given up, and the rest resumed on a new session. */
  #probe(channels: readonly string[], refusals: readonly MLGraphError[]): void {
    this.#session = 'probing';
    const [channel, ...rest] = channels;
    const error = refusals[refusals.length - 1];
    if (channel === undefined || refusals.length === REFUSALS_PER_SESSION)
      return this.#events.onUnusable(error ?? new MLGraphError('internal', 'refused only together', {retryable: true}));
    this.#requests.add({
      message: {type: 'subscribe', channels: [channel]},
      kept: false,
      answered: () => this.#probe(rest, refusals),
      refused: (refusal) => {
        if (refusal.retryable) return this.#events.onUnusable(refusal);
        this.#revoke([channel], refusal.message);
        this.#probe(rest, [...refusals, refusal]);
      },
    });
  }

  #revoke(channels: readonly string[], reason: string): void {
    if (channels.length === 0) return;
    this.interest.leave(channels);
    for (const channel of channels) this.#claims.delete(channel);
    this.#events.onRevoked({channels, reason});
    this.#events.onScopeChange();
  }
}

/** The server sends an event once a session: what was sent for another channel would be missing behind `since`. */
function conflictOf(channels: readonly string[], others: readonly string[], alone: boolean): MLGraphError | undefined {
  const known = others.find((other) => channels.some((channel) => channel === other || (alone && overlap(channel, other))));
  if (known === undefined) return undefined;
  return new MLGraphError('conflict', `what lies behind cannot be asked for: '${known}' is subscribed`);
}

function isCovered(channel: string, by: readonly string[]): boolean {
  return by.some((pattern) => covers(pattern, channel));
}
