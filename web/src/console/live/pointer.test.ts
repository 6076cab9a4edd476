import { beforeEach, describe, expect, it } from 'vitest';
import { placeIn, Pointer } from './pointer';
import type { PointerSaid } from './words';

const box = { left: 100, top: 50, width: 200, height: 100 };
const at = (clientX: number, clientY: number, buttons = 0) => ({ clientX, clientY, buttons });

describe('the pointer', () => {
  let told: PointerSaid[];
  let later: (() => void)[];
  let pointer: Pointer;
  beforeEach(() => {
    told = [];
    later = [];
    pointer = new Pointer((said) => void told.push(said), (work) => void later.push(work));
  });

  it('has the whole picture for its axes, and stays on it', () => {
    expect(placeIn(box, at(100, 50))).toEqual({ x: 0, y: 0 });
    expect(placeIn(box, at(300, 150))).toEqual({ x: 32767, y: 32767 });
    expect(placeIn(box, at(200, 100))).toEqual({ x: 16384, y: 16384 });
    expect(placeIn(box, at(0, 900))).toEqual({ x: 0, y: 32767 });
    expect(placeIn({ ...box, width: 0 }, at(9, 50))).toEqual({ x: 0, y: 0 });
  });

  it('tells of a move once a frame, and of a button at once', () => {
    for (const x of [110, 120, 130]) pointer.at(box, at(x, 50));
    expect([told.length, later.length]).toEqual([0, 1]);
    later.shift()?.();
    expect(told).toEqual([{ type: 'pointer', ...placeIn(box, at(130, 50)), buttons: 0 }]);
    pointer.at(box, at(140, 50));
    pointer.at(box, at(150, 50, 1));
    expect(told.at(-1)).toMatchObject({ buttons: 1, x: placeIn(box, at(150, 50)).x });
    later.shift()?.();
    expect(told.length).toBe(2);
  });

  it('turns the wheel by whole clicks, up being positive', () => {
    pointer.turn(box, at(100, 50), 20);
    pointer.turn(box, at(100, 50), 40);
    pointer.turn(box, at(100, 50), -110);
    expect(told.map(({ wheel }) => wheel)).toEqual([-1, 2]);
  });
});
