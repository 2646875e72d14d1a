// The REST API: one typed function a call, made of the table that docs/api/openapi.yaml is turned into.
import {restAddress} from './address.js';
import {operations as table} from './operations.js';
import type {operations} from './schema.js';
import {tokenOf, type TokenSource} from './token.js';

export interface RestOptions {
  /** The server: `https://host`, or its socket, `wss://host/ws`. */
  readonly url: string | URL;
  /** As the realtime client takes it. A function is asked for each call, and once more where its token is refused with 401. */
  readonly token?: TokenSource;
  /** Default: the global one. */
  readonly fetch?: typeof fetch;
}

/** A file, as it is sent: text, bytes, a Blob, or a ReadableStream of bytes. */
export type RawBody = string | Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array>;

type Calls = keyof typeof table;
type Content<Has> = Has extends {readonly content: infer C} ? C : never;

type BodyOf<C> = {
  [Kind in keyof C]: Kind extends 'application/json'
    ? {readonly body: C[Kind]; readonly contentType?: Kind}
    : {readonly body: RawBody; readonly contentType: Kind};
}[keyof C];

type Part<Name extends string, Of> = [Of] extends [undefined] ? unknown
  : undefined extends Of ? {readonly [Key in Name]?: Of} : {readonly [Key in Name]: Of};

/** What a call takes: the path's and the query's parameters, the body, and a signal that ends the waiting. */
export type RestRequest<Call extends Calls> =
  & Part<'path', operations[Call]['parameters']['path']>
  & Part<'query', operations[Call]['parameters']['query']>
  & (operations[Call] extends {readonly requestBody: infer Body} ? BodyOf<Content<Body>> : unknown)
  & {readonly signal?: AbortSignal};

/** Answers that are no text. */
type Binary = 'application/x-npy' | 'application/gzip' | 'application/zstd';
type Read<C> = {[Kind in keyof C]: Kind extends Binary ? Blob : C[Kind]}[keyof C];

/** What a call answers: the body's JSON, text for documents, a Blob for files that are none, nothing for 204. */
export type RestAnswer<Call extends Calls> = operations[Call]['responses'] extends infer Responses
  ? {[Status in keyof Responses & (200 | 201 | 202 | 204)]: Responses[Status] extends {content: infer C} ? Read<C> : void}[
      keyof Responses & (200 | 201 | 202 | 204)]
  : never;

type Function<Call extends Calls> = object extends RestRequest<Call>
  ? (request?: RestRequest<Call>) => Promise<RestAnswer<Call>>
  : (request: RestRequest<Call>) => Promise<RestAnswer<Call>>;

/** Every call that answers once, by its operationId in docs/api/openapi.yaml. Each rejects with RestError, or as fetch does. */
export type RestClient = {readonly [Call in Calls]: Function<Call>};

/** An answer that is none of success. */
export class RestError extends Error {
  override readonly name = 'RestError';
  readonly status: number;
  /** As the server calls it (`not_found`, `invalid_vector`, …); empty where something else answered. */
  readonly code: string;
  /** The request's member at fault, e.g. `vectors[3].values[17]`. */
  readonly member: string | undefined;
  /** Milliseconds until a retry may help (429, 503); 0 if the server did not say. */
  readonly retryAfterMs: number;
  /** The whole answer; of a broken import the failed job. */
  readonly body: unknown;

  constructor(status: number, body: unknown, retryAfter: string | null) {
    const told = (typeof body === 'object' && body !== null ? body : {}) as Readonly<Record<string, unknown>>;
    const error = told['error'];
    const job = typeof error === 'object' && error !== null ? (error as Readonly<Record<string, unknown>>) : undefined;
    super(String(told['message'] ?? job?.['message'] ?? `the server answered ${status}`));
    this.status = status;
    this.code = String((job ? job['code'] : error) ?? '');
    this.member = told['member'] as string | undefined;
    this.retryAfterMs = Number(told['retry_after_ms'] ?? Number(retryAfter ?? 0) * 1000);
    this.body = body;
  }
}

interface AnyRequest {
  readonly path?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly signal?: AbortSignal;
}

/** @throws TypeError if `url` is none. */
export function restClient({url, token, fetch: ask = fetch}: RestOptions): RestClient {
  const base = restAddress(url);

  async function call(method: string, template: string, request: AnyRequest, again: boolean): Promise<unknown> {
    const {body, signal, contentType = 'application/json'} = request;
    const isJson = contentType === 'application/json';
    const headers: Record<string, string> = {};
    if (token !== undefined) headers['authorization'] = `Bearer ${await tokenOf(token)}`;
    if (body !== undefined) headers['content-type'] = contentType;
    const isStream = !isJson && typeof body === 'object' && body !== null && 'getReader' in body;
    const answer = await ask(base + addressOf(template, request), {
      method, headers,
      ...(body === undefined ? {} : {body: (isJson ? JSON.stringify(body) : body) as string}),
      ...(isStream ? {duplex: 'half'} : {}),
      ...(signal ? {signal} : {}),
    } as RequestInit);
    if (answer.status === 401 && again && typeof token === 'function' && !isStream) {
      await answer.arrayBuffer();
      return call(method, template, request, false);
    }
    const type = answer.headers.get('content-type') ?? '';
    if (answer.ok && /npy|gzip|zstd/.test(type)) return answer.blob();
    const text = await answer.text();
    const content = /\bjson\b/.test(type) ? (JSON.parse(text) as unknown) : text || undefined;
    if (!answer.ok) throw new RestError(answer.status, content, answer.headers.get('retry-after'));
    return content;
  }

  return Object.fromEntries(
    Object.entries(table).map(([name, [method, template]]) => [name, (request: AnyRequest = {}) => call(method, template, request, true)]),
  ) as unknown as RestClient;
}

function addressOf(template: string, {path = {}, query = {}}: AnyRequest): string {
  const filled = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(path[name])));
  const asked = Object.entries(query).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)] as [string, string]]));
  return asked.length > 0 ? `${filled}?${new URLSearchParams(asked).toString()}` : filled;
}
