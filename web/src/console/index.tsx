// The console of one server: the bar, its picture, and the line that says what is shown.

import { useSignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { onUnknown, Refusal } from '../api/client';
import { state as readState, whenever, type State } from '../api/power';
import { Menu } from '../parts/menu';
import { Icon } from '../parts/icon';
import { PowerState } from '../parts/power';
import { consoleOf, follow, go } from '../router';
import { ids, readIds, whenLookedAt } from '../servers/state';
import type { Session } from '../session/session';
import { Shell } from '../shell';
import { t } from '../strings';
import type { Console } from './live/console';
import { Screen } from './live/screen';
import { Status } from './live/status';
import { Following, PowerMenu, PowerOn } from './power';

const CHORDS: Record<string, string[]> = {
  'Ctrl-Alt-F1': ['ControlLeft', 'AltLeft', 'F1'],
  'Ctrl-Alt-F2': ['ControlLeft', 'AltLeft', 'F2'],
  'Ctrl-Alt-F7': ['ControlLeft', 'AltLeft', 'F7'],
  'Ctrl-Alt-Backspace': ['ControlLeft', 'AltLeft', 'Backspace'],
  'Alt-Tab': ['AltLeft', 'Tab'],
  'Alt-F4': ['AltLeft', 'F4'],
  'Alt-PrintScreen': ['AltLeft', 'PrintScreen'],
  Windows: ['MetaLeft'],
};

export function ConsolePlace({ server, who }: { server: string; who: Session }) {
  const live = useSignal<Console | null>(null);
  const [absent, setAbsent] = useState(false);
  const [state, setState] = useState<State | null>(null);
  useEffect(() => {
    const look = (stop?: AbortSignal): void => {
      readState(server, stop)
        .then((found) => {
          setAbsent(false);
          setState(found);
        })
        // What can't be read is said by the picture.
        .catch((why: unknown) => setAbsent(why instanceof Refusal && why.status === 404));
    };
    const stopLooking = whenLookedAt((stop) => {
      readIds(stop).catch(() => undefined);
      look(stop);
    });
    const stopFollowing = whenever(server, look);
    return () => {
      stopLooking();
      stopFollowing();
    };
  }, [server]);

  const now = live.value;
  const line = now?.line.value;
  useEffect(() => {
    if (line === 'ended') onUnknown.call();
    // A link that doesn't come back may be a session that is over: this asks who one is.
    if (line === 'lost') readState(server).catch(() => undefined);
  }, [line]);

  const types = now && state?.may.type && state.has.keyboard && line === 'open';
  return (
    <Shell
      who={who}
      title={server}
      lead={
        <>
          <Name server={server} />
          {!absent && <PowerState power={state?.power ?? null} />}
          {!absent && state?.on_for_s != null && <OnFor seconds={state.on_for_s} key={state.on_for_s} />}
        </>
      }
      actions={
        !absent && (
          <>
            {types && <Chords console={now} />}
            {state && <PowerMenu state={state} />}
          </>
        )
      }
      status={
        !absent && (
          <>
            {now && <Status console={now} />}
            {state && <Following state={state} />}
          </>
        )
      }
    >
      {absent ? (
        <div class="empty">
          <p>{t.console.noServer(server)}</p>
          <a class="button" href="/servers" onClick={follow}>
            {t.nowhere.back}
          </a>
        </div>
      ) : (
        <Screen server={server} live={live} remedy={state && <PowerOn state={state} />} />
      )}
    </Shell>
  );
}

/** How long the server has been on, from a number of seconds on. */
function OnFor({ seconds }: { seconds: number }) {
  const [since] = useState(() => Date.now() - seconds * 1000);
  const [now, setNow] = useState(() => Date.now());
  const shown = Math.max(0, Math.floor((now - since) / 1000));
  useEffect(() => {
    // As often as the words change.
    const timer = setInterval(() => setNow(Date.now()), shown < 60 ? 1000 : 15_000);
    return () => clearInterval(timer);
  }, [shown < 60]);
  return <span class="note wide">{t.duration(shown)}</span>;
}

/** The keys that a browser or the person's own system would take for itself. */
function Chords({ console }: { console: Console }) {
  const items = Object.entries(CHORDS).map(([label, codes]) => ({
    label,
    act: () => console.chord(codes),
  }));
  return (
    <>
      <button
        type="button"
        class="wide"
        onClick={() => console.chord(['ControlLeft', 'AltLeft', 'Delete'])}
      >
        Ctrl-Alt-Del
      </button>
      <Menu label={t.console.chords} face={<Icon name="keyboard" />} items={items} onGo={go} />
    </>
  );
}

/** The server's name; with others beside it, a menu to switch to one of them. */
function Name({ server }: { server: string }) {
  const others = ids.value ?? [];
  if (others.length < 2) return <h1>{server}</h1>;
  const items = others.map((id) => ({ label: id, to: consoleOf(id), current: id === server }));
  const face = (
    <>
      <strong>{server}</strong>
      <Icon name="chevronDown" />
    </>
  );
  return <Menu label={t.console.switch} face={face} items={items} side="left" onGo={go} plain />;
}
