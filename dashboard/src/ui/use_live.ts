import {createContext} from 'preact';
import {useContext, useEffect, useReducer, useState} from 'preact/hooks';
import {askOn} from '../asking.js';
import type {Live} from '../live.js';

/** A call that takes longer will not be of use any more. */
const PATIENCE_MS = 15_000;

export const LiveContext = createContext<Live | undefined>(undefined);

/** What the server tells; whoever uses it is drawn again when that changes, a few times a second at most. */
export function useLive(): Live {
  const live = useContext(LiveContext);
  if (!live) throw new Error('no Live around this');
  const [, draw] = useReducer((turn: number) => turn + 1, 0);
  useEffect(() => live.onChange(() => draw(undefined)), [live]);
  return live;
}

/** The time by Date.now(), each so many milliseconds. */
export function useNow(everyMs: number): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs]);
  return now;
}

/** What a call answers, asked for anew so many milliseconds after each answer while the page is seen; the last answer stays while there is an error. */
export function useAsked<Answer>(
  ask: (live: Live, signal: AbortSignal) => Promise<Answer>, everyMs: number,
): {answer: Answer | undefined; error: string} {
  const live = useLive();
  const [answer, setAnswer] = useState<Answer>();
  const [error, setError] = useState('');
  useEffect(() => askOn<Answer>({
    ask: (signal) => ask(live, signal),
    everyMs,
    patienceMs: PATIENCE_MS,
    isSeen: () => !document.hidden,
    onAnswer: (fresh) => {
      setAnswer(() => fresh);
      setError('');
    },
    onFailure: ({message}) => setError(`Not up to date: ${message}`),
  }), [live, everyMs]); // `ask` is the same call each time
  return {answer, error};
}

/** A call under way, and what became of it. */
export function useCall(): {busy: boolean; error: string; run: (call: () => Promise<unknown>) => Promise<boolean>; clear: () => void} {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');
  return {
    busy,
    error,
    clear: () => setError(''),
    async run(call) {
      setBusy(true);
      setError('');
      try {
        await call();
        return true;
      } catch (thrown) {
        setError(thrown instanceof TypeError ? 'The server cannot be reached.' : (thrown as Error).message);
        return false;
      } finally {
        setBusy(false);
      }
    },
  };
}
