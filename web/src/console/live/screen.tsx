// The live picture of a server, as large as fits and never blurred, and what is said where there is none.

import type { Signal } from '@preact/signals';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { Icon } from '../../parts/icon';
import { t } from '../../strings';
import { Console } from './console';

interface ScreenProps {
  server: string;
  /** Holds the console while this is shown. */
  live: Signal<Console | null>;
  /** What helps where the server is off. */
  remedy: ComponentChildren;
}

export function Screen({ server, live, remedy }: ScreenProps) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const place = box.current;
    if (!place) return undefined;
    // A canvas is handed to a worker once and for all, so each console has a new one.
    const canvas = document.createElement('canvas');
    canvas.tabIndex = 0;
    canvas.setAttribute('role', 'application');
    canvas.setAttribute('aria-label', t.console.alt(server));
    place.append(canvas);
    const made = new Console(server, canvas);
    const fit = (): void => fitted(canvas, place, made.size.peek());
    const watch = new ResizeObserver(fit);
    watch.observe(place);
    const stop = made.size.subscribe(fit);
    live.value = made;
    return () => {
      live.value = null;
      stop();
      watch.disconnect();
      made.close();
      canvas.remove();
    };
  }, [server]);

  const now = live.value;
  const none = now && reason(now);
  const classes = ['screen', now?.caught.value && 'caught', none && 'none'];
  return (
    <div class={classes.filter(Boolean).join(' ')}>
      <div class="canvas" ref={box} />
      {none && <NoPicture none={none}>{none === 'off' && remedy}</NoPicture>}
    </div>
  );
}

type None = keyof typeof t.console.none;

/** Why there is no picture. */
function reason(now: Console): None | null {
  switch (now.line.value) {
    case 'lost':
      return 'lost';
    case 'connecting':
    case 'ended':
      return 'connecting';
    case 'open':
      break;
  }
  switch (now.picture.value) {
    case 'live':
      return null;
    case null:
    case 'starting':
      return 'starting';
    default:
      return now.picture.value;
  }
}

function NoPicture({ none, children }: { none: None; children: ComponentChildren }) {
  const [title, words] = t.console.none[none];
  return (
    <div class="empty" role="status">
      <Icon name="monitorOff" />
      <h2>{title}</h2>
      {words && <p>{words}</p>}
      {children}
    </div>
  );
}

/** Sizes a canvas: as large as fits, a whole number of times where it fits more than once. */
function fitted(
  canvas: HTMLCanvasElement,
  place: HTMLElement,
  size: { width: number; height: number } | null,
): void {
  if (!size) return;
  const fits = Math.min(place.clientWidth / size.width, place.clientHeight / size.height);
  // In the display's own pixels, so that one of the picture's is a whole number of them.
  const display = fits * devicePixelRatio;
  const scale = display >= 1 ? Math.floor(display) / devicePixelRatio : fits;
  canvas.style.width = `${Math.round(size.width * scale)}px`;
  canvas.style.height = `${Math.round(size.height * scale)}px`;
  canvas.classList.toggle('sharp', display >= 1);
}
