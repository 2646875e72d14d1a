// Signed out: a card. Signed in: the frame, and in it one view.
import type {MLGraphError} from '@mlgraph/client';
import {useEffect, useState} from 'preact/hooks';
import {Live} from './live.js';
import {forget, keep, keptSession, redeem, signOut, takeCode, type Session} from './session.js';
import {Frame} from './ui/frame.js';
import {LiveContext} from './ui/use_live.js';
import {SignIn} from './views/sign_in.js';

const code = takeCode(); // once, before anything is shown

export function App() {
  const [session, setSession] = useState<Session | undefined>(code ? undefined : keptSession());
  const [live, setLive] = useState<Live>();
  const [message, setMessage] = useState('');
  const [redeeming, setRedeeming] = useState(code !== undefined);

  useEffect(() => {
    if (code === undefined) return;
    redeem(code)
      .then((fresh) => {
        keep(fresh, false);
        setSession(fresh);
      }, (error: Error) => {
        setMessage(error.message);
        setSession(keptSession()); // an old link does not end a session that stands
      })
      .finally(() => setRedeeming(false));
  }, []);

  useEffect(() => {
    if (!session) return;
    const fresh = new Live(session, (error: MLGraphError | undefined) => {
      if (!error) return;
      if (error.code === 'unauthorized' || error.code === 'token_expired') forget();
      setMessage(error.code === 'token_expired' ? 'The token has expired.' : `Signed out: ${error.message}.`);
      setSession(undefined);
    });
    setLive(fresh);
    return () => {
      setLive(undefined);
      fresh.close();
    };
  }, [session]);

  if (redeeming) return <main class="sign-in"><p class="muted" role="status">Signing in…</p></main>;
  if (!session)
    return (
      <SignIn
        message={message}
        onSession={(fresh, remember) => {
          setMessage('');
          keep(fresh, remember);
          setSession(fresh);
        }}
      />
    );
  if (!live) return null;
  return (
    <LiveContext.Provider value={live}>
      <Frame
        notice={message}
        onDismiss={() => setMessage('')}
        onSignOut={() => {
          void signOut(session);
          setMessage('');
          setSession(undefined);
        }}
      />
    </LiveContext.Provider>
  );
}
