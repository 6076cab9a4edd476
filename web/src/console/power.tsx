// What can be done with a server's power: each asks once, by name, and is followed to its end.

import { useEffect, useRef, useState } from 'preact/hooks';
import { act, type Action, type State } from '../api/power';
import { wordsOf } from '../parts/failure';
import { Icon } from '../parts/icon';
import { Menu, type Item } from '../parts/menu';
import { go } from '../router';
import { t } from '../strings';

/** In the order of the menu; the forceful ones after a line. */
const CALM: Action[] = ['on', 'soft-off', 'soft-cycle'];
const FORCEFUL: Action[] = ['off', 'reset', 'cycle', 'nmi'];

export function PowerMenu({ state }: { state: State }) {
  const [asked, setAsked] = useState<Action | null>(null);
  const has = (action: Action): boolean => state.has.power.includes(action) && means(action, state);
  const calm = CALM.filter(has);
  const items = [...calm, ...FORCEFUL.filter(has)].map((action): Item => ({
    label: t.actions[action],
    act: () => setAsked(action),
    apart: action === FORCEFUL.find(has) && calm.length > 0,
  }));
  if (!state.may.power || items.length === 0) return null;
  const face = (
    <>
      {t.console.power}
      <Icon name="chevronDown" />
    </>
  );
  return (
    <>
      <Menu label={t.console.power} face={face} items={items} onGo={go} />
      {asked && <Confirm state={state} action={asked} onDone={() => setAsked(null)} />}
    </>
  );
}

/** Whether an action means something in a state. */
function means(action: Action, { power }: State): boolean {
  if (power === 'unknown') return true;
  return action === 'on' ? power === 'off' : power === 'on';
}

interface ConfirmProps {
  state: State;
  action: Action;
  onDone: () => void;
}

function Confirm({ state, action, onDone }: ConfirmProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const agree = (): void => {
    act(state.id, action)
      .then(onDone)
      .catch((why: unknown) => setFault(wordsOf(why)));
  };
  return (
    <dialog ref={dialog} onClose={onDone} aria-labelledby="confirm">
      <h2 id="confirm">{t.confirm.title(t.actions[action], state.id)}</h2>
      <p>{t.confirm.does[action]}</p>
      <p class="note">{t.confirm.now(t.power[state.power])}</p>
      {fault && <p role="alert" class="fault">{fault}</p>}
      <div class="choices">
        <button type="button" onClick={onDone}>
          {t.confirm.cancel}
        </button>
        <button type="button" class="main" onClick={agree}>
          {t.actions[action]}
        </button>
      </div>
    </dialog>
  );
}

/** The line that follows an action to its end. */
export function Following({ state }: { state: State }) {
  const { pending, last_outcome: last } = state;
  const [shownSince] = useState(() => Date.now());
  if (pending) return <span>{t.following.pending(t.actions[pending.action], Math.round(pending.for_s))}</span>;
  // What ended before the page was opened is in the log.
  if (!last || last.at_ms < shownSince) return null;
  const words = t.following[last.outcome];
  const bad = last.outcome === 'failed';
  return (
    <span class={bad ? 'fault' : undefined}>
      {words(t.actions[last.action], last.seen ?? '')}
    </span>
  );
}

/** The one thing that helps where a server is off. */
export function PowerOn({ state }: { state: State }) {
  const [fault, setFault] = useState<string | null>(null);
  if (!state.may.power || !state.has.power.includes('on') || state.power === 'on') return null;
  const on = (): void => {
    act(state.id, 'on').catch((why: unknown) => setFault(wordsOf(why)));
  };
  return (
    <>
      <button type="button" class="main" disabled={state.pending !== null} onClick={on}>
        {t.actions.on}
      </button>
      {fault && <p role="alert" class="fault">{fault}</p>}
    </>
  );
}
