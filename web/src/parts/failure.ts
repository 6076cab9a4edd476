// What is said of a request that failed, in the page's words.

import { Refusal, Unreachable } from '../api/client';
import { t } from '../strings';

export function wordsOf(why: unknown): string {
  if (why instanceof Unreachable) return t.link.none;
  return why instanceof Refusal ? sentence(why.message) : String(why);
}

/** The BMC's own words as a sentence. */
export function sentence(words: string): string {
  const first = words.charAt(0).toUpperCase() + words.slice(1);
  return /[.!?]$/.test(first) || first === '' ? first : `${first}.`;
}
