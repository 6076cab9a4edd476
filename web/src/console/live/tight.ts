// Rectangles in RFB's encoding Tight, as the daemon makes them: one colour, a palette, or pixels of
// red, green and blue, each packed in a zlib stream of its own.

import { inflateSync } from 'fflate';

/** Where a rectangle is, in pixels of the picture. */
export interface Rect {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** A rectangle with its pixels: red, green, blue and 255, four bytes each. */
export interface Painted extends Rect {
  pixels: Uint8ClampedArray<ArrayBuffer>;
}

/** What the daemon sent is none of the forms that it makes. */
export class BadRectangle extends Error {}

const TIGHT = 7;
const FILL = 0x80;
const FILTERED = 0x40;
const PALETTE = 1;
const PACKED_MIN = 12;

// An empty last block (RFC 1951): the daemon's streams are flushed and go on, as RFB has it.
const LAST_BLOCK = [0x03, 0x00];

/** Reads rectangles from bytes, one after the other. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  get done(): boolean {
    return this.#at === this.#bytes.length;
  }

  rectangle(): Painted {
    const [x, y, width, height] = [this.#u16(), this.#u16(), this.#u16(), this.#u16()];
    const encoding = this.#u16() * 0x10000 + this.#u16();
    if (encoding !== TIGHT || width === 0 || height === 0) {
      throw new BadRectangle(`encoding ${encoding}, ${width} by ${height}`);
    }
    return { x, y, width, height, pixels: this.#body(width, height) };
  }

  #body(width: number, height: number): Uint8ClampedArray<ArrayBuffer> {
    const control = this.#u8();
    // Bits 0 to 3 begin streams anew; each of ours is new.
    const form = control & 0xf0;
    if (form === FILL) return filled(this.#take(3), width * height);
    if (form === 0) return pixels(this.#packed(width * height * 3));
    if (form !== FILTERED || this.#u8() !== PALETTE) {
      throw new BadRectangle(`control byte ${control}`);
    }
    const colours = this.#u8() + 1;
    const palette = this.#take(colours * 3);
    if (colours > 2) return looked(palette, this.#packed(width * height), width * height);
    const line = Math.ceil(width / 8);
    return bits(palette, this.#packed(line * height), width, height);
  }

  /** Data that have so many bytes when unpacked. */
  #packed(length: number): Uint8Array {
    if (length < PACKED_MIN) return this.#take(length);
    const packed = this.#take(this.#length());
    const raw = new Uint8Array(packed.length);
    // Without the two bytes that a zlib stream begins with, and with an end.
    raw.set(packed.subarray(2));
    raw.set(LAST_BLOCK, packed.length - 2);
    const data = inflateSync(raw, { out: new Uint8Array(length) });
    if (data.length !== length) throw new BadRectangle(`${data.length} bytes for ${length}`);
    return data;
  }

  /** A length in one to three bytes of seven bits, the lowest first; the third has eight. */
  #length(): number {
    const first = this.#u8();
    if (first < 0x80) return first;
    const second = this.#u8();
    const low = (first & 0x7f) | ((second & 0x7f) << 7);
    return second < 0x80 ? low : low | (this.#u8() << 14);
  }

  #u8(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new BadRectangle('too short');
    this.#at += 1;
    return byte;
  }

  #u16(): number {
    return this.#u8() * 0x100 + this.#u8();
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw new BadRectangle('too short');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

/** A colour as a pixel is in memory: red first, whatever the machine's order. */
function colour(rgb: Uint8Array, at: number): number {
  const [red = 0, green = 0, blue = 0] = rgb.subarray(at * 3, at * 3 + 3);
  return new Uint32Array(Uint8Array.of(red, green, blue, 255).buffer)[0] ?? 0;
}

function filled(rgb: Uint8Array, count: number): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint32Array(count).fill(colour(rgb, 0));
  return new Uint8ClampedArray(out.buffer);
}

function looked(rgb: Uint8Array, indices: Uint8Array, count: number): Uint8ClampedArray<ArrayBuffer> {
  const palette = Uint32Array.from({ length: rgb.length / 3 }, (_, at) => colour(rgb, at));
  const out = new Uint32Array(count);
  for (let at = 0; at < count; at += 1) out[at] = palette[indices[at] ?? 0] ?? 0;
  return new Uint8ClampedArray(out.buffer);
}

function bits(
  rgb: Uint8Array,
  data: Uint8Array,
  width: number,
  height: number,
): Uint8ClampedArray<ArrayBuffer> {
  const [dark, light] = [colour(rgb, 0), colour(rgb, 1)];
  const out = new Uint32Array(width * height);
  const line = Math.ceil(width / 8);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const byte = data[y * line + (x >> 3)] ?? 0;
      out[y * width + x] = byte & (0x80 >> (x & 7)) ? light : dark;
    }
  }
  return new Uint8ClampedArray(out.buffer);
}

function pixels(rgb: Uint8Array): Uint8ClampedArray<ArrayBuffer> {
  const out = new Uint8ClampedArray((rgb.length / 3) * 4);
  for (let from = 0, to = 0; from < rgb.length; from += 3, to += 4) {
    out[to] = rgb[from] ?? 0;
    out[to + 1] = rgb[from + 1] ?? 0;
    out[to + 2] = rgb[from + 2] ?? 0;
    out[to + 3] = 255;
  }
  return out;
}
