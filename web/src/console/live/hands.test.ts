import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Hands, type KeyEvent } from './hands';

const event = (code: string, more: Partial<KeyEvent> = {}): KeyEvent => ({
  code,
  repeat: false,
  timeStamp: 0,
  preventDefault: () => undefined,
  ...more,
});

describe('hands', () => {
  let told: number[][];
  const release = vi.fn();
  const hands = (mac = false) => new Hands((held) => told.push(held), release, mac);
  beforeEach(() => {
    told = [];
    release.mockClear();
  });

  it('tells the whole set at each change, and nothing of repeats', () => {
    const some = hands();
    some.down(event('ShiftLeft'));
    some.down(event('KeyA'));
    some.down(event('KeyA', { repeat: true }));
    some.up(event('KeyA'));
    some.up(event('KeyA'));
    some.up(event('ShiftLeft'));
    expect(told).toEqual([[0xe1], [0xe1, 4], [0xe1], []]);
  });

  it('leaves to the browser what is no key of a server', () => {
    const kept = vi.fn();
    hands().down(event('LaunchMail', { preventDefault: kept }));
    hands().down(event('__proto__', { preventDefault: kept }));
    expect([kept.mock.calls.length, told]).toEqual([0, []]);
  });

  it('leaves the keyboard by both Ctrl keys alone', () => {
    const some = hands();
    some.down(event('ControlLeft'));
    some.down(event('ControlRight'));
    expect([release.mock.calls.length, told.at(-1)]).toEqual([1, []]);
    const other = hands();
    for (const code of ['ControlLeft', 'KeyA', 'ControlRight']) other.down(event(code));
    expect(release).toHaveBeenCalledTimes(1);
  });

  it('takes back the Ctrl that Windows makes of AltGr', () => {
    const some = hands();
    some.down(event('ControlLeft', { timeStamp: 100 }));
    some.down(event('AltRight', { timeStamp: 100 }));
    expect(told.at(-1)).toEqual([0xe6]);
    const meant = hands();
    meant.down(event('ControlLeft', { timeStamp: 100 }));
    meant.down(event('AltRight', { timeStamp: 400 }));
    expect(told.at(-1)).toEqual([0xe0, 0xe6]);
  });

  it('lets all go with the Command key of a Mac', () => {
    const some = hands(true);
    some.down(event('MetaLeft'));
    some.down(event('KeyC'));
    some.up(event('MetaLeft'));
    expect(told.at(-1)).toEqual([]);
  });

  it('taps the Caps Lock of a Mac, of which each half is told alone', () => {
    vi.useFakeTimers();
    const some = hands(true);
    some.down(event('CapsLock'));
    vi.runAllTimers();
    some.up(event('CapsLock'));
    vi.runAllTimers();
    expect(told).toEqual([[0x39], [], [0x39], []]);
    vi.useRealTimers();
  });

  it('presses a chord key by key and lets it go', () => {
    vi.useFakeTimers();
    hands().chord(['ControlLeft', 'AltLeft', 'Delete']);
    vi.runAllTimers();
    expect(told).toEqual([[0xe0], [0xe0, 0xe2], [0xe0, 0xe2, 0x4c], []]);
    vi.useRealTimers();
  });
});
