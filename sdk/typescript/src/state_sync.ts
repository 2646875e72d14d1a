// Keeps the live state whole: asks for a state when there is none, when events are missing, and when other channels are heard.
import {FoldError, MLGraphError} from './error.js';
import type {StateMessage, StreamEvent} from './events.js';
import {LiveState} from './live_state.js';
import type {Cursor} from './objects.js';
import type {Requests} from './requests.js';

export interface StateSyncEvents {
  /** A state stands at this id: all before it has been heard. */
  onState(id: Cursor): void;
  /** This session cannot go on. */
  onUnusable(error: MLGraphError): void;
}

interface Waiter {
  readonly resolve: (state: LiveState) => void;
  readonly reject: (error: MLGraphError) => void;
}

export class StateSync {
  readonly state = new LiveState();
  readonly #requests: Requests;
  readonly #events: StateSyncEvents;
  #phase: 'off' | 'settled' | 'asked' | 'asked, needed again' = 'off';
  #waiters: Waiter[] = [];

  constructor(requests: Requests, events: StateSyncEvents) {
    this.#requests = requests;
    this.#events = events;
  }

  /** From now on a state is kept. @returns it, when it is whole. */
  settled(): Promise<LiveState> {
    if (this.#phase === 'settled') return Promise.resolve(this.state);
    return new Promise((resolve, reject) => {
      this.#waiters.push({resolve, reject});
      if (this.#phase === 'off') this.#ask();
    });
  }

  take(event: StreamEvent): void {
    if (this.#phase !== 'off' && !this.state.apply(event)) this.lapse();
  }

  /** Events are missing. */
  lapse(): void {
    this.state.lapse();
    this.need();
  }

  /** What is shown is not what is heard any more. */
  need(): void {
    if (this.#phase === 'settled') this.#ask();
    else if (this.#phase === 'asked') this.#phase = 'asked, needed again';
  }

  /** The session is gone; the request will be sent again. */
  lost(): void {
    this.state.dropParts();
  }

  /** There will be no further session. */
  end(error: MLGraphError): void {
    for (const {reject} of this.#waiters.splice(0)) reject(error);
  }

  #ask(): void {
    this.#phase = 'asked';
    this.#requests.add({
      message: {type: 'sync'},
      kept: true,
      answered: (part) => this.#takePart(part as StateMessage),
      refused: (error) => this.#refused(error),
    });
  }

  /** @returns whether more parts follow. */
  #takePart(part: StateMessage): boolean {
    try {
      if (!this.state.takeState(part)) return true;
    } catch (error) {
      if (!(error instanceof FoldError)) throw error;
      this.#events.onUnusable(new MLGraphError('connection', error.message, {retryable: true, cause: error}));
      return true; // asked again on the next session
    }
    this.#events.onState(part.id);
    const again = this.#phase === 'asked, needed again';
    this.#phase = 'settled';
    if (again) this.#ask();
    else for (const {resolve} of this.#waiters.splice(0)) resolve(this.state);
    return false;
  }

  /** By a session that lost the right to what it subscribed, or because there will be none. */
  #refused(error: MLGraphError): void {
    this.#phase = 'off';
    this.state.lapse();
    this.end(error);
  }
}
