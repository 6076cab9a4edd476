// The hands at the page's keyboard: from what the browser tells of single keys to the set that is held.
//
// A browser does not tell of every key that goes up: not while another window has the focus, and on a
// Mac not while the Command key is held. So the set is emptied whenever that may have happened.

import { CONTROL_LEFT, CONTROL_RIGHT, usageOf } from './usages';

/** What of a keyboard event is looked at. */
export interface KeyEvent {
  code: string;
  repeat: boolean;
  timeStamp: number;
  preventDefault(): void;
}

const ALT_RIGHT = 0xe6;
const CAPS_LOCK = 0x39;
const META = [0xe3, 0xe7];

/** Windows says that the left Ctrl goes down with AltGr, at the same moment. */
const TOGETHER = 10;

/** How long a key is held that the browser tells only one half of, in milliseconds. */
const TAP = 60;

export class Hands {
  readonly #held = new Set<number>();
  readonly #tell: (held: number[]) => void;
  readonly #release: () => void;
  readonly #mac: boolean;
  #control = Number.NEGATIVE_INFINITY;

  /**
   * `tell` is told of the whole set at each change; `release` when both Ctrl keys were pressed
   * together, and nothing else: the sign that the keyboard is to be left.
   */
  constructor(tell: (held: number[]) => void, release: () => void, mac: boolean) {
    this.#tell = tell;
    this.#release = release;
    this.#mac = mac;
  }

  get held(): number[] {
    return [...this.#held];
  }

  down(event: KeyEvent): void {
    const usage = usageOf(event.code);
    if (usage === undefined) return;
    event.preventDefault();
    // The server repeats by itself.
    if (event.repeat) return;
    if (this.#mac && usage === CAPS_LOCK) {
      // A Mac tells that it went down when the light goes on, and that it went up when it goes off.
      this.#tap(usage);
      return;
    }
    if (usage === CONTROL_LEFT) this.#control = event.timeStamp;
    if (usage === ALT_RIGHT && event.timeStamp - this.#control < TOGETHER) {
      this.#held.delete(CONTROL_LEFT);
    }
    this.#held.add(usage);
    const both = this.#held.has(CONTROL_LEFT) && this.#held.has(CONTROL_RIGHT);
    if (both && this.#held.size === 2) {
      this.letGo();
      this.#release();
      return;
    }
    this.#tell(this.held);
  }

  up(event: KeyEvent): void {
    const usage = usageOf(event.code);
    if (usage === undefined) return;
    event.preventDefault();
    if (this.#mac && usage === CAPS_LOCK) {
      this.#tap(usage);
      return;
    }
    if (this.#mac && META.includes(usage)) {
      this.letGo();
      return;
    }
    if (this.#held.delete(usage)) this.#tell(this.held);
  }

  /** Nothing is held any more: the page lost sight of the keyboard. */
  letGo(): void {
    if (this.#held.size === 0) return;
    this.#held.clear();
    this.#tell([]);
  }

  /** Presses keys one after the other and lets them go together, whatever else is held. */
  chord(codes: string[]): void {
    this.letGo();
    const keys = codes.map(usageOf).filter((usage) => usage !== undefined);
    keys.forEach((_, at) => this.#tell(keys.slice(0, at + 1)));
    setTimeout(() => this.#tell(this.held), TAP);
  }

  #tap(usage: number): void {
    this.#tell([...this.#held, usage]);
    setTimeout(() => this.#tell(this.held), TAP);
  }
}
