import { expect, test } from 'vitest';
import { consoleOf, placeOf } from './router';

test('an address leads to its place', () => {
  expect(placeOf('/')).toEqual({ name: 'home' });
  expect(placeOf('/servers')).toEqual({ name: 'servers' });
  expect(placeOf('/servers/')).toEqual({ name: 'servers' });
  expect(placeOf('/servers/web1')).toEqual({ name: 'console', server: 'web1' });
  expect(placeOf('/settings')).toEqual({ name: 'account' });
  expect(placeOf('/settings/account')).toEqual({ name: 'account' });
});

test('what has no place is nowhere', () => {
  for (const path of ['/servers/1/2', '/settings/fonts', '/x', '/servers/%zz']) {
    expect(placeOf(path), path).toEqual({ name: 'nowhere' });
  }
});

test('a server’s id is found again in its address', () => {
  for (const server of ['1', 'web1', 'a.b_c-d']) {
    expect(placeOf(consoleOf(server))).toEqual({ name: 'console', server });
  }
});
