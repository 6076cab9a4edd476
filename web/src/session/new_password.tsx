// Choosing a password: its rules and its strength as one types.

import { useEffect, useRef, useState } from 'preact/hooks';
import { wordsOf } from '../parts/failure';
import { PasswordField } from '../parts/field';
import { Notice } from '../parts/notice';
import { t } from '../strings';
import { faultOf } from './rules';
import { changePassword, type Session } from './session';
import { strengthOf, type Strength } from './strength';

/** What a password may have at most where the BMC doesn't say. */
const ANY = { min: 8, max: 128 };

interface NewPasswordProps {
  who: Session;
  /** Whether the field takes the keyboard at once. */
  focus?: boolean;
  onDone?: () => void;
}

export function NewPassword({ who, focus = false, onDone }: NewPasswordProps) {
  const [password, setPassword] = useState('');
  const [tried, setTried] = useState(false);
  const [busy, setBusy] = useState(false);
  const [refused, setRefused] = useState<string | null>(null);
  const form = useRef<HTMLFormElement>(null);
  const bytes = who.password_bytes ?? ANY;
  const fault = faultOf(password, bytes);
  // That it is too short yet is no news to who is typing.
  const told = fault && (tried || fault.what !== 'short') ? t.first.fault(fault) : undefined;

  useEffect(() => {
    if (focus) form.current?.querySelector<HTMLInputElement>('input[type=password]')?.focus();
  }, []);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    setTried(true);
    if (fault || busy) return;
    setBusy(true);
    setRefused(null);
    try {
      await changePassword(password);
      setPassword('');
      setTried(false);
      onDone?.();
    } catch (why) {
      setRefused(wordsOf(why));
    }
    setBusy(false);
  };

  return (
    <form ref={form} onSubmit={submit}>
      {refused && <Notice kind="fault">{refused}</Notice>}
      {/* For whoever keeps passwords for people: whose this one is. */}
      <input type="text" name="user" autocomplete="username" value={who.user} hidden readOnly />
      <PasswordField
        label={t.first.password}
        value={password}
        onValue={(value) => {
          setPassword(value);
          setRefused(null);
        }}
        fault={told}
        hint={t.first.rule(bytes.min, bytes.max)}
        input={{ name: 'new-password', autocomplete: 'new-password', required: true }}
      />
      <Meter strength={password === '' || fault ? null : strengthOf(password, who.user)} />
      {bytes.max < ANY.max && <p class="note">{t.first.ipmi}</p>}
      <button type="submit" class="main" disabled={busy}>
        {busy ? t.first.busy : t.first.submit}
      </button>
    </form>
  );
}

function Meter({ strength }: { strength: Strength | null }) {
  return (
    <div class={`meter ${strength ?? 'none'}`} role="status">
      <span class="bars" aria-hidden="true">
        <i />
        <i />
        <i />
        <i />
      </span>
      <span>{strength ? t.strength[strength] : '\u00a0'}</span>
    </div>
  );
}
