// A page that shows a server's state: loads it once, subscribes with its id, and folds each event after it. Runs in the browser.
const SECTIONS = {indices: 'index_id', jobs: 'jobId', alerts: 'alertId'};

/// Members in one order, so that equal things read equally.
function canonical(value) {
  if (Array.isArray(value)) return value.map(canonical);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.keys(value).sort().map((key) => [key, canonical(value[key])]));
}

/// What differs between two states, object by object.
export function differences(mine, fresh) {
  const found = [];
  for (const [section, key] of Object.entries(SECTIONS)) {
    const [a, b] = [mine, fresh].map((state) => new Map(state[section].map((thing) => [thing[key], JSON.stringify(canonical(thing))])));
    for (const id of new Set([...a.keys(), ...b.keys()]))
      if (a.get(id) !== b.get(id)) found.push({section, id, shown: a.get(id) ?? null, fresh: b.get(id) ?? null});
  }
  return found;
}

export class Page {
  constructor({url, token, api, StateFold}) {
    Object.assign(this, {url, token, api, StateFold});
    this.applied = {};       // event type -> how many changed the fold
    this.connections = 0;
    this.failure = null;
  }

  async state() {
    const answer = await fetch(`${this.api}/api/v1/state`, {headers: {authorization: `Bearer ${this.token}`}});
    if (!answer.ok) throw new Error(`GET /state: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  /// Loads the state and follows; resolves once subscribed.
  async begin() {
    const state = await this.state();
    this.beganAt = state.id;
    this.fold = new this.StateFold(state);
    await new Promise((done, fail) => this.#follow(done, fail));
    return this.beganAt;
  }

  #follow(subscribed, failed) {
    const socket = new WebSocket(this.url, ['Bearer', this.token]);
    socket.onopen = () => {
      this.connections += 1;
      socket.send(JSON.stringify({type: 'subscribe', channels: ['*'], since: this.fold.id, ref: 'fold'}));
    };
    socket.onmessage = ({data}) => {
      try {
        this.#take(JSON.parse(data), subscribed);
      } catch (error) {
        this.failure ??= String(error);
        failed?.(error);
        socket.close();
      }
    };
    // The server was stopped or killed: come back and go on behind the last event that was folded in.
    socket.onclose = () => {
      if (!this.failure) setTimeout(() => this.#follow(null, null), 100);
    };
  }

  #take(message, subscribed) {
    if (message.type === 'subscribed') {
      if (!message.data.recovered) throw new Error(`events after ${this.fold.id} are gone`);
      subscribed?.();
    } else if (message.type === 'error') {
      throw new Error(JSON.stringify(message.data));
    } else if (/^(job|index|alert)\./.test(message.type)) {
      if (!this.fold.apply(message)) throw new Error(`${message.id} came although it was folded in already`);
      this.applied[message.type] = (this.applied[message.type] ?? 0) + 1;
    }
  }

  /// Compares with a fresh state at the same id: asks again until both stand at one.
  async compare() {
    const deadline = Date.now() + 60000;
    for (;;) {
      if (this.failure) throw new Error(this.failure);
      const fresh = await this.state();
      while (this.fold.id !== fresh.id && !this.#isPast(fresh.id) && Date.now() < deadline)
        await new Promise((done) => setTimeout(done, 5));
      if (this.fold.id === fresh.id) {
        const mine = this.fold.toState();
        return {
          id: fresh.id, beganAt: this.beganAt, differences: differences(mine, fresh.data).slice(0, 5), applied: this.applied,
          connections: this.connections, shown: Object.fromEntries(Object.keys(SECTIONS).map((section) => [section, mine[section].length])),
        };
      }
      if (Date.now() > deadline) throw new Error(`the page stands at ${this.fold.id}, the server at ${fresh.id}`);
    }
  }

  #isPast(id) {
    const seq = (cursor) => BigInt(cursor.slice(cursor.lastIndexOf('-') + 1));
    return seq(this.fold.id) > seq(id);
  }
}
