// A line of a form: its label, the input, and what is wrong with it beside it.

import type { ComponentChildren } from 'preact';
import { useId, useState } from 'preact/hooks';
import { t } from '../strings';

/** What the browser is told of an input. */
interface Input {
  name: string;
  autocomplete: 'username' | 'current-password' | 'new-password';
  required?: boolean;
}

interface FieldProps {
  label: string;
  value: string;
  onValue: (value: string) => void;
  hint?: string | undefined;
  fault?: string | undefined;
  type?: 'text' | 'password';
  input: Input;
  /** What stands at the end of the input. */
  after?: ComponentChildren;
}

export function Field({
  label,
  value,
  onValue,
  hint,
  fault,
  type = 'text',
  input,
  after,
}: FieldProps) {
  const id = useId();
  const note = fault ?? hint;
  const attributes = {
    ...input,
    id,
    value,
    autocapitalize: 'off' as const,
    spellcheck: false,
    'aria-invalid': fault !== undefined,
    'aria-describedby': note ? `${id}-note` : undefined,
    onInput: (event: { currentTarget: HTMLInputElement }) => onValue(event.currentTarget.value),
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="input">
        {type === 'password' ? (
          <input {...attributes} type="password" />
        ) : (
          <input {...attributes} type="text" />
        )}
        {after}
      </div>
      {note && (
        <p id={`${id}-note`} class={fault ? 'note fault' : 'note'}>
          {note}
        </p>
      )}
    </div>
  );
}

/** A field for a password, which can be looked at. */
export function PasswordField(props: FieldProps) {
  const [shown, setShown] = useState(false);
  return (
    <Field
      {...props}
      type={shown ? 'text' : 'password'}
      after={
        <button type="button" class="inset" aria-pressed={shown} onClick={() => setShown(!shown)}>
          {shown ? t.signIn.hide : t.signIn.show}
        </button>
      }
    />
  );
}
