import { existsSync, readFileSync } from 'node:fs';
import { type QuarantineReason, quarantineReasons } from '#engine/ingest/accept-record.ts';
import { readEntry } from '#engine/ingest/quarantine.ts';
import {
  type ListedEntry,
  listQuarantine,
  type QuarantineFilter,
  type ReplayOutcome,
  replayEntry,
} from '#engine/ingest/quarantine-replay.ts';
import { parseInstant } from '#semantics/time.ts';
import { TidemarkError } from '#spec/errors.ts';
import { findStreamSource } from '#spec/find.ts';
import type { Manifest, StreamSource } from '#spec/manifest.ts';
import { systemClock } from '#store/clock.ts';
import type { Objects } from '#store/objects.ts';
import { type Command, countOption, type OptionValues, stringOption } from '../command.ts';
import { connect } from '../connections.ts';
import { exitCodes } from '../exit-codes.ts';
import { streamOpener } from '../open-stream.ts';
import { table } from '../report/table.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget, type Target } from '../target.ts';

const defaultLimit = 100;
const filterOptions = { from: { type: 'string' }, to: { type: 'string' }, reason: { type: 'string' } } as const;
const filterUsage = [
  '--from, --to 2026-11-21   UTC dates on which the records arrived, both inclusive',
  `--reason REASON           ${quarantineReasons.join(' | ')}`,
];

export const quarantineList: Command = {
  name: 'quarantine list',
  summary: 'list records of a stream that could not be accepted: reason, position, payload',
  usage: [
    'tidemark quarantine list <source> [--from DATE] [--to DATE] [--reason REASON] [--replayed] [--limit N]',
    '',
    ...filterUsage,
    '--replayed                those that have been replayed too',
    `--limit N                 at most so many, oldest first (default ${defaultLimit})`,
  ],
  options: { ...filterOptions, replayed: { type: 'boolean' }, limit: { type: 'string' } },
  run: async ({ positionals, options, output }) => {
    const { source, objects } = await open(positionals, options);
    const limit = countOption(options, 'limit') ?? defaultLimit;
    const filter = { ...readFilter(options), withReplayed: options.replayed === true };
    const found = await listed(objects, source, { filter, limit });
    const data = found.map(({ id, entry, state, replay }) => ({ id, state, ...entry, ...(replay ? { replay } : {}) }));
    output.data(data, found.length === 0 ? `nothing of ${source.name} in quarantine` : table(header, found.map(row)));
    return exitCodes.ok;
  },
};

const header = ['id', 'state', 'arrival', 'reason', 'detail', 'payload'];
const shownPayload = 60;
const row = ({ id, state, entry }: ListedEntry): string[] => {
  const payload = entry.payload.replaceAll(/\s+/g, ' ');
  const shown = payload.length > shownPayload ? `${payload.slice(0, shownPayload)}...` : payload;
  return [id, state, entry.arrival, entry.reason, entry.detail, shown];
};

export const quarantineReplay: Command = {
  name: 'quarantine replay',
  summary: 'put quarantined records back into their stream, as they are or corrected',
  usage: [
    'tidemark quarantine replay <source> <id>... [--again]',
    'tidemark quarantine replay <source> <id> --file corrected.json',
    'tidemark quarantine replay <source> --all [--from DATE] [--to DATE] [--reason REASON]',
    '',
    '<id>                      as "quarantine list" shows it: date/shard/sequence',
    '--file F                  puts the JSON event of this file in the place of the record; it must be acceptable',
    '--all                     every record that waits, or those that the filters name',
    ...filterUsage,
    '--again                   those of which a replay had begun before too: the record may be in the stream twice then',
    '',
    'a replayed record arrives anew; what still cannot be accepted is quarantined at its new position',
  ],
  options: { ...filterOptions, file: { type: 'string' }, all: { type: 'boolean' }, again: { type: 'boolean' } },
  run: async ({ positionals, options, output }) => {
    const file = stringOption(options, 'file');
    const ids = positionals.slice(1);
    if ((ids.length === 0) !== (options.all === true) || (file !== undefined && ids.length !== 1))
      throw new TidemarkError(
        'cli.badArguments',
        'name the records by id, or --all of them; with --file exactly one id; "tidemark quarantine list <source>" shows the ids',
      );
    const opened = await open(positionals, options);
    const { manifest, source, objects, target } = opened;
    const filter = readFilter(options);
    const chosen =
      ids.length > 0
        ? await Promise.all(ids.map((id) => readEntry(objects, source, id)))
        : (await listed(objects, source, { filter, limit: Number.POSITIVE_INFINITY })).map(({ entry }) => entry);
    const ports = { manifest, objects, stream: streamOpener(target)(source), clock: systemClock };
    const corrected = file === undefined ? {} : { corrected: readCorrection(file) };
    const results: { readonly id: string; readonly outcome: ReplayOutcome }[] = [];
    for (const entry of chosen) {
      const outcome = await replayEntry(ports, { source, entry, isAgain: options.again === true, ...corrected });
      results.push({ id: `${entry.arrival.slice(0, 10)}/${entry.shard}/${entry.sequence}`, outcome });
    }
    const data = results.map(({ id, outcome: { kind, ...facts } }) => ({ id, result: kind, ...facts }));
    output.data(data, results.length === 0 ? 'nothing waits in quarantine' : results.map(line).join('\n'));
    return results.every(({ outcome }) => outcome.kind === 'replayed') ? exitCodes.ok : exitCodes.partial;
  },
};

function line({ id, outcome }: { readonly id: string; readonly outcome: ReplayOutcome }): string {
  if (outcome.kind === 'replayed') return `${id}: replayed, now ${outcome.shard} ${outcome.sequence}`;
  if (outcome.kind === 'failed') return `${id}: the stream did not take it (${outcome.reason}); replay it again`;
  const { at, startedAt } = outcome.replay;
  return at === undefined
    ? `${id}: a replay that began ${startedAt} was cut off or goes on; if its event is missing, replay it with --again`
    : `${id}: replayed before, ${at}; --again does it once more`;
}

interface Opened {
  readonly target: Target;
  readonly manifest: Manifest;
  readonly source: StreamSource;
  readonly objects: Objects;
}

async function open([name]: readonly string[], options: OptionValues): Promise<Opened> {
  if (name === undefined)
    throw new TidemarkError('cli.badArguments', 'name a stream source, as in "tidemark quarantine list departures"');
  const target = readTarget(stringOption(options, 'target'));
  const manifest = await loadManifest(repositoryFolder(undefined, target));
  return { target, manifest, source: findStreamSource(manifest, name), objects: connect(target).objects };
}

async function listed(
  objects: Objects,
  source: StreamSource,
  { filter, limit }: { readonly filter: QuarantineFilter; readonly limit: number },
): Promise<ListedEntry[]> {
  const found: ListedEntry[] = [];
  for await (const entry of listQuarantine(objects, source, filter)) {
    if (found.push(entry) >= limit) break;
  }
  return found;
}

function readFilter(options: OptionValues): QuarantineFilter {
  const from = dateOption(options, 'from');
  const to = dateOption(options, 'to');
  const text = stringOption(options, 'reason');
  const reason: QuarantineReason | undefined = quarantineReasons.find((known) => known === text);
  if (text !== undefined && reason === undefined)
    throw new TidemarkError('cli.badArguments', `--reason must be one of ${quarantineReasons.join(', ')}, got ${text}`);
  return {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    ...(reason === undefined ? {} : { reason }),
  };
}

function dateOption(options: OptionValues, name: string): string | undefined {
  const text = stringOption(options, name);
  if (text === undefined) return undefined;
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text))
    throw new TidemarkError('cli.badArguments', `--${name} must be a UTC date as 2026-11-21, got ${text}`);
  parseInstant(`${text}T00:00:00Z`); // a day that exists
  return text;
}

function readCorrection(file: string): Uint8Array {
  if (!existsSync(file)) throw new TidemarkError('cli.noSuchFile', `no file ${file}`, { kind: 'notFound' });
  return readFileSync(file);
}
