// Signing in: who, why not, and how long to wait.

import { useEffect, useRef, useState } from 'preact/hooks';
import { Refusal } from '../api/client';
import { wordsOf } from '../parts/failure';
import { Field, PasswordField } from '../parts/field';
import { Notice } from '../parts/notice';
import { t } from '../strings';
import { Card } from './card';
import { ended, signIn } from './session';

/** Why nobody was let in, in the page's words; what has to be waited for is told apart. */
function refused(why: unknown): string {
  if (!(why instanceof Refusal)) return wordsOf(why);
  if (why.status === 401) return t.signIn.wrong;
  if (why.status === 503 && why.code === 'too-many') return t.signIn.full;
  return wordsOf(why);
}

export function SignIn() {
  const [user, setUser] = useState('');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const [wait, setWait] = useState(0);
  const form = useRef<HTMLFormElement>(null);

  useEffect(() => {
    form.current?.querySelector('input')?.focus();
  }, []);

  useEffect(() => {
    if (wait === 0) return undefined;
    const next = setTimeout(() => setWait(wait - 1), 1000);
    return () => clearTimeout(next);
  }, [wait]);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy || wait > 0) return;
    setBusy(true);
    setFault(null);
    try {
      await signIn(user, password);
    } catch (why) {
      if (why instanceof Refusal && why.status === 429) setWait(why.retryAfter ?? 1);
      else setFault(refused(why));
      form.current?.querySelector<HTMLInputElement>('input[name=password]')?.select();
    }
    setBusy(false);
  };

  return (
    <Card title={t.signIn.title}>
      {ended.value && !fault && wait === 0 && <Notice kind="info">{t.signIn.ended}</Notice>}
      {fault && <Notice kind="fault">{fault}</Notice>}
      {wait > 0 && <Notice kind="fault">{t.signIn.wait(wait)}</Notice>}
      <form ref={form} onSubmit={submit}>
        <Field
          label={t.signIn.user}
          value={user}
          onValue={setUser}
          input={{ name: 'user', autocomplete: 'username', required: true }}
        />
        <PasswordField
          label={t.signIn.password}
          value={password}
          onValue={setPassword}
          input={{ name: 'password', autocomplete: 'current-password', required: true }}
        />
        <button type="submit" class="main" disabled={busy || wait > 0}>
          {busy ? t.signIn.busy : t.signIn.submit}
        </button>
      </form>
    </Card>
  );
}
