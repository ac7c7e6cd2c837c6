import fc from 'fast-check';
import { expect, it } from 'vitest';
import { recordAcceptor } from '#engine/ingest/accept-record.ts';
import { sequenceText } from '#semantics/stream/sequence.ts';
import {
  manifest,
  oracleStreams,
  payloadOf,
  recordsOf,
  type SourceName,
  sources,
} from '#test/property/stream-world.ts';
import { Random } from '#test/support/random.ts';
import { Coverage, randomSettings } from '#test/support/seed.ts';
import { propertySettings } from '../settings.ts';

const acceptorOf = (name: SourceName) => recordAcceptor(manifest, sources[name]);

it('accepts exactly what the rule says, at the time that it says', () => {
  const { seed, cases, again } = randomSettings(500);
  const coverage = new Coverage();
  for (let number = 0; number < cases; number++) {
    const random = new Random(seed + number);
    const name = random.pick(['seamed', 'deduplicated'] as const);
    const { allowedSkew, within = Number.POSITIVE_INFINITY } = oracleStreams[name];
    for (const record of recordsOf(random, number, name)) {
      const { arrival, sentAt, key, sequence = '', shard = '' } = record;
      if (arrival === undefined) continue;
      const acceptance = acceptorOf(name)({ shard, sequence, arrivalMillis: arrival, data: payloadOf(record) });
      const isAhead = sentAt - arrival > allowedSkew;
      const isLate = arrival - sentAt > within;
      const expected =
        key === null ? 'missingKeys' : isAhead ? 'tooFarAhead' : isLate ? 'afterDeduplication' : undefined;
      const got = acceptance.kind === 'accepted' ? acceptance.event.eventTimeMillis : acceptance.reason;
      expect(got, again).toBe(expected ?? Math.min(sentAt, arrival));
      coverage.case({
        noKeys: key === null,
        isAhead,
        isLate,
        isMoved: acceptance.kind === 'accepted' && sentAt > arrival,
        asSent: acceptance.kind === 'accepted' && sentAt <= arrival,
      });
    }
  }
  expect(coverage.thin).toEqual([]);
});

it('never throws, whatever the record is', () => {
  const fields = fc.dictionary(
    fc.constantFrom(...sources.deduplicated.schema.map(({ name }) => name)),
    fc.oneof(fc.jsonValue(), fc.constantFrom('2026-01-10T00:00:00Z', 1_768_000_000_000, 'NaN', 'x'.repeat(3000))),
  );
  const data = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fields.map((value) => Buffer.from(JSON.stringify(value))),
  );
  const record = fc.record({ data, arrivalMillis: fc.integer({ min: 0, max: 4_000_000_000_000 }) });
  fc.assert(
    fc.property(record, fc.constantFrom('seamed', 'deduplicated'), ({ data: bytes, arrivalMillis }, name) => {
      const at = { shard: 'shard-0', sequence: sequenceText(1n), arrivalMillis, data: bytes };
      const acceptance = acceptorOf(name)(at);
      expect(acceptorOf(name)(at)).toEqual(acceptance);
      if (acceptance.kind === 'quarantined') expect(acceptance.detail).not.toBe('');
    }),
    propertySettings(3000),
  );
});
