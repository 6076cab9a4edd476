// The beginning: with one server its console, with more of them the list.

import { useEffect, useState } from 'preact/hooks';
import { wordsOf } from '../parts/failure';
import { Notice } from '../parts/notice';
import { consoleOf, go } from '../router';
import type { Session } from '../session/session';
import { Shell } from '../shell';
import { t } from '../strings';
import { readIds, whenLookedAt } from './state';

export function Home({ who }: { who: Session }) {
  const [fault, setFault] = useState<string | null>(null);
  useEffect(
    () =>
      whenLookedAt((stop) => {
        readIds(stop)
          .then((found) =>
            go(found.length === 1 && found[0] ? consoleOf(found[0]) : '/servers', true),
          )
          .catch((why: unknown) => {
            if (!stop.aborted) setFault(wordsOf(why));
          });
      }),
    [],
  );
  return (
    <Shell who={who} title={t.servers.title}>
      <div class="page">
        {fault && <Notice kind="fault">{`${t.servers.failed} ${fault}`}</Notice>}
      </div>
    </Shell>
  );
}
