// A server's state and its power, by the native API.

import { ask, read } from './client';

export type Action =
  | 'on'
  | 'off'
  | 'cycle'
  | 'reset'
  | 'soft-off'
  | 'soft-cycle'
  | 'nmi'
  | 'push-button';

/** How an action ended. */
export interface Outcome {
  action: Action;
  outcome: 'done' | 'unconfirmed' | 'failed' | 'superseded';
  /** What was seen instead. */
  seen?: string;
  by?: Action;
  at_ms: number;
}

/** A server's state as far as its console looks at it. */
export interface State {
  id: string;
  power: 'on' | 'off' | 'unknown';
  on_for_s: number | null;
  pending: { action: Action; for_s: number; at_most_s: number } | null;
  last_outcome: Outcome | null;
  has: { power: Action[]; keyboard: boolean; screen: boolean };
  may: { power: boolean; type: boolean };
}

const of = (server: string): string => `/api/v1/servers/${encodeURIComponent(server)}`;

export const state = (server: string, stop?: AbortSignal): Promise<State> =>
  read<State>(of(server), stop);

/** Asks for an action; resolves once it is accepted. */
export async function act(server: string, action: Action): Promise<void> {
  await ask('POST', `${of(server)}/power`, { action });
}

/** Calls back whenever something happened to a server, until it is stopped. */
export function whenever(server: string, call: () => void): () => void {
  // The browser connects again by itself, and goes on where it was.
  const source = new EventSource(`${of(server)}/events`);
  source.onmessage = call;
  source.onopen = call;
  return () => source.close();
}
