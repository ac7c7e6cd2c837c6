import { describe, expect, it } from 'vitest';
import { batchResponse, readKinesisEvent } from '#lambdas/kinesis-event.ts';

const sequence = '49590338271490256608559692538361571095921575989136588898';
const eventOf = (fields: Record<string, unknown> = {}, eventID = `shardId-000000000006:${sequence}`) => ({
  Records: [
    {
      kinesis: {
        kinesisSchemaVersion: '1.0',
        partitionKey: '1',
        sequenceNumber: sequence,
        data: 'eyJhIjoxfQ==',
        approximateArrivalTimestamp: 1545084650.987,
        ...fields,
      },
      eventSource: 'aws:kinesis',
      eventVersion: '1.0',
      eventID,
      eventName: 'aws:kinesis:record',
      awsRegion: 'us-east-1',
    },
  ],
});

describe('records of an invocation', () => {
  it('are those of AWS: shard, sequence, arrival and bytes', () => {
    const [record] = readKinesisEvent(eventOf());
    expect(record).toMatchObject({ shard: 'shardId-000000000006', sequence, arrivalMillis: 1545084650987 });
    expect(new TextDecoder().decode(record?.data)).toBe('{"a":1}');
  });

  it('have sequences of 56 digits, so that text order is number order', () => {
    const [record] = readKinesisEvent(eventOf({ sequenceNumber: '17' }));
    expect(record?.sequence).toBe('17'.padStart(56, '0'));
  });

  it('arrive at the exact millisecond that the stream says, finer ones rounded up', () => {
    const arrivalOf = (seconds: number) =>
      readKinesisEvent(eventOf({ approximateArrivalTimestamp: seconds }))[0]?.arrivalMillis;
    // every millisecond of a second: float64 seconds times 1000 is often a hair too much
    for (let millis = 0; millis < 1000; millis++) {
      const whole = 1_790_000_000_000 + millis;
      expect(arrivalOf(whole / 1000)).toBe(whole);
    }
    expect(arrivalOf(1_790_000_000.0001)).toBe(1_790_000_000_001);
  });

  it('may be none', () => {
    expect(readKinesisEvent({ Records: [] })).toEqual([]);
  });

  it.each([
    ['no records', {}],
    ['no data', eventOf({ data: undefined })],
    ['no shard', eventOf({}, sequence)],
    ['a sequence that is no number', eventOf({ sequenceNumber: 'x' })],
  ])('fails for %s', (_, event) => {
    expect(() => readKinesisEvent(event)).toThrowError(expect.objectContaining({ code: 'lambda.badEvent' }));
  });
});

describe('the answer', () => {
  it('names the sequence as Kinesis knows it', () => {
    expect(batchResponse('17'.padStart(56, '0'))).toEqual({ batchItemFailures: [{ itemIdentifier: '17' }] });
    expect(batchResponse('0'.repeat(56))).toEqual({ batchItemFailures: [{ itemIdentifier: '0' }] });
  });

  it('is empty for a batch that is done', () => {
    expect(batchResponse(undefined)).toEqual({ batchItemFailures: [] });
  });
});
