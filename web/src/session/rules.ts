// What a password may be, as the BMC's gate has it: the page says it before the BMC has to.

/** What is wrong with a password, if anything. */
export type Fault =
  { what: 'short'; min: number } | { what: 'long'; max: number } | { what: 'control' };

/** Looks at a password as the gate does: it counts bytes of UTF-8. */
export function faultOf(password: string, bytes: { min: number; max: number }): Fault | null {
  const length = new TextEncoder().encode(password).length;
  if (length < bytes.min) return { what: 'short', min: bytes.min };
  if (length > bytes.max) return { what: 'long', max: bytes.max };
  return /\p{Cc}/u.test(password) ? { what: 'control' } : null;
}
