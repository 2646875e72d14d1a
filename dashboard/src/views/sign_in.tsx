import {useState} from 'preact/hooks';
import {tryToken, type Session} from '../session.js';
import {Failure} from '../ui/parts.js';
import {useCall} from '../ui/use_live.js';

export function SignIn({message, onSession}: {message: string; onSession: (session: Session, remember: boolean) => void}) {
  const [token, setToken] = useState('');
  const [remember, setRemember] = useState(false);
  const {busy, error, run} = useCall();
  const submit = (event: Event) => {
    event.preventDefault();
    void run(async () => onSession(await tryToken(token.trim()), remember));
  };
  return (
    <main class="sign-in">
      <form class="card" onSubmit={submit}>
        <h1><span class="brand-mark" aria-hidden="true" />MLGraph</h1>
        <Failure text={error || message} />
        <label for="token">Token</label>
        <input id="token" type="password" autocomplete="off" spellcheck={false} placeholder="mlg_…" required value={token}
          onInput={({currentTarget}) => setToken(currentTarget.value)} />
        <label class="check">
          <input type="checkbox" checked={remember} onChange={({currentTarget}) => setRemember(currentTarget.checked)} />
          Remember it in this browser
        </label>
        <button type="submit" class="primary" disabled={busy || token.trim() === ''}>{busy ? 'Signing in…' : 'Sign in'}</button>
        <p class="muted">Or run <code>mlgraph dashboard</code> beside the server: it prints a link that signs you in once.</p>
      </form>
    </main>
  );
}
