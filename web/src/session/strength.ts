// How hard a password is to guess: an estimate in bits, without a dictionary of the world's passwords.
// What can be pronounced counts as a word that somebody may find in one.

/** What may be said of a password. */
export type Strength = 'weak' | 'fair' | 'good' | 'strong';

// What people choose when they are asked for a password, and rows of the keyboard.
const COMMON = (
  'password passwort administrator admin root welcome letmein login master secret changeme default ' +
  'outband server monkey dragon sunshine princess football baseball iloveyou correct horse battery ' +
  'staple qwertyuiop qwertzuiop asdfghjkl zxcvbnm yxcvbnm azertyuiop 1234567890 0987654321 ' +
  'abcdefghijklmnopqrstuvwxyz'
).split(' ');

// The bits of one of these or of a year, of any other word, and of a sign that stood there before.
const COMMON_BITS = 7;
const WORD_BITS = 13;
const AGAIN_BITS = 1.5;
// The fewest letters that are a piece of a common word, or a word.
const LEAST = 4;

/** The bits of a password for an account of this name. */
export function bitsOf(password: string, user = ''): number {
  let rest = password.toLowerCase();
  let bits = 0;
  const known = user.length >= 3 ? [user.toLowerCase(), ...COMMON] : COMMON;
  for (const word of known) {
    for (const piece of [word, ...beginningsOf(word)]) {
      while (rest.includes(piece)) {
        // Nobody types this: it holds the place.
        rest = rest.replace(piece, '\u0000');
        bits += COMMON_BITS;
      }
    }
  }
  rest = rest.replace(/(19|20)\d\d/g, () => {
    bits += COMMON_BITS;
    return '\u0000';
  });
  const each = Math.log2(poolOf(password));
  const seen = new Set<string>(['\u0000']);
  for (const token of rest.match(/\p{L}+|./gsu) ?? []) {
    if (isWord(token)) bits += WORD_BITS;
    else if (seen.has(token)) bits += token === '\u0000' ? 0 : AGAIN_BITS;
    else bits += bitsOfLetters(token, each);
    seen.add(token);
  }
  return bits;
}

/** What an estimate is called. */
export function strengthOf(password: string, user = ''): Strength {
  const bits = bitsOf(password, user);
  if (bits < 40) return 'weak';
  if (bits < 50) return 'fair';
  return bits < 65 ? 'good' : 'strong';
}

/** Whether letters can be pronounced: vowels among them, and never many consonants together. */
function isWord(letters: string): boolean {
  if (letters.length < LEAST || !/^\p{L}+$/u.test(letters)) return false;
  const vowels = letters.match(/[aeiouyäöüáéíóúàèìòùâêîôû]/g)?.length ?? 0;
  const share = vowels / letters.length;
  return share >= 0.2 && share <= 0.7 && !/[^aeiouyäöüáéíóúàèìòùâêîôû]{5}/.test(letters);
}

/** The same letter again, or the next of the alphabet, is hardly a choice. */
function bitsOfLetters(letters: string, each: number): number {
  let bits = 0;
  let before: number | undefined;
  for (const letter of letters) {
    const code = letter.codePointAt(0) ?? 0;
    bits += before !== undefined && Math.abs(code - before) <= 1 ? 1 : each;
    before = code;
  }
  return bits;
}

/** The pieces of a common word that somebody may type: from its beginning. */
function beginningsOf(word: string): string[] {
  const lengths = Array.from(
    { length: Math.max(word.length - LEAST, 0) },
    (_, less) => word.length - 1 - less,
  );
  return lengths.map((length) => word.slice(0, length));
}

/** How many letters there are to choose from, by the kinds that a password has. */
function poolOf(password: string): number {
  let pool = 0;
  if (/[a-z]/.test(password)) pool += 26;
  if (/[A-Z]/.test(password)) pool += 26;
  if (/[0-9]/.test(password)) pool += 10;
  if (/[ -/:-@[-`{-~]/.test(password)) pool += 33;
  if (/[^ -~]/.test(password)) pool += 64;
  return Math.max(pool, 10);
}
