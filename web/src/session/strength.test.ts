import { expect, test } from 'vitest';
import { bitsOf, strengthOf } from './strength';

test('what everybody chooses is weak', () => {
  for (const password of [
    'password1',
    'Passwort!',
    'qwertyui',
    '12345678',
    'aaaaaaaaaaaaaaaa',
    'abababababab',
    '!!!!!!!!!!!!!!!!',
    'correcthorse',
    'Summer2026!',
  ]) {
    expect(strengthOf(password), password).toBe('weak');
  }
});

test('the name of the account is worth little in its password', () => {
  expect(bitsOf('winifred-7', 'winifred')).toBeLessThan(bitsOf('winifred-7', 'admin'));
});

test('words count as words, however many letters they have', () => {
  expect(strengthOf('meadow twelve')).toBe('weak');
  expect(strengthOf('meadow twelve kettle orbit')).toBe('good');
  expect(strengthOf('meadow twelve kettle orbit violin')).toBe('strong');
});

test('what was made up at random is strong, and longer is stronger', () => {
  expect(strengthOf('k7#pQz2!vLm9xW')).toBe('strong');
  expect(strengthOf('hx7kqpzw3m')).toBe('fair');
  expect(bitsOf('tq8mzr4kdw')).toBeGreaterThan(bitsOf('tq8mzr4k'));
});
