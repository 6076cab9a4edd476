// All servers: a line each, with a filter that works as one types.

import { useEffect, useState } from 'preact/hooks';
import type { Server } from '../api/servers';
import { wordsOf } from '../parts/failure';
import { Icon } from '../parts/icon';
import { Notice } from '../parts/notice';
import { PowerState } from '../parts/power';
import { consoleOf, follow } from '../router';
import type { Session } from '../session/session';
import { Shell } from '../shell';
import { t } from '../strings';
import { ids, known, readIds, readServers, whenLookedAt } from './state';

export function Servers({ who }: { who: Session }) {
  const [filter, setFilter] = useState('');
  const [fault, setFault] = useState<string | null>(null);
  useEffect(
    () =>
      whenLookedAt((stop) => {
        readIds(stop)
          .then((found) => {
            setFault(null);
            return readServers(found, stop);
          })
          .catch((why: unknown) => {
            if (!stop.aborted) setFault(wordsOf(why));
          });
      }),
    [],
  );
  const all = ids.value ?? [];
  const text = filter.trim().toLowerCase();
  const shown = all.filter((id) => id.toLowerCase().includes(text));
  return (
    <Shell who={who} title={t.servers.title}>
      <div class="page">
        {fault && <Notice kind="fault">{`${t.servers.failed} ${fault}`}</Notice>}
        {all.length > 1 && (
          <div class="tools">
            <input
              type="search"
              aria-label={t.servers.filter}
              placeholder={t.servers.filter}
              value={filter}
              onInput={(event) => setFilter(event.currentTarget.value)}
            />
            <span class="note" role="status">
              {t.servers.count(shown.length, all.length)}
            </span>
          </div>
        )}
        {ids.value && all.length === 0 && <p class="note">{t.servers.none}</p>}
        {all.length > 0 && shown.length === 0 && <p class="note">{t.servers.noMatch(filter)}</p>}
        {shown.length > 0 && (
          <table class="servers">
            <thead>
              <tr>
                <th scope="col">{t.servers.name}</th>
                <th scope="col">{t.servers.power}</th>
                <th scope="col">{t.servers.health}</th>
                <th scope="col" class="wide">
                  {t.servers.model}
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map((id) => (
                <Row key={id} id={id} server={known.value.get(id)} />
              ))}
            </tbody>
          </table>
        )}
      </div>
    </Shell>
  );
}

function Row({ id, server }: { id: string; server: Server | undefined }) {
  return (
    <tr>
      <th scope="row">
        <a href={consoleOf(id)} onClick={follow}>
          {id}
        </a>
      </th>
      <td>
        <PowerState power={server?.power ?? null} />
      </td>
      <td>{server?.health && <Health health={server.health} />}</td>
      <td class="wide">{server?.model}</td>
    </tr>
  );
}

function Health({ health }: { health: 'OK' | 'Warning' | 'Critical' }) {
  return (
    <span class={`health ${health.toLowerCase()}`}>
      <Icon name={health === 'OK' ? 'check' : 'warning'} />
      {t.health[health]}
    </span>
  );
}
