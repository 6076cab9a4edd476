// One's own account.

import { useState } from 'preact/hooks';
import { Notice } from '../parts/notice';
import { NewPassword } from '../session/new_password';
import type { Session } from '../session/session';
import { Shell } from '../shell';
import { t } from '../strings';

export function Account({ who }: { who: Session }) {
  const [changed, setChanged] = useState(false);
  return (
    <Shell who={who} title={t.account.title}>
      <div class="page narrow">
        <dl>
          <dt>{t.account.name}</dt>
          <dd>{who.user}</dd>
          <dt>{t.account.role}</dt>
          <dd>{who.role}</dd>
        </dl>
        {who.account === null ? (
          <p class="note">{t.account.none}</p>
        ) : (
          <section class="card" aria-labelledby="password">
            <h2 id="password">{t.account.password}</h2>
            <p class="note">{t.account.passwordHint}</p>
            {changed && <Notice kind="info">{t.account.changed}</Notice>}
            <NewPassword who={who} onDone={() => setChanged(true)} />
          </section>
        )}
      </div>
    </Shell>
  );
}
