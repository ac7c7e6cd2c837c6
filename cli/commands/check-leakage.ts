import { randomBytes } from 'node:crypto';
import { findPredictors, type PredictorReport } from '#engine/leakage/find-predictors.ts';
import { findRows, type RowsReport } from '#engine/leakage/find-rows.ts';
import type { Leak, LeakExample, LeakKind } from '#engine/leakage/leak.ts';
import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Value } from '#spec/value-type.ts';
import { type Command, countOption, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { openDataset } from '../dataset.ts';
import { exitCodes } from '../exit-codes.ts';
import { Progress } from '../report/progress.ts';
import { grouped, table } from '../report/table.ts';
import { valueText } from '../report/value-text.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';

const defaultRows = 100_000;

export const checkLeakage: Command = {
  name: 'check leakage',
  summary: 'look in a training set for features that know the label',
  usage: [
    'tidemark check leakage --dataset <id | folder> --label COLUMN [--rows N] [--values-only]',
    '',
    '--dataset       a training set of the deployment, or the folder of one that was downloaded',
    '--label         the column to predict: a number, or 2 to 50 classes',
    `--rows          ask the offline store for the feature rows of at most N labels, evenly spread (default ${defaultRows})`,
    '--values-only   do not ask it: look at the values alone; of a folder this needs no deployment',
    'exit code 1 when something is found',
  ],
  options: {
    dataset: { type: 'string' },
    label: { type: 'string' },
    rows: { type: 'string' },
    'values-only': { type: 'boolean' },
  },
  run: async ({ options, output }) => {
    const named = stringOption(options, 'dataset');
    const label = stringOption(options, 'label');
    if (named === undefined || label === undefined)
      throw new TidemarkError('cli.badArguments', 'name a training set with --dataset and its label with --label');
    const sampleRows = countOption(options, 'rows') ?? defaultRows;
    const targetName = stringOption(options, 'target');
    const progress = new Progress('check leakage');
    progress.show('reading the values');
    const dataset = await openDataset(() => connect(readTarget(targetName)).objects, named);
    const predictors = await findPredictors(dataset, label);
    let rows: RowsReport = { rows: 0, leaks: [], notes: ['the feature rows were not looked at (--values-only)'] };
    if (options['values-only'] !== true) {
      progress.show('asking the offline store');
      const target = readTarget(targetName);
      const manifest = await loadManifest(repositoryFolder(undefined, target));
      const { objects, sql } = connect(target);
      const ports = { manifest, database: target.database, objects, sql };
      rows = await findRows(ports, dataset, { sampleRows, id: randomBytes(4).toString('hex') });
    }
    progress.end();
    const leaks = [...rows.leaks, ...predictors.leaks];
    const report = {
      dataset: dataset.manifest.id,
      label: { column: label, ...predictors.label },
      rows: predictors.rows,
      rowsAsked: rows.rows,
      leaks: leaks.map(forMachines),
      notes: rows.notes,
    };
    output.data(report, describe({ label, predictors, rows, leaks }));
    return leaks.length > 0 ? exitCodes.failedCheck : exitCodes.ok;
  },
};

const sentences: Readonly<Record<LeakKind, string>> = {
  perfectPredictor: 'the value alone decides the label',
  suspiciousPredictor: 'the value alone nearly decides the label',
  nullPattern: 'whether there is a value decides the label',
  ownEvent: 'the value holds what happened at the very instant of the label, to the same entity',
  notYetAvailable: 'serving could not have had the row at the time of the label',
  createdAfterLabel: 'the row was written or corrected after the label; what was known then differs',
  notAsJoined: 'the dataset has another value than the point-in-time join gives now',
};

const textOf = (value: Value | undefined): string => (value === undefined ? '' : valueText(value));

/** Times as ISO texts; the rest as it is. */
function forMachines(leak: Leak): object {
  return { ...leak, meaning: sentences[leak.kind], examples: leak.examples.map(exampleForMachines) };
}

function exampleForMachines({ labelMillis, eventMillis, createdMillis, ...rest }: LeakExample): object {
  return {
    ...rest,
    ...(labelMillis === undefined ? {} : { labelTime: formatInstant(labelMillis) }),
    ...(eventMillis === undefined ? {} : { eventTime: formatInstant(eventMillis) }),
    ...(createdMillis === undefined ? {} : { createdTime: formatInstant(createdMillis) }),
  };
}

interface Described {
  readonly label: string;
  readonly predictors: PredictorReport;
  readonly rows: RowsReport;
  readonly leaks: readonly Leak[];
}

function describe({ label, predictors, rows, leaks }: Described): string {
  const kind = predictors.label.kind === 'number' ? 'a number' : `${predictors.label.classes.length} classes`;
  const looked = `${label}: ${kind}, ${grouped(predictors.rows)} rows; feature rows of ${grouped(rows.rows)} labels`;
  const found =
    leaks.length === 0
      ? ['no leak found']
      : [table(['leak', 'features', 'rows', 'of', 'measure'], leaks.map(line)), ...leaks.map(explained)];
  return [looked, '', ...found, ...rows.notes.map((note) => `note: ${note}`)].join('\n');
}

const shownFeatures = 3;
function line({ kind, features, rows, ofRows, measure }: Leak): (string | number)[] {
  const more = features.length > shownFeatures ? ` and ${features.length - shownFeatures} more` : '';
  const shown = `${features.slice(0, shownFeatures).join(', ')}${more}`;
  return [kind, shown, rows, ofRows, measure ? `${measure.name} ${measure.value.toFixed(4)}` : ''];
}

function explained({ kind, features, examples }: Leak): string {
  return [
    `\n${kind} ${features[0] ?? ''}: ${sentences[kind]}`,
    ...examples.map((example) => {
      const { row, entity, labelMillis, eventMillis, createdMillis, value, expected } = example;
      const keys = Object.entries(entity ?? {}).map(([name, key]) => `${name}=${textOf(key)}`);
      return [
        `  row ${row}`,
        ...(keys.length > 0 ? [keys.join(',')] : []),
        ...(labelMillis === undefined ? [] : [`label ${formatInstant(labelMillis)}`]),
        ...(eventMillis === undefined ? [] : [`feature row ${formatInstant(eventMillis)}`]),
        ...(createdMillis === undefined || createdMillis === eventMillis
          ? []
          : [`created ${formatInstant(createdMillis)}`]),
        ...(value === undefined ? [] : [`has ${textOf(value)}, should have ${textOf(expected)}`]),
      ].join('; ');
    }),
  ].join('\n');
}
