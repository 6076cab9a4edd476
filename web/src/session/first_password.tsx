// The first sign-in: the same card asks for a password of one's own, and nothing else.

import { t } from '../strings';
import { Card } from './card';
import { NewPassword } from './new_password';
import { signOut, type Session } from './session';

export function FirstPassword({ who }: { who: Session }) {
  return (
    <Card title={t.first.title}>
      <p>{t.first.why(who.user)}</p>
      <NewPassword who={who} focus />
      <p class="foot">
        <button type="button" class="plain" onClick={() => void signOut().catch(() => undefined)}>
          {t.menu.signOut(who.user)}
        </button>
      </p>
    </Card>
  );
}
