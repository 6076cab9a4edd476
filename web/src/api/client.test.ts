import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ask, link, onUnknown, Refusal, returned, send, Unreachable } from './client';

const fetched = vi.fn<typeof fetch>();

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('fetch', fetched);
  fetched.mockReset();
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

function answers(status: number, body: unknown, headers: Record<string, string> = {}): void {
  fetched.mockResolvedValueOnce(new Response(JSON.stringify(body), { status, headers }));
}

async function refused(asked: Promise<unknown>): Promise<Refusal> {
  const why: unknown = await asked.catch((error: unknown) => error);
  if (!(why instanceof Refusal)) throw new Error(`not refused: ${String(why)}`);
  return why;
}

test('every request says that it is the page’s own doing', async () => {
  answers(200, {});
  await ask('POST', '/api/v1/session', { user: 'a' });
  const [path, init] = fetched.mock.calls[0] ?? [];
  expect(path).toBe('/api/v1/session');
  expect(init).toMatchObject({ method: 'POST', body: '{"user":"a"}', credentials: 'same-origin' });
  expect(init?.headers).toEqual({ 'X-Outband': '1', 'Content-Type': 'application/json' });
});

test('a refusal has its code, its words and how long to wait', async () => {
  answers(429, { error: { code: 'too-many', message: 'try again' } }, { 'Retry-After': '7' });
  const why = await refused(ask('POST', '/api/v1/session', {}));
  expect(why).toMatchObject({ status: 429, code: 'too-many', message: 'try again', retryAfter: 7 });
});

test('a refusal of Redfish is told in its first message', async () => {
  const info = [{ Message: 'The resource is in use.' }];
  answers(409, { error: { code: 'Base.1.22.GeneralError', '@Message.ExtendedInfo': info } });
  const why = await refused(ask('GET', '/redfish/v1/Systems/1'));
  expect(why.message).toBe('The resource is in use.');
});

test('who is no longer known is told once', async () => {
  const unknown = vi.spyOn(onUnknown, 'call');
  answers(401, { error: { code: 'unauthorized', message: 'log in first' } });
  await refused(ask('GET', '/redfish/v1/Systems'));
  expect(unknown).toHaveBeenCalledOnce();
});

test('a lost link is looked for until it is back', async () => {
  const before = returned.value;
  fetched.mockRejectedValueOnce(new TypeError('no route'));
  await expect(send('GET', '/x')).rejects.toThrow(Unreachable);
  expect(link.value).toBe('lost');
  fetched.mockRejectedValueOnce(new TypeError('no route'));
  await vi.advanceTimersByTimeAsync(500);
  expect(fetched).toHaveBeenCalledTimes(2);
  expect(link.value).toBe('lost');
  answers(200, {});
  await vi.advanceTimersByTimeAsync(1000);
  expect(link.value).toBe('up');
  expect(returned.value).toBe(before + 1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fetched).toHaveBeenCalledTimes(3);
});
