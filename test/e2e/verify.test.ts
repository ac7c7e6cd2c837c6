import { DynamoDBClient, GetItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { beforeAll, expect, it } from 'vitest';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';
import { runCli } from '../support/run-cli.ts';

interface Report {
  readonly entities: number;
  readonly checked: number;
  readonly mismatchCount: number;
  readonly mismatches: readonly {
    readonly entity: unknown;
    readonly feature: string;
    readonly offline: { readonly value: unknown; readonly status: string };
    readonly served: { readonly value: unknown; readonly status: string };
  }[];
  readonly statuses: Readonly<Record<string, number>>;
  readonly presentShare: number;
}

let flights: DeployedFlights;
beforeAll(async () => {
  flights = await deployedFlights();
});

async function verify(...words: string[]): Promise<{ exitCode: number | null; reports: readonly Report[] }> {
  const run = await runCli(['verify', ...words, '--target', flights.targetName, '--json']);
  expect(run.stdout, run.stderr).not.toBe('');
  const reports = JSON.parse(run.stdout) as Record<string, Report>; // the command's documented shape
  return { exitCode: run.exitCode, reports: Object.values(reports) };
}

it('finds every served value of every entity equal to the offline row of the same instant', async () => {
  const { exitCode, reports } = await verify();
  const sum = (count: (report: Report) => number): number =>
    reports.reduce((total, report) => total + count(report), 0);
  expect(reports.flatMap(({ mismatches }) => mismatches)).toEqual([]);
  expect(exitCode).toBe(0);
  expect(sum(({ entities }) => entities)).toBeGreaterThan(4_000);
  expect(sum(({ checked }) => checked)).toBeGreaterThan(100_000);
  expect(sum(({ checked, presentShare }) => checked * presentShare) / sum(({ checked }) => checked)).toBeGreaterThan(
    0.5,
  );
  for (const status of ['PRESENT', 'MISSING', 'EXPIRED', 'DEFAULT'])
    expect(
      sum(({ statuses }) => statuses[status] ?? 0),
      status,
    ).toBeGreaterThan(0);
});

it('finds exactly the one value that was changed behind its back', async () => {
  const client = new DynamoDBClient({});
  const item = {
    TableName: flights.target.table,
    Key: { pk: { S: '1|carrier|s2:UA|' }, sk: { S: 'carrier_departures@1' } },
  };
  const write = (packed: string): Promise<unknown> =>
    client.send(
      new UpdateItemCommand({
        ...item,
        UpdateExpression: 'SET v = :v',
        ExpressionAttributeValues: { ':v': { S: packed } },
      }),
    );
  const { Item } = await client.send(new GetItemCommand(item));
  const packed = Item?.v?.S ?? '';
  const row = JSON.parse(packed.slice(8)) as unknown[]; // layout id, then [event time, deleted, marks, ...values]
  const features = flights.manifest.views.find(({ name }) => name === 'carrier_departures')?.features ?? [];
  const at = 3 + features.findIndex(({ name }) => name === 'departures_7d');
  const right = Number(row[at]);
  row[at] = String(right + 1);
  try {
    await write(packed.slice(0, 8) + JSON.stringify(row));
    const { exitCode, reports } = await verify('carrier_departures');
    expect(exitCode).toBe(1);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ mismatchCount: 1 });
    expect(reports[0]?.entities).toBeGreaterThanOrEqual(16);
    expect(reports[0]?.mismatches).toEqual([
      {
        entity: { carrier: 'UA' },
        feature: 'carrier_departures__departures_7d',
        offline: { value: String(right), status: 'PRESENT' },
        served: { value: String(right + 1), status: 'PRESENT' },
      },
    ]);
  } finally {
    await write(packed);
  }
  expect((await verify('carrier_departures')).exitCode).toBe(0);
});
