// The page's end of a console: it orders what the worker is to do, and connects again by itself.

import { socketOf, type Order, type PointerSaid, type Report, type Told } from './words';

/** How the connection is. */
export type Line =
  | { is: 'connecting' }
  | { is: 'open' }
  /** It broke, and is tried again. */
  | { is: 'lost' }
  /** The session ended: somebody has to sign in. */
  | { is: 'ended' };

/** What is heard of a console. */
export interface Listener {
  line(line: Line): void;
  told(told: Told): void;
  size(width: number, height: number): void;
  measured(ms: number | null, bytesPerSecond: number): void;
}

/** What of a worker is needed. */
export interface Hand {
  postMessage(order: Order, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent<Report>) => void) | null;
  terminate(): void;
}

const ENDED = 4001;

/** How long to wait before the next try: soon at first, then less and less often. */
const WAITS = [250, 500, 1000, 2000, 4000];

export class Link {
  readonly #worker: Hand;
  readonly #url: string;
  readonly #listener: Listener;
  #tries = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #watching = true;

  constructor(worker: Hand, canvas: OffscreenCanvas, server: string, listener: Listener) {
    this.#worker = worker;
    this.#url = socketOf(location.origin, server);
    this.#listener = listener;
    worker.onmessage = ({ data }) => this.#take(data);
    listener.line({ is: 'connecting' });
    this.#order({ do: 'open', url: this.#url, canvas }, [canvas]);
  }

  hold(held: number[]): void {
    this.#order({ do: 'keys', held });
  }

  point(said: PointerSaid): void {
    this.#order({ do: 'point', said });
  }

  take(): void {
    this.#order({ do: 'take' });
  }

  /** Whether the picture is looked at: a page in the background asks for none. */
  watch(on: boolean): void {
    this.#watching = on;
    this.#order({ do: 'watch', on });
  }

  /** Tries again now: the network may be back. */
  tryNow(): void {
    if (this.#retry === undefined) return;
    clearTimeout(this.#retry);
    this.#again();
  }

  close(): void {
    clearTimeout(this.#retry);
    this.#order({ do: 'close' });
    this.#worker.terminate();
  }

  #again(): void {
    this.#retry = undefined;
    this.#order({ do: 'again', url: this.#url });
  }

  #take(report: Report): void {
    switch (report.is) {
      case 'open':
        this.#tries = 0;
        this.#listener.line({ is: 'open' });
        if (this.#watching) this.#order({ do: 'watch', on: true });
        break;
      case 'closed':
        this.#closed(report.code);
        break;
      case 'told':
        this.#listener.told(report.told);
        break;
      case 'size':
        this.#listener.size(report.width, report.height);
        break;
      case 'measured':
        this.#listener.measured(report.ms, report.bytesPerSecond);
        break;
      case 'alive?':
        this.#order({ do: 'alive' });
        break;
    }
  }

  #closed(code: number): void {
    if (code === ENDED) {
      this.#listener.line({ is: 'ended' });
      return;
    }
    // Where the server was taken away it may come back, as may the daemon.
    this.#listener.line({ is: 'lost' });
    const wait = WAITS[Math.min(this.#tries, WAITS.length - 1)] ?? 0;
    this.#tries += 1;
    this.#retry = setTimeout(() => this.#again(), wait);
  }

  #order(order: Order, transfer: Transferable[] = []): void {
    this.#worker.postMessage(order, transfer);
  }
}
