// A server's power state: a shape, a colour and a word, so that none of them is the only sign.

import type { Power } from '../api/servers';
import { t } from '../strings';

export function PowerState({ power }: { power: Power | null }) {
  return (
    <span class={`power ${power ?? 'looking'}`}>
      <span class="dot" aria-hidden="true" />
      {power ? t.power[power] : t.servers.looking}
    </span>
  );
}
