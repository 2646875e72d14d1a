// Dark or light: as the system has it, or as it was chosen here.
export type Theme = 'auto' | 'light' | 'dark';

const KEY = 'mlgraph.theme';
const ORDER: readonly Theme[] = ['auto', 'light', 'dark'];

export function currentTheme(): Theme {
  const kept = localStorage.getItem(KEY) as Theme | null;
  return kept !== null && ORDER.includes(kept) ? kept : 'auto';
}

export function setTheme(theme: Theme): void {
  if (theme === 'auto') {
    localStorage.removeItem(KEY);
    delete document.documentElement.dataset['theme'];
  } else {
    localStorage.setItem(KEY, theme);
    document.documentElement.dataset['theme'] = theme;
  }
  document.dispatchEvent(new Event('themechange'));
}

export function nextTheme(theme: Theme): Theme {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length] ?? 'auto';
}

/** Tells when colours have changed, by either way. @returns what ends it. */
export function onThemeChange(listener: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  system.addEventListener('change', listener);
  document.addEventListener('themechange', listener);
  return () => {
    system.removeEventListener('change', listener);
    document.removeEventListener('themechange', listener);
  };
}

/** A custom property of the style sheet as a colour that a canvas can use. */
export function colour(name: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${name})`;
  document.body.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}
