// Who is signed in.

import { signal } from '@preact/signals';
import { ask, onUnknown, returned, send, Unreachable } from '../api/client';

/** Who one is, in the native API's words. */
export interface Session {
  user: string;
  account: number | null;
  role: 'Administrator' | 'Operator' | 'ReadOnly';
  session: string | null;
  must_change_password: boolean;
  password_bytes: { min: number; max: number } | null;
  access: boolean;
  bmc: { name: string; version: string };
}

const PATH = '/api/v1/session';

/** Who is signed in: `undefined` until that is known, `null` for nobody. */
export const session = signal<Session | null | undefined>(undefined);
/** Whether somebody was signed in on this page before, and the session has ended. */
export const ended = signal(false);

onUnknown.call = () => {
  if (!session.value) return;
  session.value = null;
  ended.value = true;
};

/** Finds out who is signed in, as soon as the BMC answers. */
export async function begin(): Promise<void> {
  try {
    const answer = await send('GET', PATH);
    session.value = answer.ok ? ((await answer.json()) as Session) : null;
  } catch (why) {
    if (!(why instanceof Unreachable)) throw why;
    const stop = returned.subscribe(() => {
      if (session.value !== undefined || returned.peek() === 0) return;
      queueMicrotask(() => stop());
      void begin();
    });
  }
}

/** Signs in. */
export async function signIn(user: string, password: string): Promise<void> {
  const answer = await ask('POST', PATH, { user, password });
  ended.value = false;
  session.value = (await answer.json()) as Session;
}

/** Gives the account another password. */
export async function changePassword(password: string): Promise<void> {
  const answer = await ask('PATCH', PATH, { password });
  session.value = (await answer.json()) as Session;
}

/** Signs out. */
export async function signOut(): Promise<void> {
  await ask('DELETE', PATH);
  ended.value = false;
  session.value = null;
}
