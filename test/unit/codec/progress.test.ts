import { expect, it } from 'vitest';
import { emptyProgress, type Progress, packProgress, unpackProgress } from '#codec/progress.ts';

const sequence = (digits: string): string => digits.padStart(56, '0');
const progress: Progress = {
  run: 3,
  hasHistory: true,
  shards: new Map([
    [
      'shardId-000000000001',
      {
        sequence: sequence('49545115243490985018280067714973144582180062593244200961'),
        arrivalMillis: 1_795_348_800_000,
        recent: [
          { fingerprint: 0n, eventTimeMillis: 1_795_348_800_000 },
          { fingerprint: 2n ** 62n - 1n, eventTimeMillis: 1_795_348_700_123 },
        ],
      },
    ],
    ['shardId-000000000002', { sequence: sequence('0'), arrivalMillis: 5, recent: [] }],
  ]),
};

it('survives its text', () => {
  expect(unpackProgress(packProgress(progress))).toEqual(progress);
  expect(unpackProgress(packProgress(emptyProgress))).toEqual(emptyProgress);
});

it('is short: sequences without their zeros, times of events before the arrival', () => {
  expect(packProgress(progress)).toBe(
    '[3,1,["shardId-000000000001","49545115243490985018280067714973144582180062593244200961",1795348800000,' +
      '"AAAAAAAAAAA",0,"_____D_____",99877],["shardId-000000000002","0",5]]',
  );
});

it.each(['', '{}', '[]', '[1,2]', '[1,0,["s","1"]]', '[1,0,["s","1",5,"?",0]]'])(
  'fails when it cannot have been written: %s',
  (text) => {
    expect(() => unpackProgress(text)).toThrow(expect.objectContaining({ code: 'codec.unreadableProgress' }));
  },
);
