import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { planFeatures } from '#engine/feature-plan.ts';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import { datasetFileName } from '#engine/training-set/dataset-options.ts';
import { listTrainingSets, readDatasetManifest } from '#engine/training-set/datasets.ts';
import { refuseCost } from '#engine/training-set/refuse-cost.ts';
import { refuseUnmatched, unmatchedViews } from '#engine/training-set/refuse-unmatched.ts';
import {
  newTrainingSetId,
  parseTrainingSetRequest,
  planOfRequest,
  selectionOf,
  type TrainingSetMode,
} from '#engine/training-set/request.ts';
import { trainingSetText } from '#engine/training-set/text.ts';
import { parseDuration } from '#semantics/duration.ts';
import { formatInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { objectKeys } from '#spec/layout.ts';
import {
  type Command,
  type CommandContext,
  costOption,
  listOption,
  type OptionValues,
  stringOption,
} from '../command.ts';
import { type Connections, connect } from '../connections.ts';
import { cutOptions, fileOptions, fileUsage, rowOptions, rowUsage } from '../cut-options.ts';
import { assertSucceeded, execute } from '../executions.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type Choice, explainSpine, type Spine } from '../explain-spine.ts';
import { splitLines } from '../report/dataset-splits.ts';
import { Progress } from '../report/progress.ts';
import { byteSize, duration, grouped, table } from '../report/table.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget, type Target } from '../target.ts';

export const selectionOptions = {
  service: { type: 'string' },
  features: { type: 'string', multiple: true },
  lag: { type: 'string' },
  'event-time': { type: 'boolean' },
  'knowledge-time': { type: 'boolean' },
} as const;

export const selectionUsage = [
  '--service NAME | --features view:feature,...',
  '--lag 2h            features as of two hours before each label',
  '--event-time        the classic join: rows count from their event time',
  '--knowledge-time    rows of table views count from their created time',
];

/** Of commands that have a spine. */
export const labelUsage =
  '--label NAME        the column that is the label: its classes are counted (see "training-set show")';

export function choice(options: OptionValues): Choice {
  const service = stringOption(options, 'service');
  const features = listOption(options, 'features', { isList: true });
  if ((service === undefined) === (features.length === 0))
    throw new TidemarkError('cli.badArguments', 'name either --service or --features');
  if (options['event-time'] && options['knowledge-time'])
    throw new TidemarkError('cli.badArguments', '--event-time and --knowledge-time exclude each other');
  const lag = stringOption(options, 'lag');
  const eventTimeColumn = stringOption(options, 'event-time-column');
  const label = stringOption(options, 'label');
  return {
    ...(service === undefined ? { features: [...features] } : { service }),
    mode: mode(options),
    ...(lag === undefined ? {} : { lagMillis: parseDuration(lag) }),
    ...(eventTimeColumn === undefined ? {} : { eventTimeColumn }),
    ...(label === undefined ? {} : { label }),
    ...cutOptions(options),
  };
}

const mode = (options: OptionValues): TrainingSetMode =>
  options['event-time'] ? 'eventTime' : options['knowledge-time'] ? 'knowledgeTime' : 'asServed';

export const trainingSetCreate: Command = {
  name: 'training-set create',
  summary: 'add point-in-time correct features to a spine of labels',
  usage: [
    'tidemark training-set create --spine FILE --service NAME [--out DIR]',
    '',
    '--spine FILE        Parquet or CSV, on this machine or s3://; keys, event time, labels',
    ...selectionUsage,
    '--event-time-column NAME   default: event_timestamp, else event_time',
    labelUsage,
    ...rowUsage,
    ...fileUsage,
    '--out DIR           download the dataset there',
    '--max-cost USD      refuse, before any query is paid for, what would scan for more (see "training-set explain")',
  ],
  options: {
    ...selectionOptions,
    spine: { type: 'string' },
    out: { type: 'string' },
    'event-time-column': { type: 'string' },
    label: { type: 'string' },
    ...rowOptions,
    ...fileOptions,
    'max-cost': { type: 'string' },
    id: { type: 'string' },
  },
  run: (context) => createDataset(context, { spine: spineOption(context.options), chosen: choice(context.options) }),
};

export function spineOption(options: OptionValues): string {
  const spine = stringOption(options, 'spine');
  if (spine === undefined) throw new TidemarkError('cli.badArguments', 'name a spine with --spine FILE');
  return spine;
}

/** Checks a spine as far as that costs nothing, builds its dataset, downloads it to --out, and tells of it. */
export async function createDataset(
  { options, output }: Pick<CommandContext, 'options' | 'output'>,
  { spine, chosen }: { readonly spine: string; readonly chosen: Choice },
): Promise<ExitCode> {
  const target = readTarget(stringOption(options, 'target'));
  const manifest = await loadManifest(repositoryFolder(undefined, target));
  planFeatures(manifest, selectionOf(chosen));
  const connections = connect(target);
  const [what, prefix] = chosen.asOf === undefined ? (['training set', 'ts'] as const) : (['export', 'ex'] as const);
  const id = stringOption(options, 'id') ?? newTrainingSetId(Date.now(), randomBytes(3).toString('hex'), prefix);
  // Everything that can be told without the spine is told before it is uploaded.
  planOfRequest(manifest, parseTrainingSetRequest({ id, spine, ...chosen }));
  const maxCost = costOption(options, 'max-cost');
  const labels = spineOf(spine, target.bucket);
  // A spine in the bucket is checked by the first step of the build; to read it here costs a download.
  if ('file' in labels || maxCost !== undefined) {
    const plan = await explainSpine(connections, { manifest, spine: labels, choice: chosen }).catch(
      (error: unknown) => {
        // one who may start builds need not be allowed to list every source
        if (maxCost !== undefined || !isDenied(error)) throw error;
        output.talk('what is stored could not be looked at beforehand: these credentials may not list it');
        return undefined;
      },
    );
    if (plan) refuseUnmatched(plan);
    for (const sentence of plan ? unmatchedViews(plan) : []) output.talk(`warning: ${sentence}`);
    if (plan && maxCost !== undefined) refuseCost(plan, maxCost);
  }
  const out = stringOption(options, 'out');
  const started = performance.now();
  const dataset = await buildTrainingSet(connections, target, {
    id,
    spine: labels,
    choice: chosen,
    ...(out === undefined ? {} : { out }),
  });
  const at = dataset.asOfMillis === undefined ? '' : ` as of ${formatInstant(dataset.asOfMillis)}`;
  const lines = [
    `${what} ${id}: ${grouped(dataset.rows)} rows${at}, ${dataset.features.length} features, ${byteSize(dataset.bytesScanned)} scanned, ${duration((performance.now() - started) / 1000)}`,
    `  in s3://${target.bucket}/${objectKeys.dataset(id)}`,
    ...splitLines(dataset),
    ...(out === undefined
      ? []
      : [...dataset.files.map(({ name }) => name), 'statistics.json', 'manifest.json'].map(
          (name) => `  ${join(out, name)}`,
        )),
  ];
  output.data(dataset, lines.join('\n'));
  return exitCodes.ok;
}

export function spineOf(spine: string, bucket: string): Spine {
  const own = `s3://${bucket}/`;
  if (spine.startsWith(own)) return { key: spine.slice(own.length) };
  if (spine.startsWith('s3://'))
    throw new TidemarkError(
      'cli.spineElsewhere',
      `the spine must be in the deployment's bucket, got ${spine}; copy it under ${own}, or pass a local file`,
    );
  if (!existsSync(spine)) throw new TidemarkError('cli.noSuchFile', `no spine file ${spine}`, { kind: 'notFound' });
  return { file: spine };
}

/** Builds a training set, shown while it goes on, and downloads it where `out` says. Throws the build's own error. */
export async function buildTrainingSet(
  connections: Connections,
  target: Target,
  request: { readonly id: string; readonly spine: Spine; readonly choice: Choice; readonly out?: string },
): Promise<DatasetManifest> {
  const { id, spine, choice: chosen, out } = request;
  const progress = new Progress(`training set ${id}`);
  progress.show('uploading the spine');
  const key = 'key' in spine ? spine.key : `${objectKeys.training(id)}input/${basename(spine.file)}`;
  if ('file' in spine) await connections.upload(key, spine.file);
  const execution = await execute(target.trainingSetStateMachine, { id, spine: key, ...chosen }, async () => {
    const record = await connections.records.get('training-set', id);
    progress.show(String(record?.body.step ?? 'starting'));
  });
  progress.end();
  assertSucceeded(execution, `training set ${id}`);
  if (out !== undefined) await download(connections, id, out);
  return await readDatasetManifest(connections.objects, id);
}

async function download({ objects }: Connections, id: string, folder: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  for await (const { key } of objects.list(objectKeys.dataset(id))) {
    const name = key.slice(objectKeys.dataset(id).length);
    const stored = datasetFileName.test(name) ? await objects.get(key) : undefined;
    if (!stored) continue;
    const file = join(folder, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, stored.body);
  }
}

export const trainingSetList: Command = {
  name: 'training-set list',
  summary: 'list finished training sets',
  usage: ['tidemark training-set list'],
  options: {},
  run: async ({ options, output }) => {
    const sets = await listTrainingSets(connect(readTarget(stringOption(options, 'target'))).objects);
    output.data(
      sets,
      sets.length === 0
        ? 'no training sets yet'
        : table(
            ['id', 'rows', 'features', 'content', 'pinned'],
            sets.map(({ id, rows, features, datasetId, pinned }) => [
              id,
              rows,
              features.length,
              datasetId.slice(0, 12),
              pinned ? 'yes' : 'no',
            ]),
          ),
    );
    return exitCodes.ok;
  },
};

export const trainingSetSqlCommand: Command = {
  name: 'training-set sql',
  summary: 'print the Athena statement of a training set, to paste',
  usage: ['tidemark training-set sql --service NAME', '', ...selectionUsage],
  options: selectionOptions,
  run: async ({ options, output }) => {
    const target = readTarget(stringOption(options, 'target'));
    const manifest = await loadManifest(repositoryFolder(undefined, target));
    const sql = trainingSetText(manifest, { database: target.database, ...choice(options) });
    output.data({ sql }, sql);
    return exitCodes.ok;
  },
};

/** S3 answers with either name, by operation. */
const isDenied = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'AccessDenied' || error.name === 'Forbidden');
