// The pointer over the picture: from the browser's events to what the daemon is told.
//
// A mouse that only moves is told of once a frame, the newest place alone; a button or the wheel at
// once, in its place. Axes run over 0 to 32767, the whole picture.

import type { PointerSaid } from './words';

const END = 32767;

/** What of a pointer event is looked at. */
export interface Place {
  clientX: number;
  clientY: number;
  buttons: number;
}

export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** Where on the picture that is. */
export function placeIn(box: Box, { clientX, clientY }: Place): { x: number; y: number } {
  const axis = (at: number, from: number, length: number): number => {
    if (length <= 0) return 0;
    return Math.round(Math.min(Math.max((at - from) / length, 0), 1) * END);
  };
  return { x: axis(clientX, box.left, box.width), y: axis(clientY, box.top, box.height) };
}

export class Pointer {
  readonly #tell: (said: PointerSaid) => void;
  readonly #later: (work: () => void) => void;
  #waiting: PointerSaid | undefined;
  #buttons = 0;
  #wheel = 0;

  constructor(tell: (said: PointerSaid) => void, later = (work: () => void) => void requestAnimationFrame(work)) {
    this.#tell = tell;
    this.#later = later;
  }

  /** The pointer is there, with these buttons. */
  at(box: Box, event: Place): void {
    // A server's mouse has three.
    const buttons = event.buttons & 7;
    const said: PointerSaid = { type: 'pointer', ...placeIn(box, event), buttons };
    if (buttons !== this.#buttons) {
      this.#buttons = buttons;
      this.#waiting = undefined;
      this.#tell(said);
      return;
    }
    if (this.#waiting === undefined) this.#later(() => this.#flush());
    this.#waiting = said;
  }

  /** The wheel turned; `deltaY` is in pixels, downwards. */
  turn(box: Box, event: Place, deltaY: number): void {
    this.#wheel -= deltaY;
    const clicks = Math.trunc(this.#wheel / 50);
    if (clicks === 0) return;
    this.#wheel -= clicks * 50;
    const wheel = Math.min(Math.max(clicks, -127), 127);
    this.#tell({ type: 'pointer', ...placeIn(box, event), buttons: this.#buttons, wheel });
  }

  /** No button is held any more. */
  letGo(box: Box, event: Place): void {
    this.at(box, { ...event, buttons: 0 });
  }

  #flush(): void {
    const said = this.#waiting;
    this.#waiting = undefined;
    if (said !== undefined) this.#tell(said);
  }
}
