// What is said on a console's WebSocket, and between the page and the worker that speaks it.
// `schemas/openapi.json` has the first for others to read.

export const PROTOCOL = 'outband.v1';

/** Where a server's WebSocket is. */
export const socketOf = (origin: string, server: string): string =>
  `${origin.replace(/^http/, 'ws')}/api/v1/servers/${encodeURIComponent(server)}/ws`;

/** The kind of a binary frame that is an update of the picture, and how long its head is. */
export const UPDATE = 1;
export const UPDATE_HEAD = 11;

export type PictureState =
  | 'live'
  | 'starting'
  | 'off'
  | 'no-signal'
  | 'out-of-range'
  | 'no-screen';

export interface Person {
  seat: number;
  name: string;
  via: string;
  from: string | null;
  /** Seconds since 1970. */
  since: number;
  may_type: boolean;
  asks: boolean;
}

export interface Lights {
  num: boolean;
  caps: boolean;
  scroll: boolean;
}

/** What the daemon tells. */
export type Told =
  | { type: 'hello'; server: string; seat: number; may_type: boolean }
  | { type: 'people'; people: Person[]; holder: number | null }
  | ({ type: 'leds' } & Lights)
  | { type: 'picture'; state: PictureState }
  | { type: 'refused'; what: string; why: string }
  | { type: 'pong'; token: number };

/** What the daemon is told about the pointer. Buttons are as `MouseEvent.buttons` has them. */
export type PointerSaid =
  | { type: 'pointer'; x: number; y: number; buttons?: number; wheel?: number }
  | { type: 'move'; dx?: number; dy?: number; buttons?: number; wheel?: number };

/** What the page asks of its worker. */
export type Order =
  | { do: 'open'; url: string; canvas: OffscreenCanvas }
  /** Connects once more, to paint on the same canvas. */
  | { do: 'again'; url: string }
  | { do: 'close' }
  | { do: 'watch'; on: boolean }
  /** Exactly these keys are held. */
  | { do: 'keys'; held: number[] }
  | { do: 'point'; said: PointerSaid }
  /** Take the keyboard. */
  | { do: 'take' }
  /** The page answers that it is alive. */
  | { do: 'alive' };

/** What the worker reports. */
export type Report =
  | { is: 'open' }
  /** With the code of the daemon's good-bye (RFC 6455 section 7.4); 1006 where there was none. */
  | { is: 'closed'; code: number; reason: string }
  | { is: 'told'; told: Told }
  | { is: 'size'; width: number; height: number }
  /** What was measured of late: the way there and back, and what came. */
  | { is: 'measured'; ms: number | null; bytesPerSecond: number }
  /** The page is asked whether it is alive, as keys are held. */
  | { is: 'alive?' };
