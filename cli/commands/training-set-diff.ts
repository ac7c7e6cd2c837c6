import { readDatasetManifest } from '#engine/training-set/datasets.ts';
import { type DatasetDiff, diffDatasets } from '#engine/training-set/diff-datasets.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Value } from '#spec/value-type.ts';
import { type Command, countOption, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { exitCodes } from '../exit-codes.ts';
import { grouped, table } from '../report/table.ts';
import { readTarget } from '../target.ts';

const defaultExamples = 20;

export const trainingSetDiff: Command = {
  name: 'training-set diff',
  summary: 'which rows and columns differ between two training sets of one spine',
  usage: ['tidemark training-set diff <id> <other id>', '', `--limit N    values to show; default ${defaultExamples}`],
  options: { limit: { type: 'string' } },
  run: async ({ positionals, options, output }) => {
    const [first, second] = positionals;
    if (first === undefined || second === undefined)
      throw new TidemarkError('cli.badArguments', 'name two training sets; "tidemark training-set list" lists them');
    const { objects } = connect(readTarget(stringOption(options, 'target')));
    const diff = await diffDatasets(objects, {
      first: await readDatasetManifest(objects, first),
      second: await readDatasetManifest(objects, second),
      maximumExamples: countOption(options, 'limit') ?? defaultExamples,
    });
    const shown = diff.examples.map((example) => ({
      ...example,
      first: valueText(example.first),
      second: valueText(example.second),
    }));
    output.data({ ...diff, examples: shown }, diffText(diff));
    const { onlyInFirst, onlyInSecond, retyped, changed } = diff;
    const isSame = [onlyInFirst, onlyInSecond, retyped, changed].every(({ length }) => length === 0);
    return isSame ? exitCodes.ok : exitCodes.changesPresent;
  },
};

function diffText({ rows, onlyInFirst, onlyInSecond, retyped, changed, examples }: DatasetDiff): string {
  const columns = [
    ...onlyInFirst.map((name) => `- ${name}`),
    ...onlyInSecond.map((name) => `+ ${name}`),
    ...retyped.map((name) => `~ ${name}: another type`),
    ...changed.map((column) => `~ ${column.column}: ${grouped(column.rows)} of ${grouped(rows)} rows`),
  ];
  if (columns.length === 0) return `no differences in ${grouped(rows)} rows`;
  if (examples.length === 0) return columns.join('\n');
  const values = examples.map(({ row, column, first, second }) => [row, column, valueText(first), valueText(second)]);
  return [...columns, '', table(['row', 'column', 'first', 'second'], values)].join('\n');
}

/** A value as text that tells it from every other of its type: -0, NaN and long integers too. */
function valueText(value: Value): string {
  if (value === null) return 'null';
  if (Object.is(value, -0)) return '-0';
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return `[${value.map(valueText).join(', ')}]`;
  return typeof value === 'string' ? JSON.stringify(value) : String(value);
}
