// How the page asks the BMC: one way for the native API and Redfish alike. A lost link is noticed here,
// said in one place, and found again by itself.

import { signal } from '@preact/signals';

/** Whether the BMC answers. */
export const link = signal<'up' | 'lost'>('up');
/** Counts up whenever the link is back: what was shown meanwhile may be old. */
export const returned = signal(0);
/** What is called when the BMC no longer knows who asks. */
export const onUnknown: { call: () => void } = { call: () => undefined };

/** Why a request was refused. `code` is a word for the program, `message` a sentence for people. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    /** How many seconds to wait, where that was said. */
    readonly retryAfter: number | null = null,
  ) {
    super(message);
    this.name = 'Refusal';
  }
}

/** The BMC could not be reached. */
export class Unreachable extends Error {
  override name = 'Unreachable';
}

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** Sends a request and gives the answer, whatever it is. */
export async function send(
  method: Method,
  path: string,
  body?: unknown,
  stop?: AbortSignal,
): Promise<Response> {
  const headers: Record<string, string> = { 'X-Outband': '1' };
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  const init: RequestInit = { method, headers, credentials: 'same-origin', cache: 'no-store' };
  if (body !== undefined) init.body = JSON.stringify(body);
  if (stop) init.signal = stop;
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (why) {
    if (stop?.aborted) throw why;
    lost();
    throw new Unreachable(String(why));
  }
  found();
  return answer;
}

/** Sends a request that must succeed, and gives its answer. */
export async function ask(
  method: Method,
  path: string,
  body?: unknown,
  stop?: AbortSignal,
): Promise<Response> {
  const answer = await send(method, path, body, stop);
  if (answer.ok) return answer;
  const refusal = await refusalOf(answer);
  if (answer.status === 401) onUnknown.call();
  throw refusal;
}

/** Reads something as JSON. */
export async function read<T>(path: string, stop?: AbortSignal): Promise<T> {
  return (await ask('GET', path, undefined, stop)).json() as Promise<T>;
}

/** What an answer that is no success says, in the native API's words or in Redfish's. */
export async function refusalOf(answer: Response): Promise<Refusal> {
  let code = '';
  let message = answer.statusText;
  try {
    const said = ((await answer.json()) as { error?: Record<string, unknown> }).error ?? {};
    const more = said['@Message.ExtendedInfo'];
    const first = Array.isArray(more) ? (more[0] as Record<string, unknown>) : undefined;
    if (typeof said['code'] === 'string') code = said['code'];
    const text = first?.['Message'] ?? said['message'];
    if (typeof text === 'string') message = text;
  } catch {
    // No words: the status says what there is to say.
  }
  const wait = Number.parseInt(answer.headers.get('Retry-After') ?? '', 10);
  return new Refusal(answer.status, code, message, Number.isNaN(wait) ? null : wait);
}

// How long to wait before the BMC is looked for again, in milliseconds: soon, then less often.
const WAITS = [500, 1000, 2000, 4000];
let tries = 0;
let next: ReturnType<typeof setTimeout> | undefined;

function found(): void {
  tries = 0;
  clearTimeout(next);
  next = undefined;
  if (link.value === 'up') return;
  link.value = 'up';
  returned.value += 1;
}

function lost(): void {
  link.value = 'lost';
  if (next !== undefined) return;
  const wait = WAITS[Math.min(tries, WAITS.length - 1)];
  tries += 1;
  next = setTimeout(() => {
    next = undefined;
    // Whatever it answers, it answers.
    send('GET', '/openapi.json').catch(() => undefined);
  }, wait);
}
