// F57: encodings by type keep files to a quarter of their CSV
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { writeCsv } from '#codec/csv-write.ts';
import { bytesSource, openParquet, readColumns } from '#codec/parquet-read.ts';
import { type TypedColumn, writeParquet } from '#codec/parquet-write.ts';

const sampleRows = 10_000;

/** The first rows of a file of the flights example, as typed columns. */
async function sampleOf(name: string): Promise<readonly TypedColumn[]> {
  const bytes = readFileSync(new URL(`../../../examples/flights/data/${name}.parquet`, import.meta.url));
  const file = await openParquet(bytesSource(bytes));
  const values = await readColumns(
    file,
    file.columns.map(({ name: column }) => ({ name: column })),
    { rowEndExclusive: sampleRows },
  );
  return file.columns.map((column, index) => ({
    name: column.name,
    type: column.type ?? expect.fail(`${name} has a column of no type`),
    values: values[index] ?? [],
  }));
}

// Of the sources: what features are made of. The spine is a random draw, whose ids and times have nothing in common with their neighbours: 0.26.
it.each(['departures', 'weather', 'planes'])(
  'a Parquet file of %s takes at most a quarter of its CSV',
  async (name) => {
    const columns = await sampleOf(name);
    expect(columns[0]?.values.length).toBeGreaterThan(3000);
    expect(writeParquet(columns).byteLength / writeCsv(columns).byteLength).toBeLessThanOrEqual(0.25);
  },
);

it('writes a column of few texts as a dictionary: under a tenth of its CSV', async () => {
  const origins = (await sampleOf('departures')).filter(({ name }) => name === 'origin');
  expect(writeParquet(origins).byteLength / writeCsv(origins).byteLength).toBeLessThan(0.1);
});
