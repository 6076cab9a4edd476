import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Talk } from './socket';
import type { Report } from './words';

interface Said {
  type: string;
  seq?: number;
  held?: number[];
  update?: number;
}

describe('the talk with the daemon', () => {
  let said: Said[];
  let reports: Report[];
  let talk: Talk;
  const painted = vi.fn();
  const resized = vi.fn();

  beforeEach(() => {
    vi.useFakeTimers();
    said = [];
    reports = [];
    const wire = { send: (text: string) => void said.push(JSON.parse(text) as Said) };
    const screen = { resize: resized, paint: painted };
    talk = new Talk(wire, screen, (report) => void reports.push(report), () => Date.now());
  });
  afterEach(() => {
    talk.end();
    vi.useRealTimers();
  });

  const keys = () => said.filter(({ type }) => type === 'keys');

  it('says again what is held, and nothing while nothing is', () => {
    talk.hold([4]);
    vi.advanceTimersByTime(200);
    expect(keys().map(({ held }) => held)).toEqual([[4], [4], [4], [4], [4]]);
    expect(keys().map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    talk.hold([]);
    vi.advanceTimersByTime(1000);
    expect(keys().length).toBe(6);
  });

  it('goes silent when the page is dead, and speaks at its next change', () => {
    talk.hold([4]);
    vi.advanceTimersByTime(3000);
    const silent = keys().length;
    expect(silent).toBeLessThan(25);
    expect(reports).toContainEqual({ is: 'alive?' });
    vi.advanceTimersByTime(3000);
    expect(keys().length).toBe(silent);
    talk.hold([4, 5]);
    expect(keys().at(-1)?.held).toEqual([4, 5]);
  });

  it('goes on while the page is alive', () => {
    talk.hold([4]);
    for (let at = 0; at < 20; at += 1) {
      vi.advanceTimersByTime(500);
      talk.alive();
    }
    expect(keys().length).toBe(201);
  });

  it('paints an update and says that it is seen', () => {
    // A picture of 2 by 1 with one rectangle: filled with a colour.
    const head = [1, 0, 0, 0, 9, 0, 2, 0, 1, 0, 1];
    const rectangle = [0, 0, 0, 0, 0, 2, 0, 1, 0, 0, 0, 7, 0x80, 1, 2, 3];
    talk.binary(Uint8Array.from([...head, ...rectangle]));
    expect(resized).toHaveBeenCalledWith(2, 1);
    const [first] = painted.mock.calls[0]?.[0] ?? [];
    expect([...first.pixels]).toEqual([1, 2, 3, 255, 1, 2, 3, 255]);
    expect(said.at(-1)).toEqual({ type: 'seen', update: 9 });
  });

  it('measures the way there and back', () => {
    const ping = said.find(({ type }) => type === 'ping') as unknown as { token: number };
    vi.advanceTimersByTime(30);
    talk.text(JSON.stringify({ type: 'pong', token: ping.token }));
    vi.advanceTimersByTime(2000);
    expect(reports.at(-1)).toMatchObject({ is: 'measured', ms: 30 });
    vi.advanceTimersByTime(2000);
    expect(reports.at(-1)).toMatchObject({ ms: null });
  });
});
