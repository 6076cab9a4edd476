import { expect, test } from 'vitest';
import { serverOf } from './servers';

test('what Redfish doesn’t say of a server is unknown', () => {
  expect(serverOf({ Id: '1' })).toEqual({ id: '1', model: null, power: 'unknown', health: null });
});

test('power and health are told in the page’s words', () => {
  const power = (state: string) => serverOf({ Id: '1', PowerState: state }).power;
  expect(['On', 'Off', 'PoweringOn', 'PoweringOff', 'Paused'].map(power)).toEqual([
    'on',
    'off',
    'turning-on',
    'turning-off',
    'unknown',
  ]);
  expect(serverOf({ Id: '1', Status: { Health: 'Critical' } }).health).toBe('Critical');
});
