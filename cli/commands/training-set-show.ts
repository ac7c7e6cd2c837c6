import { writeFileSync } from 'node:fs';
import type { DatasetManifest } from '#engine/training-set/dataset-manifest.ts';
import { findDatasetStatistics } from '#engine/training-set/dataset-statistics.ts';
import { readDatasetManifest } from '#engine/training-set/datasets.ts';
import { getTrainingSetRecord } from '#engine/training-set/training-set-record.ts';
import { formatInstant } from '#semantics/time.ts';
import { durationText } from '#spec/duration-text.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type Command, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { exitCodes } from '../exit-codes.ts';
import { splitLines } from '../report/dataset-splits.ts';
import { datasetStatisticsText } from '../report/dataset-statistics.ts';
import { datasetStatisticsHtml } from '../report/dataset-statistics-html.ts';
import { byteSize, grouped } from '../report/table.ts';
import { modeTexts } from '../report/training-set-plan.ts';
import { readTarget } from '../target.ts';

export const trainingSetShow: Command = {
  name: 'training-set show',
  summary: 'show a training set: where its values come from, statistics of its columns, balance of its label',
  usage: [
    'tidemark training-set show <id>',
    '',
    '--html FILE         write the statistics as a page that needs nothing else',
    '--json              the manifest, with `statistics` in full',
  ],
  options: { html: { type: 'string' } },
  run: async ({ positionals, options, output }) => {
    const [id] = positionals;
    if (id === undefined)
      throw new TidemarkError('cli.badArguments', 'name a training set; "tidemark training-set list" lists them');
    const html = stringOption(options, 'html');
    const { objects, records } = connect(readTarget(stringOption(options, 'target')));
    const record = await getTrainingSetRecord(records, id);
    // A build that has not succeeded has no manifest: its record says how far it is, or why it failed.
    if (record && record.state !== 'succeeded' && record.state !== 'deleted') {
      if (html !== undefined)
        throw new TidemarkError('cli.badArguments', `training set ${id} is ${record.state} and has no statistics yet`);
      output.data(record, JSON.stringify(record, null, 2));
      return exitCodes.ok;
    }
    const manifest = await readDatasetManifest(objects, id);
    const statistics = await findDatasetStatistics(objects, manifest);
    if (html !== undefined) {
      if (!statistics)
        throw new TidemarkError('cli.noStatistics', `training set ${id} was built without statistics; build it again`, {
          kind: 'notFound',
        });
      writeFileSync(html, datasetStatisticsHtml(headline(manifest), statistics));
      output.talk(`statistics written to ${html}`);
    }
    output.data(
      { ...manifest, ...(statistics ? { statistics } : {}) },
      [
        ...headline(manifest),
        '',
        statistics ? datasetStatisticsText(statistics) : 'built without statistics of its columns',
      ].join('\n'),
    );
    return exitCodes.ok;
  },
};

/** What the dataset is and what it was made from, a line each. */
function headline(manifest: DatasetManifest): string[] {
  const { id, rows, features, files, service, spine, lagMillis, mode, asOfMillis } = manifest;
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const lag = lagMillis === 0 ? '' : `, ${durationText(lagMillis)} before each label`;
  const at = asOfMillis === undefined ? lag : `, all as of ${formatInstant(asOfMillis)}`;
  const of = service ? `service ${service.name}@${service.version}` : 'a list of features';
  return [
    `training set ${id}: ${grouped(rows)} rows, ${features.length} features, ${grouped(files.length)} ${files.length === 1 ? 'file' : 'files'} of ${byteSize(bytes)}`,
    `  ${of}, ${modeTexts[mode]}${at}; spine ${spine.key}; definitions ${manifest.definitionsHash.slice(0, 12)}`,
    `  request ${manifest.requestId.slice(0, 12)}, content ${manifest.datasetId.slice(0, 12)}${manifest.pinned ? '' : '; not pinned: what was read changed meanwhile'}`,
    ...(manifest.vectorHash === undefined ? [] : [`  vector hash ${manifest.vectorHash}`]),
    ...splitLines(manifest),
  ];
}
