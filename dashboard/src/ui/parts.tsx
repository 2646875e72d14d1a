// Small things that several views show.
import type {ComponentChildren} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';

/** What a view says when there is nothing to show yet: what would be here, and how to get it. */
export function Empty({title, children}: {title: string; children: ComponentChildren}) {
  return (
    <div class="empty">
      <svg class="empty-mark" viewBox="0 0 48 32" aria-hidden="true">
        <path d="M8 24 20 8l10 12 10-8" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="3 3" />
        {[[8, 24], [20, 8], [30, 20], [40, 12]].map(([x, y]) => <circle key={x} cx={x} cy={y} r="3" fill="currentColor" />)}
      </svg>
      <p class="empty-title">{title}</p>
      <div class="empty-text">{children}</div>
    </div>
  );
}

export function Failure({text}: {text: string}) {
  return text ? <p class="failure" role="alert">{text}</p> : null;
}

export function Pill({tone, children}: {tone: 'good' | 'warn' | 'bad' | 'calm' | 'busy'; children: ComponentChildren}) {
  return <span class={`pill pill-${tone}`}>{children}</span>;
}

export function Bar({share, label}: {share: number | null; label: string}) {
  const width = share === null ? 100 : share * 100;
  return (
    <div class={share === null ? 'bar bar-unknown' : 'bar'} role="progressbar" aria-label={label} aria-valuemin={0} aria-valuemax={100}
      {...(share === null ? {} : {'aria-valuenow': Math.floor(share * 100)})}>
      <div style={{width: `${width}%`}} />
    </div>
  );
}

/** One of a few. */
export function Choice<Value extends string>({label, value, options, onChoose}: {
  label: string; value: Value; options: readonly (readonly [Value, string])[]; onChoose: (value: Value) => void;
}) {
  return (
    <div class="choice" role="group" aria-label={label}>
      {options.map(([option, text]) => (
        <button key={option} type="button" aria-pressed={option === value} onClick={() => onChoose(option)}>{text}</button>
      ))}
    </div>
  );
}

/** A button that asks again before it does what cannot be undone. */
export function Sure({ask, children, disabled, onSure}: {ask: string; children: ComponentChildren; disabled?: boolean; onSure: () => void}) {
  const [asking, setAsking] = useState(false);
  const yes = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (asking) yes.current?.focus();
  }, [asking]);
  if (!asking) return <button type="button" class="quiet" disabled={disabled ?? false} onClick={() => setAsking(true)}>{children}</button>;
  return (
    <span class="sure" onKeyDown={(event) => event.key === 'Escape' && setAsking(false)}>
      <button ref={yes} type="button" class="danger" onClick={() => {
        setAsking(false);
        onSure();
      }}>{ask}</button>
      <button type="button" class="quiet" onClick={() => setAsking(false)}>Keep</button>
    </span>
  );
}

/** Puts text on the clipboard; where a page may not (http to another host), by way of a selection. */
async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement('textarea');
    field.value = text;
    document.body.append(field);
    field.select();
    document.execCommand('copy');
    field.remove();
  }
}

export function CopyButton({text, children}: {text: () => string; children: ComponentChildren}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  return (
    <button type="button" class="quiet" onClick={() => void copy(text()).then(() => setCopied(true))}>
      <span aria-live="polite">{copied ? 'Copied' : children}</span>
    </button>
  );
}
