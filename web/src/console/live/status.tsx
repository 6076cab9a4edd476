// The line below the picture: what is shown, how fast, and whose the keyboard is.

import { t } from '../../strings';
import type { Console } from './console';

export function Status({ console }: { console: Console }) {
  const { size, measured, lights, caught, refused, people, holder, seat, mayType } = console;
  if (console.line.value !== 'open') return null;
  const shown = console.picture.value === 'live' && size.value;
  const held = people.value.find((person) => person.seat === holder.value);
  const others = people.value.length - 1;
  return (
    <>
      {shown && <span>{`${shown.width}×${shown.height}`}</span>}
      {measured.value?.ms != null && <span>{t.status.latency(measured.value.ms)}</span>}
      {measured.value && <span class="wide">{t.status.rate(measured.value.bytesPerSecond)}</span>}
      {shown && <span class="wide">{t.console.lossless}</span>}
      <span role="status">
        {keyboard()}
      </span>
      {lights.value && (
        <span class="lights" aria-label={t.status.lights}>
          <Light name="Num" on={lights.value.num} />
          <Light name="Caps" on={lights.value.caps} />
          <Light name="Scroll" on={lights.value.scroll} />
        </span>
      )}
      {others > 0 && (
        <span title={people.value.map(({ name }) => name).join(', ')}>{t.status.others(others)}</span>
      )}
    </>
  );

  function keyboard() {
    if (refused.value) return <strong>{refused.value}</strong>;
    if (!mayType.value) return t.status.viewOnly;
    if (held && held.seat !== seat.value) {
      return (
        <>
          {t.status.heldBy(held.name)}{' '}
          <button type="button" class="link" onClick={() => console.take()}>
            {t.status.take}
          </button>
        </>
      );
    }
    return caught.value ? <strong>{t.status.caught}</strong> : t.status.free;
  }
}

function Light({ name, on }: { name: string; on: boolean }) {
  return (
    <span class={on ? 'light on' : 'light'} aria-label={t.status.light(name, on)} role="img">
      {name}
    </span>
  );
}
