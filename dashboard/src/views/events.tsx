// Every event as it passes.
import type {StreamEvent} from '@mlgraph/client';
import {channelsOf, isSample, matches} from '@mlgraph/client/channels.js';
import {useMemo, useRef, useState} from 'preact/hooks';
import {clock, count} from '../format.js';
import {EVENTS_KEPT, type Seen} from '../live.js';
import {SERVER} from '../session.js';
import {snippetOf} from '../snippet.js';
import {CopyButton, Empty} from '../ui/parts.js';
import {useLive} from '../ui/use_live.js';
import {summaryOf} from './event_summary.js';

const ROWS_SHOWN = 200;
const EXAMPLES = ['*', 'job.*', 'index.*', 'alert.*', 'metrics.*'];
const PATTERN = /^(\*|[\w-]{1,64}(\.[\w-]{1,64}){0,2}(\.\*)?)$/;

/** Newest first; `*` here means what is in the log, samples have to be asked for. */
function found(live: {log: Iterable<Seen>; samples: Iterable<Seen>}, pattern: string): Seen[] {
  const isWanted = ({event}: Seen) => (pattern === '*' ? !isSample(event) : matches(pattern, channelsOf(event)));
  const all = pattern.startsWith('metrics') ? live.samples : live.log;
  return [...all].filter(isWanted);
}

export function Events() {
  const live = useLive();
  const [text, setText] = useState('*');
  const [paused, setPaused] = useState<Seen[]>();
  const [chosen, setChosen] = useState<Seen>();
  const isPattern = PATTERN.test(text);
  const kept = useRef('*');
  if (isPattern) kept.current = text;
  const pattern = kept.current;
  const shown = paused ?? found({log: live.log.newest(), samples: live.samples.newest()}, pattern);
  const choosePattern = (value: string) => {
    setText(value);
    if (paused && PATTERN.test(value)) setPaused(found({log: live.log.newest(), samples: live.samples.newest()}, value));
  };
  return (
    <>
      <div class="toolbar">
        <label for="pattern">Pattern</label>
        <input id="pattern" class="id" list="patterns" spellcheck={false} value={text} aria-invalid={!isPattern} aria-describedby="pattern-help"
          onInput={({currentTarget}) => choosePattern(currentTarget.value.trim())} />
        <datalist id="patterns">{EXAMPLES.map((example) => <option key={example} value={example} />)}</datalist>
        <button type="button" class="quiet" aria-pressed={paused !== undefined} onClick={() => setPaused(paused ? undefined : shown)}>{paused ? 'Go on' : 'Pause'}</button>
        <CopyButton text={() => snippetOf({url: SERVER, pattern})}>Copy as SDK code</CopyButton>
      </div>
      <p id="pattern-help" class="muted">
        {isPattern
          ? <>{count(Math.min(shown.length, ROWS_SHOWN))} of {count(shown.length)} that match, newest first; the last {count(EVENTS_KEPT)} events of the log are kept here.
              {paused && ' Paused; events go on behind it.'}</>
          : <>A pattern is <code>*</code>, a channel like <code>job.progress</code>, or a prefix like <code>index.docs.*</code>.</>}
      </p>
      {shown.length === 0
        ? <Empty title="Nothing passed yet">{pattern.startsWith('metrics') ? 'Samples come each second while there is something to measure.' : 'Events show here from the moment the page was opened. Change something: make an index, import, search.'}</Empty>
        : (
          <div class="inspector">
            <div class="scroll event-list" tabIndex={0} role="region" aria-label="Events">
              <ul class="plain">
                {shown.slice(0, ROWS_SHOWN).map((seen) => (
                  <li key={seen.place}>
                    <EventButton seen={seen} isChosen={chosen?.place === seen.place} onChoose={() => setChosen(seen)} />
                  </li>
                ))}
              </ul>
            </div>
            <Detail event={chosen?.event} />
          </div>
        )}
    </>
  );
}

function EventButton({seen: {event}, isChosen, onChoose}: {seen: Seen; isChosen: boolean; onChoose: () => void}) {
  return (
    <button type="button" class="event" aria-pressed={isChosen} onClick={onChoose} {...('id' in event ? {'data-id': event.id} : {})}>
      <span class="time">{clock(event.timestamp, true)}</span>
      <span class={`event-type family-${event.type.split('.')[0]}`}>{event.type}</span>
      <span class="event-text">{summaryOf(event)}</span>
    </button>
  );
}

function Detail({event}: {event: StreamEvent | undefined}) {
  const text = useMemo(() => (event ? JSON.stringify(event, null, 2) : ''), [event]);
  if (!event) return <div class="card detail muted"><p>Choose an event to see all of it.</p></div>;
  const pattern = channelsOf(event)[1].replace(/\.[^.]+$/, '.*');
  return (
    <section class="card detail" aria-label="The chosen event">
      <div class="toolbar">
        <CopyButton text={() => text}>Copy JSON</CopyButton>
        <CopyButton text={() => snippetOf({url: SERVER, pattern, since: 'id' in event ? event.id : undefined})}>Copy as SDK code</CopyButton>
      </div>
      <pre tabIndex={0}>{text}</pre>
    </section>
  );
}
