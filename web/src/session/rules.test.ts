import { expect, test } from 'vitest';
import { faultOf } from './rules';

const bytes = { min: 8, max: 20 };

test('a password is as long as the gate counts it', () => {
  expect(faultOf('x'.repeat(7), bytes)).toEqual({ what: 'short', min: 8 });
  expect(faultOf('x'.repeat(8), bytes)).toBeNull();
  expect(faultOf('ä'.repeat(10), bytes)).toBeNull();
  expect(faultOf('ä'.repeat(11), bytes)).toEqual({ what: 'long', max: 20 });
});

test('what HTTP can’t carry is no password', () => {
  expect(faultOf('good\u0007good', bytes)).toEqual({ what: 'control' });
});
