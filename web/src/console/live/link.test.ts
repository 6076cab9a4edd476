import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Link, type Hand, type Line } from './link';
import type { Order, Report } from './words';

describe('the link to a console', () => {
  let orders: Order[];
  let lines: string[];
  let hand: Hand;
  let link: Link;
  const report = (data: Report) => hand.onmessage?.({ data } as MessageEvent<Report>);
  const broken = (code: number) => report({ is: 'closed', code, reason: '' });

  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('location', { origin: 'https://bmc:8443' });
    orders = [];
    lines = [];
    hand = { postMessage: (order) => void orders.push(order), onmessage: null, terminate: vi.fn() };
    const line = (line: Line) => void lines.push(line.is);
    const nothing = () => undefined;
    const listener = { line, told: nothing, size: nothing, measured: nothing };
    link = new Link(hand, {} as OffscreenCanvas, 'rack 1', listener);
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
  });

  it('opens where the server is, and watches', () => {
    expect(orders[0]).toMatchObject({ url: 'wss://bmc:8443/api/v1/servers/rack%201/ws' });
    report({ is: 'open' });
    expect(orders.at(-1)).toEqual({ do: 'watch', on: true });
    link.watch(false);
    broken(1006);
    vi.runAllTimers();
    report({ is: 'open' });
    expect(orders.at(-1)).toMatchObject({ do: 'again' });
  });

  it('tries again, soon at first and then less and less often', () => {
    const waits = [];
    for (let at = 0; at < 7; at += 1) {
      broken(1006);
      const begun = Date.now();
      vi.runAllTimers();
      waits.push(Date.now() - begun);
    }
    expect(waits).toEqual([250, 500, 1000, 2000, 4000, 4000, 4000]);
    report({ is: 'open' });
    broken(1006);
    link.tryNow();
    expect(orders.at(-1)).toMatchObject({ do: 'again' });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('does not try again when the session ended', () => {
    broken(4004);
    expect(vi.getTimerCount()).toBe(1);
    vi.runAllTimers();
    broken(4001);
    expect(lines.slice(1)).toEqual(['lost', 'ended']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('answers for the page while keys are held', () => {
    report({ is: 'alive?' });
    expect(orders.at(-1)).toEqual({ do: 'alive' });
  });
});
