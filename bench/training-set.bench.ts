import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bytesSource, openParquet, readRawColumns } from '#codec/parquet-read.ts';
import { writeParquet } from '#codec/parquet-write.ts';
import { startLocalCloud, stopLocalCloud } from '#localstack/local-cloud.ts';
import { buildTrainingSet } from '../cli/commands/training-set.ts';
import { connect } from '../cli/connections.ts';
import { quickstart } from '../cli/quickstart/quickstart.ts';
import { readTarget } from '../cli/target.ts';
import { type BenchResult, withoutOutput } from './bench.ts';

/** How often the 20,000 labels of the flights stand in the spine. */
const copies = Number(process.env.TIDEMARK_BENCH_SPINE_COPIES ?? 10);
const cloudName = `bench-${process.pid}`;

/** The flights on a local cloud of its own, then one training set of all 30 features of the service: staging, join, finishing, everything. */
export async function run(): Promise<readonly BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tidemark-bench-'));
  const targetName = cloudName;
  try {
    const startCloud = () => startLocalCloud({ name: cloudName, port: 0 });
    await withoutOutput(() => quickstart({ folder, targetName, startCloud }));
    const target = readTarget(targetName);
    const file = join(folder, 'spine-large.parquet');
    writeFileSync(file, await repeated(readFileSync(join(folder, 'spine.parquet')), copies));
    const startedAt = performance.now();
    const { rows } = await buildTrainingSet(connect(target), target, {
      id: `bench-${Date.now()}`,
      spine: { file },
      choice: { service: 'delay_model' },
    });
    const seconds = (performance.now() - startedAt) / 1000;
    return [
      { name: 'training set: rows', value: rows, unit: 'rows' },
      {
        name: 'training set: rows per second, 30 features over 1.1 M feature rows',
        value: rows / seconds,
        unit: 'rows/s',
      },
    ];
  } finally {
    await stopLocalCloud(cloudName);
    rmSync(folder, { recursive: true, force: true });
  }
}

async function repeated(bytes: Uint8Array, times: number): Promise<Uint8Array> {
  const file = await openParquet(bytesSource(bytes));
  const columns = await readRawColumns(
    file,
    file.columns.map(({ name }) => name),
  );
  return writeParquet(
    columns.map((column) => ({ ...column, values: Array.from({ length: times }, () => column.values).flat() })),
  );
}
