// Which place the page shows: the address is the state, so that it can be reloaded and passed on.

import { signal } from '@preact/signals';

/** A place that the page has. */
export type Place =
  | { name: 'home' }
  | { name: 'servers' }
  | { name: 'console'; server: string }
  | { name: 'account' }
  | { name: 'nowhere' };

/** The place of an address. */
export function placeOf(path: string): Place {
  const [first, second, third] = path.split('/').filter((part) => part !== '');
  if (first === undefined) return { name: 'home' };
  if (first === 'servers' && third === undefined) {
    if (second === undefined) return { name: 'servers' };
    try {
      return { name: 'console', server: decodeURIComponent(second) };
    } catch {
      return { name: 'nowhere' };
    }
  }
  if (first === 'settings' && third === undefined && (second ?? 'account') === 'account') {
    return { name: 'account' };
  }
  return { name: 'nowhere' };
}

/** The address of a server's console. */
export const consoleOf = (server: string): string => `/servers/${encodeURIComponent(server)}`;

/** The place that is shown. */
export const place = signal<Place>(
  typeof location === 'undefined' ? { name: 'home' } : placeOf(location.pathname),
);

/** Goes to an address of the page; `replace` leaves no way back to the one before. */
export function go(path: string, replace = false): void {
  if (replace) history.replaceState(null, '', path);
  else history.pushState(null, '', path);
  place.value = placeOf(path);
}

/** A click on a link to a place: what isn't a plain click is left to the browser. */
export function follow(event: MouseEvent): void {
  const link = event.currentTarget;
  if (!(link instanceof HTMLAnchorElement)) return;
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey)
    return;
  event.preventDefault();
  go(link.pathname);
}

if (typeof window !== 'undefined') {
  window.addEventListener('popstate', () => {
    place.value = placeOf(location.pathname);
  });
}
