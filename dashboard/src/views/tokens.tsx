// Tokens: a list, a form for a new one, and a way to end one.
import type {RestAnswer} from '@mlgraph/client/rest.js';
import {useEffect, useState} from 'preact/hooks';
import {count} from '../format.js';
import {CopyButton, Failure, Sure} from '../ui/parts.js';
import {useCall, useLive} from '../ui/use_live.js';

type Token = RestAnswer<'listTokens'>['tokens'][number];

export function Tokens() {
  const live = useLive();
  const [tokens, setTokens] = useState<readonly Token[]>();
  const {error, run} = useCall();
  const load = () => run(async () => setTokens((await live.rest.listTokens()).tokens));
  useEffect(() => void load(), [live]);
  const revoke = (name: string) => run(async () => {
    await live.rest.revokeToken({path: {name}});
    await load();
  });
  return (
    <section aria-labelledby="tokens">
      <h2 id="tokens">Tokens <span class="muted">{tokens ? count(tokens.length) : ''}</span></h2>
      <Failure text={error} />
      {tokens?.length === 0 && <p class="muted">Only the admin’s own. Make one for each program: it shows who is connected, and can be revoked alone.</p>}
      {tokens !== undefined && tokens.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-labelledby="tokens">
          <table>
            <thead><tr><th>Name</th><th>Scopes</th><th>Expires</th><th class="number">A minute</th><th><span class="unseen">Revoke</span></th></tr></thead>
            <tbody>
              {tokens.map((token) => (
                <tr key={token.name} data-token={token.name}>
                  <td class="id">{token.name}</td>
                  <td class="id channels">{token.scopes.join(' ')}</td>
                  <td class="time">{token.expires_at ? new Date(token.expires_at).toLocaleString() : 'never'}</td>
                  <td class="number">{token.rate_limit_per_minute ? count(token.rate_limit_per_minute) : '–'}</td>
                  <td class="number"><Sure ask={`Revoke ${token.name}`} onSure={() => void revoke(token.name)}>Revoke</Sure></td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      <NewToken onMade={() => void load()} />
    </section>
  );
}

function NewToken({onMade}: {onMade: () => void}) {
  const live = useLive();
  const [name, setName] = useState('');
  const [scopes, setScopes] = useState('events:* read:*');
  const [days, setDays] = useState('');
  const [made, setMade] = useState<{name: string; token: string}>();
  const {busy, error, run} = useCall();
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => {
      const expires = days === '' ? {} : {expires_in_seconds: Math.round(Number(days) * 86_400)};
      setMade(await live.rest.createToken({body: {name, scopes: scopes.split(/[\s,]+/).filter(Boolean), ...expires}}));
      setName('');
      onMade();
    });
  };
  return (
    <form class="card" onSubmit={submit}>
      <h3>A new token</h3>
      <div class="search-line">
        <label>Name<input class="id" required pattern="[\w\-]{1,64}" value={name} onInput={({currentTarget}) => setName(currentTarget.value)} /></label>
        <label class="grow">Scopes<input class="id" required spellcheck={false} value={scopes} onInput={({currentTarget}) => setScopes(currentTarget.value)} /></label>
        <label>Days<input type="number" min="0.01" step="any" placeholder="never ends" value={days} onInput={({currentTarget}) => setDays(currentTarget.value)} /></label>
        <button type="submit" class="primary" disabled={busy}>Make it</button>
      </div>
      <Failure text={error} />
      {made && (
        <p class="secret" role="status">
          <span>{made.name}: shown this once</span> <code>{made.token}</code> <CopyButton text={() => made.token}>Copy</CopyButton>
        </p>
      )}
    </form>
  );
}
