// The console's connection as its worker keeps it: frames in, words out, and the keys that are held.
//
// Which keys are held is said at each change and, while there are any, again and again: the daemon
// releases what it hears nothing of. So the worker goes on saying it only as long as the page itself,
// which sees the keys go up, answers that it is alive.

import { Reader, type Painted } from './tight';
import { UPDATE, UPDATE_HEAD, type Report, type Told } from './words';

/** How often held keys are said again, in milliseconds. */
const AGAIN = 50;
/** How often the page is asked whether it is alive while keys are held, and how long it may take. */
const ASK = 250;
const DEAD = 1000;
/** How often the way there and back is measured. */
const MEASURE = 2000;

/** What of a WebSocket is needed. */
export interface Wire {
  send(text: string): void;
}

export interface Screen {
  resize(width: number, height: number): void;
  paint(rectangles: Painted[]): void;
}

export class Talk {
  readonly #wire: Wire;
  readonly #screen: Screen;
  readonly #report: (report: Report) => void;
  readonly #now: () => number;
  #sequence = 0;
  #held: number[] = [];
  #again: ReturnType<typeof setInterval> | undefined;
  #alive = 0;
  #asked = 0;
  #size = { width: 0, height: 0 };
  #measure: ReturnType<typeof setInterval>;
  #pings = new Map<number, number>();
  #token = 0;
  #bytes = 0;
  #ms: number | null = null;

  constructor(
    wire: Wire,
    screen: Screen,
    report: (report: Report) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#wire = wire;
    this.#screen = screen;
    this.#report = report;
    this.#now = now;
    this.#measure = setInterval(() => this.#look(), MEASURE);
    this.#ping();
  }

  /** Exactly these keys are held. */
  hold(held: number[]): void {
    if (same(held, this.#held)) return;
    this.#held = held;
    this.#alive = this.#now();
    this.#state();
    clearInterval(this.#again);
    this.#again = held.length > 0 ? setInterval(() => this.#stateAgain(), AGAIN) : undefined;
  }

  /** The page is alive. */
  alive(): void {
    this.#alive = this.#now();
  }

  say(said: object): void {
    this.#wire.send(JSON.stringify(said));
  }

  /** Takes what came. */
  text(text: string): void {
    this.#bytes += text.length;
    const told = JSON.parse(text) as Told;
    if (told.type === 'pong') {
      const sent = this.#pings.get(told.token);
      if (sent !== undefined) this.#ms = this.#now() - sent;
      this.#pings.delete(told.token);
      return;
    }
    this.#report({ is: 'told', told });
  }

  /** Takes an update of the picture, paints it and says that it is seen. */
  binary(bytes: Uint8Array): void {
    this.#bytes += bytes.length;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (view.getUint8(0) !== UPDATE) return;
    const [width, height, count] = [view.getUint16(5), view.getUint16(7), view.getUint16(9)];
    if (width !== this.#size.width || height !== this.#size.height) {
      this.#size = { width, height };
      this.#screen.resize(width, height);
      this.#report({ is: 'size', width, height });
    }
    const reader = new Reader(bytes, UPDATE_HEAD);
    const rectangles = Array.from({ length: count }, () => reader.rectangle());
    this.#screen.paint(rectangles);
    this.say({ type: 'seen', update: view.getUint32(1) });
  }

  /** Nothing is said any more. */
  end(): void {
    clearInterval(this.#again);
    clearInterval(this.#measure);
  }

  #state(): void {
    this.#sequence += 1;
    this.say({ type: 'keys', seq: this.#sequence, held: this.#held });
  }

  #stateAgain(): void {
    const now = this.#now();
    if (now - this.#alive > DEAD) {
      // The page doesn't see the keys go up, so nothing more is said of them: the daemon releases
      // them, and presses them again only after it was told that they were up.
      clearInterval(this.#again);
      return;
    }
    if (now - this.#asked >= ASK) {
      this.#asked = now;
      this.#report({ is: 'alive?' });
    }
    this.#state();
  }

  #look(): void {
    const bytesPerSecond = Math.round((this.#bytes * 1000) / MEASURE);
    this.#bytes = 0;
    // An answer that is late says so by its absence.
    const late = this.#pings.size > 0;
    this.#report({ is: 'measured', ms: late ? null : this.#ms, bytesPerSecond });
    this.#ping();
  }

  #ping(): void {
    if (this.#pings.size > 4) return;
    this.#token += 1;
    this.#pings.set(this.#token, this.#now());
    this.say({ type: 'ping', token: this.#token });
  }
}

function same(one: number[], other: number[]): boolean {
  return one.length === other.length && one.every((key, at) => key === other[at]);
}
