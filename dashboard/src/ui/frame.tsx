// What stands around every view: names of the views, the connection, the theme, who is signed in.
import type {ComponentType} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';
import {currentTheme, nextTheme, setTheme} from '../theme.js';
import {Access} from '../views/access.js';
import {Alerts} from '../views/alerts.js';
import {Events} from '../views/events.js';
import {Indices} from '../views/indices.js';
import {Jobs} from '../views/jobs.js';
import {Overview} from '../views/overview.js';
import {Search} from '../views/search.js';
import {Badge} from './badge.js';
import {useLive} from './use_live.js';

const VIEWS: readonly (readonly [string, string, ComponentType])[] = [
  ['overview', 'Overview', Overview],
  ['indices', 'Indices', Indices],
  ['jobs', 'Jobs', Jobs],
  ['alerts', 'Alerts', Alerts],
  ['events', 'Events', Events],
  ['search', 'Search', Search],
  ['access', 'Access', Access],
];

function wanted(): string {
  const name = location.hash.slice(2);
  return VIEWS.some(([view]) => view === name) ? name : 'overview';
}

export function Frame({notice, onDismiss, onSignOut}: {notice: string; onDismiss: () => void; onSignOut: () => void}) {
  const live = useLive();
  const [name, setName] = useState(wanted());
  const [theme, choose] = useState(currentTheme());
  const heading = useRef<HTMLHeadingElement>(null);
  const first = useRef(true);
  useEffect(() => {
    const onHash = () => setName(wanted());
    addEventListener('hashchange', onHash);
    return () => removeEventListener('hashchange', onHash);
  }, []);
  const [, title, View] = VIEWS.find(([view]) => view === name) ?? VIEWS[0]!;
  useEffect(() => {
    document.title = `${title} · MLGraph`;
    if (!first.current) heading.current?.focus(); // what was chosen is read out, and the next Tab goes into it
    first.current = false;
  }, [title]);
  const running = [...live.client.state.jobs.values()].filter(({state}) => state === 'running' || state === 'queued').length;
  const counts: Readonly<Record<string, number>> = {jobs: running, alerts: live.client.state.alerts.size};
  return (
    <div class="frame">
      <a class="skip" href="#view" onClick={(event) => {
        event.preventDefault();
        heading.current?.focus();
      }}>To the content</a>
      <header class="top">
        <span class="brand"><span class="brand-mark" aria-hidden="true" />MLGraph</span>
        <Badge />
        <div class="top-end">
          <button type="button" class="quiet" onClick={() => {
            const next = nextTheme(theme);
            setTheme(next);
            choose(next);
          }}>Theme: {theme}</button>
          <button type="button" class="quiet" onClick={onSignOut}>Sign out</button>
        </div>
      </header>
      <nav class="views" aria-label="Views">
        {VIEWS.map(([view, text]) => (
          <a key={view} href={`#/${view}`} {...(view === name ? {'aria-current': 'page' as const} : {})}>
            {text}{counts[view] ? <span class={view === 'alerts' ? 'tally tally-bad' : 'tally'}>{counts[view]}</span> : null}
          </a>
        ))}
      </nav>
      <main id="view">
        <h1 ref={heading} tabIndex={-1}>{title}</h1>
        {notice && <div class="note" role="alert"><p>{notice}</p><button type="button" class="quiet" onClick={onDismiss}>Dismiss</button></div>}
        {live.gap && (
          <div class="note" role="alert">
            <p>Events are missing here: the server keeps none from before {live.gap.id}, or began a new history. What is shown has been read anew.</p>
            <button type="button" class="quiet" onClick={() => live.dismissGap()}>Dismiss</button>
          </div>
        )}
        {live.refused && <p class="failure" role="alert">{live.refused.code === 'revoked' ? 'No events any more, what is shown is out of date' : 'No events'}: {live.refused.message}. Ask for a token with an <code>events:</code> scope.</p>}
        <View />
      </main>
    </div>
  );
}
