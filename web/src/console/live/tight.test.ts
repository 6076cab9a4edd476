import { deflateSync, constants } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { BadRectangle, Reader } from './tight';

/** A zlib stream as the daemon makes it: flushed, without an end. */
const packed = (data: number[]): number[] => {
  const flush = { finishFlush: constants.Z_SYNC_FLUSH };
  const bytes = [...deflateSync(Uint8Array.from(data), flush)];
  const length = bytes.length;
  if (length < 0x80) return [length, ...bytes];
  if (length < 0x4000) return [(length & 0x7f) | 0x80, length >> 7, ...bytes];
  return [(length & 0x7f) | 0x80, ((length >> 7) & 0x7f) | 0x80, length >> 14, ...bytes];
};

const head = (width: number, height: number): number[] => [
  0, 3, 0, 4, width >> 8, width & 255, height >> 8, height & 255, 0, 0, 0, 7,
];

const read = (bytes: number[]) => {
  const reader = new Reader(Uint8Array.from(bytes));
  const rectangle = reader.rectangle();
  expect(reader.done).toBe(true);
  return rectangle;
};

describe('a rectangle', () => {
  it('of one colour', () => {
    const { x, y, pixels } = read([...head(2, 1), 0x80, 9, 8, 7]);
    expect([x, y, ...pixels]).toEqual([3, 4, 9, 8, 7, 255, 9, 8, 7, 255]);
  });

  it('of two colours has a bit a pixel, and lines begin with a byte', () => {
    const { pixels } = read([...head(9, 1), 0x40, 1, 1, 0, 0, 0, 255, 255, 255, 0b10000001, 0x80]);
    const red = Array.from({ length: 9 }, (_, at) => pixels[at * 4]);
    expect(red).toEqual([255, 0, 0, 0, 0, 0, 0, 255, 255]);
  });

  it('of a palette, packed', () => {
    const indices = Array.from({ length: 64 }, (_, at) => at % 3);
    const palette = [10, 0, 0, 20, 0, 0, 30, 0, 0];
    const { pixels } = read([...head(64, 1), 0x41, 1, 2, ...palette, ...packed(indices)]);
    expect([pixels[0], pixels[4], pixels[8], pixels[12]]).toEqual([10, 20, 30, 10]);
  });

  it('of pixels, long enough for a length of three bytes', () => {
    let state = 1;
    const noise = Array.from({ length: 256 * 128 * 3 }, () => {
      state = (state * 1103515245 + 12345) % 2147483648;
      return state >> 23;
    });
    const { pixels } = read([...head(256, 128), 1, ...packed(noise)]);
    const rgb = noise.filter((_, at) => at < 30);
    const got = Array.from({ length: 30 }, (_, at) => pixels[Math.floor(at / 3) * 4 + (at % 3)]);
    expect(got).toEqual(rgb);
    expect(pixels.length).toBe(256 * 128 * 4);
  });

  it('that is none is refused', () => {
    const filled = [...head(2, 1), 0x80, 9, 8, 7];
    for (const bad of [
      filled.slice(0, -1),
      [...filled.slice(0, 11), 5, ...filled.slice(12)],
      [...head(0, 1), 0x80, 9, 8, 7],
      [...head(2, 1), 0x90, 9, 8, 7],
      [...head(64, 1), 0x41, 1, 2, 1, 1, 1, 2, 2, 2, 3, 3, 3, ...packed([1, 2, 3])],
    ]) {
      expect(() => new Reader(Uint8Array.from(bad)).rectangle()).toThrow(BadRectangle);
    }
  });
});
