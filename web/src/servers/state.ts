// What the page knows of the servers. Read when a place is opened, when the window is looked at again
// and when the link is back; kept between places.

import { signal } from '@preact/signals';
import { returned } from '../api/client';
import { list, show, type Server } from '../api/servers';

/** The ids of all servers; `null` until they are known. */
export const ids = signal<string[] | null>(null);
/** What is known of each. */
export const known = signal<ReadonlyMap<string, Server>>(new Map());

/** Reads which servers there are. */
export async function readIds(stop?: AbortSignal): Promise<string[]> {
  const found = await list(stop);
  ids.value = found;
  return found;
}

/** Reads one server. */
export async function readServer(id: string, stop?: AbortSignal): Promise<Server> {
  const server = await show(id, stop);
  known.value = new Map(known.value).set(id, server);
  return server;
}

/** Reads many servers, a few at a time; what can't be read stays as it was. */
export async function readServers(wanted: readonly string[], stop: AbortSignal): Promise<void> {
  const left = [...wanted];
  const worker = async (): Promise<void> => {
    for (let id = left.shift(); id !== undefined && !stop.aborted; id = left.shift()) {
      await readServer(id, stop).catch(() => undefined);
    }
  };
  await Promise.all(Array.from({ length: 4 }, worker));
}

/** Forgets everything: another person may see other servers. */
export function forget(): void {
  ids.value = null;
  known.value = new Map();
}

/** Calls back now, and whenever what is shown may have become old, until it is stopped. */
export function whenLookedAt(call: (stop: AbortSignal) => void): () => void {
  let stop = new AbortController();
  const again = (): void => {
    if (document.visibilityState === 'hidden') return;
    stop.abort();
    stop = new AbortController();
    call(stop.signal);
  };
  const unsubscribe = returned.subscribe(() => again());
  document.addEventListener('visibilitychange', again);
  window.addEventListener('focus', again);
  return () => {
    stop.abort();
    unsubscribe();
    document.removeEventListener('visibilitychange', again);
    window.removeEventListener('focus', again);
  };
}
