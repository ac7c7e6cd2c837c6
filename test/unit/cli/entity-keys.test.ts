import { describe, expect, it } from 'vitest';
import { parseEntityKeys } from '#cli/entity-keys.ts';
import { entityOf } from '#test/support/manifests.ts';

const shop = entityOf('shop', [
  { name: 'city', type: 'string' },
  { name: 'number', type: 'int64' },
  { name: 'open', type: 'bool' },
  { name: 'since', type: 'timestamp' },
]);

describe('keys of an entity on the command line', () => {
  it('have the types of the entity, in its order, every digit kept', () => {
    expect(parseEntityKeys(shop, 'number=9007199254740993,city=a=b,open=true,since=2026-01-01T00:00:00Z')).toEqual({
      city: 'a=b',
      number: 9_007_199_254_740_993n,
      open: true,
      since: Date.UTC(2026, 0, 1),
    });
    expect(parseEntityKeys(entityOf('day', [{ name: 'code', type: 'string' }]), 'code=007')).toEqual({ code: '007' });
    expect(parseEntityKeys(entityOf('day', [{ name: 'code', type: 'int32' }]), 'code=-7')).toEqual({ code: -7 });
  });

  it.each([
    ['number=1', /no value for key city; an entity shop is written city=<string>,number=<int64>/],
    ['city', /"city" names no key/],
    ['town=x', /unknown key "town"/],
    ['city=x,number=one,open=true,since=2026-01-01T00:00:00Z', /key number must be a whole number/],
    ['city=x,number=1,open=yes,since=2026-01-01T00:00:00Z', /key open /],
    ['city=x,number=1,open=true,since=2026-01-01', /key since /],
  ])('are refused in one sentence: %s', (text, message) => {
    expect(() => parseEntityKeys(shop, text)).toThrow(message);
  });
});
