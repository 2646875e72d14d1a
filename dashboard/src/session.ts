// Who is signed in, in this tab or, if asked for, in this browser.
import {restClient, RestError} from '@mlgraph/client';

export interface Session {
  readonly token: string;
  /** The token's name, where it was made for this page: it is revoked when signing out. */
  readonly name?: string;
}

const KEY = 'mlgraph.session';
export const SERVER = location.origin;

/** What was kept, if anything. */
export function keptSession(): Session | undefined {
  for (const store of [sessionStorage, localStorage]) {
    try {
      const kept = JSON.parse(store.getItem(KEY) ?? 'null') as Session | null;
      if (typeof kept?.token === 'string') return kept;
    } catch {
      store.removeItem(KEY);
    }
  }
  return undefined;
}

/** @param remember also after the browser was closed. */
export function keep(session: Session, remember: boolean): void {
  forget();
  (remember ? localStorage : sessionStorage).setItem(KEY, JSON.stringify(session));
}

export function forget(): void {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

/** The code of a sign-in link, `#code=…`; it is taken out of the address and the history at once. */
export function takeCode(): string | undefined {
  const code = /^#code=([\w-]+)$/.exec(location.hash)?.[1];
  if (location.hash.startsWith('#code')) history.replaceState(null, '', location.pathname + location.search);
  return code;
}

/** Trades a code for a session. Rejects with what to tell. */
export async function redeem(code: string): Promise<Session> {
  const {token, name} = await restClient({url: SERVER}).signIn({body: {code}});
  return {token, name};
}

/** Whether the server knows the token. Rejects with what to tell. */
export async function tryToken(token: string): Promise<Session> {
  try {
    await restClient({url: SERVER, token}).getSystemMetrics();
  } catch (error) {
    // What it may see is shown view by view; here only who it is matters.
    if (!(error instanceof RestError && error.status === 403)) throw error;
  }
  return {token};
}

/** Signs out; a token that was made for this page ends. */
export async function signOut({token, name}: Session): Promise<void> {
  forget();
  // Only an admin may revoke; others' expire by themselves.
  if (name !== undefined) await restClient({url: SERVER, token}).revokeToken({path: {name}}).catch(() => undefined);
}
