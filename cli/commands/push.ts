import { createReadStream, existsSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { TidemarkError } from '#spec/errors.ts';
import { callApi } from '../api.ts';
import { type Command, stringOption } from '../command.ts';
import { type ExitCode, exitCodes } from '../exit-codes.ts';
import { type PushReport, pushBatches } from '../push/push-batches.ts';
import { readBatches } from '../push/read-batches.ts';
import { Progress } from '../report/progress.ts';
import { grouped } from '../report/table.ts';
import { readTarget } from '../target.ts';

/** Problems that people are shown; --json lists more. */
const shownProblems = 20;

export const push: Command = {
  name: 'push',
  summary: 'push events into the stream of a source',
  usage: [
    'tidemark push <source> --file events.jsonl | -',
    '',
    '--file   one JSON object per line; - reads standard input',
    'exit code 2 when no line could be accepted, 8 when some could not, with their line numbers',
  ],
  options: { file: { type: 'string' } },
  run: async ({ positionals, options, output }) => {
    const [source, ...more] = positionals;
    const file = stringOption(options, 'file');
    if (source === undefined || more.length > 0 || file === undefined)
      throw new TidemarkError(
        'cli.badArguments',
        'name one source and a file, as in "tidemark push departures --file events.jsonl"',
      );
    if (file !== '-' && !(existsSync(file) && !statSync(file).isDirectory()))
      throw new TidemarkError('cli.noSuchFile', `no file ${file}`, { kind: 'notFound' });
    const target = readTarget(stringOption(options, 'target'));
    const totalBytes = file === '-' ? 0 : statSync(file).size;
    const input = file === '-' ? process.stdin : createReadStream(file);
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    const progress = new Progress(`push ${source}`);
    const report = await pushBatches(readBatches(lines), {
      send: (body) => callApi(target, `/v1/push/${encodeURIComponent(source)}`, body),
      onBatch: ({ accepted }, { bytesRead }) =>
        totalBytes === 0
          ? progress.show(`${grouped(accepted)} events`)
          : progress.show('percent of the file', Math.min(100, Math.floor((100 * bytesRead) / totalBytes)), 100),
    });
    const seconds = progress.end();
    output.data({ source, ...report, seconds }, describe(source, report, seconds));
    return exitCodeOf(report);
  },
};

function exitCodeOf({ accepted, rejected, failed }: PushReport): ExitCode {
  if (rejected + failed === 0) return exitCodes.ok;
  if (accepted > 0) return exitCodes.partial;
  return rejected > 0 ? exitCodes.usage : exitCodes.failed;
}

function describe(source: string, report: PushReport, seconds: number): string {
  const { accepted, rejected, failed, problems, delivery } = report;
  const counts = [
    `${grouped(accepted)} accepted`,
    ...(rejected > 0 ? [`${grouped(rejected)} rejected`] : []),
    ...(failed > 0 ? [`${grouped(failed)} not taken by the stream`] : []),
  ];
  const promise =
    delivery === 'exactlyOnce' ? 'each counts once, even if pushed again' : 'one that is pushed again counts again';
  const shown = problems.slice(0, shownProblems).map(({ line, message }) => `line ${line}: ${message}`);
  const hidden = rejected + failed - shown.length;
  return [
    `${source}: ${counts.join(', ')} in ${seconds.toFixed(1)} s${accepted > 0 ? `; ${promise}` : ''}`,
    ...shown,
    ...(hidden > 0 ? [`and ${grouped(hidden)} more lines`] : []),
  ].join('\n');
}
