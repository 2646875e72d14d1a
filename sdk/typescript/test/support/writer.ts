// Endless work that makes durable events of every family, from a seed.
import {RestError, type RestClient} from '@mlgraph/client';

const DIMENSION = 4;

export class Writer {
  readonly #rest: RestClient;
  readonly #random: () => number;
  readonly #live: string[] = [];
  #made = 0;
  strokes = 0;

  constructor(rest: RestClient, random: () => number) {
    this.#rest = rest;
    this.#random = random;
  }

  /** One thing more. What breaks off because the server is down, or is refused by one that starts or stops, is let be. */
  async stroke(): Promise<void> {
    const verbs = this.#live.length === 0 ? ['make'] : this.#live.length > 8 ? ['delete'] : ['make', 'change', 'load', 'load', 'spoil', 'delete', 'alert'];
    ++this.strokes;
    try {
      await this.#do(verbs[Math.floor(this.#random() * verbs.length)] as string);
    } catch (error) {
      if (error instanceof RestError && ![400, 404, 503].includes(error.status)) throw error;
    }
  }

  async #do(verb: string): Promise<unknown> {
    const rest = this.#rest;
    const id = this.#live[Math.floor(this.#random() * this.#live.length)] as string;
    switch (verb) {
      case 'make': {
        const name = `w${++this.#made}`;
        this.#live.push(name); // perhaps: what broke off may have been done
        return rest.createIndex({body: {index_id: name, dimension: DIMENSION, num_shards: 2}});
      }
      case 'change':
        return rest.changeIndex({path: {id}, body: {tiering: {merge: 20_000_000 + Math.floor(this.#random() * 1e6)}}});
      case 'load':
        return rest.importVectors({path: {id}, body: this.#rows(), contentType: 'application/x-ndjson'});
      case 'spoil':
        return rest.importVectors({path: {id}, body: new Uint8Array([0x93, 0x4e, 0x55]), contentType: 'application/x-npy'});
      case 'alert': {
        const warn = this.#random() < 0.5 ? 1e-6 : 0.98;
        return rest.putAlertRule({path: {rule: 'memory'}, body: {warn, error: 0.999, clear: warn / 2, for_seconds: 0}});
      }
      default:
        this.#live.splice(this.#live.indexOf(id), 1);
        return rest.deleteIndex({path: {id}});
    }
  }

  #rows(): string {
    return Array.from({length: 1 + Math.floor(this.#random() * 20)}, (_, row) =>
      JSON.stringify({id: `v${row}`, values: Array.from({length: DIMENSION}, () => this.#random())})).join('\n') + '\n';
  }
}
