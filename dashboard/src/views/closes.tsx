// Why sessions ended: the server's own count by close code.
import {useEffect, useState} from 'preact/hooks';
import {count} from '../format.js';
import {Failure} from '../ui/parts.js';
import {useLive} from '../ui/use_live.js';
import {closesOf, reasonOf} from './close_counts.js';

const EVERY_MS = 5000;

export function Closes() {
  const live = useLive();
  const [counts, setCounts] = useState<readonly (readonly [number, number])[]>([]);
  const [error, setError] = useState('');
  useEffect(() => {
    let over = false;
    const ask = () =>
      live.rest.prometheus().then((text) => {
        if (over) return;
        setCounts(closesOf(text));
        setError('');
      }, (thrown: Error) => !over && setError(`Not up to date: ${thrown.message}`));
    void ask();
    const timer = setInterval(() => void (document.hidden || ask()), EVERY_MS);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [live]);
  return (
    <section aria-labelledby="closes">
      <h2 id="closes">Ended sessions</h2>
      <Failure text={error} />
      {counts.length === 0
        ? <p class="muted">None has ended since the server began.</p>
        : (
          <ul class="legend">
            {counts.map(([code, times]) => <li key={code}><b>{count(times)}</b> {reasonOf(code)} <span class="muted">{code}</span></li>)}
          </ul>
        )}
    </section>
  );
}
