// Why sessions ended: the server's own count by close code.
import {count} from '../format.js';
import {Failure} from '../ui/parts.js';
import {useAsked} from '../ui/use_live.js';
import {closesOf, reasonOf} from './close_counts.js';

const EVERY_MS = 5000;

export function Closes() {
  const {answer, error} = useAsked((live, signal) => live.rest.prometheus({signal}), EVERY_MS);
  const counts = answer === undefined ? [] : closesOf(answer);
  return (
    <section aria-labelledby="closes">
      <h2 id="closes">Ended sessions</h2>
      <Failure text={error} />
      {answer !== undefined && counts.length === 0 && <p class="muted">None has ended since the server began.</p>}
      {counts.length > 0 && (
        <ul class="legend">
          {counts.map(([code, times]) => <li key={code}><b>{count(times)}</b> {reasonOf(code)} <span class="muted">{code}</span></li>)}
        </ul>
      )}
    </section>
  );
}
