// A console as the page has it: what is known of it, and what can be done with it.

import { signal } from '@preact/signals';
import { Hands } from './hands';
import { Link, type Line } from './link';
import { Pointer, type Place } from './pointer';
import type { Lights, Person, PictureState, Told } from './words';

export interface Measured {
  /** The way there and back, in milliseconds; `null` while an answer is late. */
  ms: number | null;
  bytesPerSecond: number;
}

export class Console {
  readonly line = signal<Line['is']>('connecting');
  readonly picture = signal<PictureState | null>(null);
  readonly size = signal<{ width: number; height: number } | null>(null);
  readonly people = signal<Person[]>([]);
  /** Who has the keyboard. */
  readonly holder = signal<number | null>(null);
  /** Which place is this page's. */
  readonly seat = signal<number | null>(null);
  readonly mayType = signal(false);
  /** The keyboard's lights; `null` where they can't be read. */
  readonly lights = signal<Lights | null>(null);
  readonly measured = signal<Measured | null>(null);
  /** Whether what is typed here goes to the server. */
  readonly caught = signal(false);
  /** Why something was not done, until it is done. */
  readonly refused = signal<string | null>(null);

  readonly #canvas: HTMLCanvasElement;
  readonly #link: Link;
  readonly #hands: Hands;
  readonly #pointer: Pointer;
  readonly #end = new AbortController();

  /** Puts a server's picture on a canvas that nothing was drawn on before. */
  constructor(server: string, canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    const mac = /Mac|iPhone|iPad/.test(navigator.platform);
    this.#hands = new Hands(
      (held) => this.#link.hold(held),
      () => this.release(),
      mac,
    );
    this.#pointer = new Pointer((said) => this.#link.point(said));
    const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
    // It may tell of its line at once.
    this.#link = new Link(worker, canvas.transferControlToOffscreen(), server, {
      line: (line) => this.#lineIs(line),
      told: (told) => this.#told(told),
      size: (width, height) => (this.size.value = { width, height }),
      measured: (ms, bytesPerSecond) => (this.measured.value = { ms, bytesPerSecond }),
    });
    this.#listen();
  }

  /** Whether this page has the keyboard. */
  get mine(): boolean {
    return this.holder.value !== null && this.holder.value === this.seat.value;
  }

  /** What is typed goes to the server from here on. */
  catch(): void {
    if (!this.mayType.value || this.line.value !== 'open') return;
    this.caught.value = true;
    this.#canvas.focus({ preventScroll: true });
  }

  /** What is typed goes to the page again. */
  release(): void {
    this.caught.value = false;
    this.#hands.letGo();
  }

  /** Presses keys together. */
  chord(codes: string[]): void {
    this.refused.value = null;
    this.#hands.chord(codes);
  }

  take(): void {
    this.refused.value = null;
    this.#link.take();
  }

  tryNow(): void {
    this.#link.tryNow();
  }

  close(): void {
    this.release();
    this.#end.abort();
    this.#link.close();
  }

  #lineIs(line: Line): void {
    this.line.value = line.is;
    if (line.is === 'open') return;
    this.release();
    this.people.value = [];
    this.holder.value = null;
    this.measured.value = null;
  }

  #told(told: Told): void {
    switch (told.type) {
      case 'hello':
        this.seat.value = told.seat;
        this.mayType.value = told.may_type;
        break;
      case 'people':
        this.people.value = told.people;
        this.holder.value = told.holder;
        if (this.mine) this.refused.value = null;
        break;
      case 'leds':
        this.lights.value = { num: told.num, caps: told.caps, scroll: told.scroll };
        break;
      case 'picture':
        this.picture.value = told.state;
        break;
      case 'refused':
        this.refused.value = told.why;
        break;
      case 'pong':
        break;
    }
  }

  #listen(): void {
    const { signal } = this.#end;
    const canvas = this.#canvas;
    const box = () => canvas.getBoundingClientRect();
    const whileCaught = (does: (event: KeyboardEvent) => void) => (event: KeyboardEvent) => {
      if (this.caught.value) does(event);
    };
    canvas.addEventListener('keydown', (event) => {
      // Who comes by the Tab key catches the keyboard by Enter.
      if (!this.caught.value && event.key === 'Enter') {
        event.preventDefault();
        this.catch();
      } else if (this.caught.value) {
        this.#hands.down(event);
      }
    }, { signal });
    canvas.addEventListener('keyup', whileCaught((event) => this.#hands.up(event)), { signal });
    canvas.addEventListener('blur', () => this.release(), { signal });
    addEventListener('blur', () => this.#hands.letGo(), { signal });
    document.addEventListener('visibilitychange', () => {
      const seen = document.visibilityState === 'visible';
      if (!seen) this.#hands.letGo();
      this.#link.watch(seen);
    }, { signal });
    addEventListener('online', () => this.tryNow(), { signal });

    canvas.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      this.catch();
      canvas.setPointerCapture(event.pointerId);
      this.#at(event);
    }, { signal });
    for (const kind of ['pointermove', 'pointerup'] as const) {
      canvas.addEventListener(kind, (event) => this.#at(event), { signal });
    }
    canvas.addEventListener('pointercancel', (event) => {
      if (this.caught.value) this.#pointer.letGo(box(), event);
    }, { signal });
    canvas.addEventListener('contextmenu', (event) => event.preventDefault(), { signal });
    canvas.addEventListener('wheel', (event) => {
      if (!this.caught.value) return;
      event.preventDefault();
      // Lines and pages in pixels, as most browsers give.
      const scale = [1, 16, 400][event.deltaMode] ?? 1;
      this.#pointer.turn(box(), event, event.deltaY * scale);
    }, { signal, passive: false });
  }

  #at(event: Place): void {
    if (this.caught.value) this.#pointer.at(this.#canvas.getBoundingClientRect(), event);
  }
}
