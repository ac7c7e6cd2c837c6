import { planFeatures } from '#engine/feature-plan.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Key } from '#spec/manifest.ts';
import type { FeatureType } from '#spec/value-type.ts';
import { callApi } from '../api.ts';
import { type Command, listOption, stringOption } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { table } from '../report/table.ts';
import { loadManifest, repositoryFolder } from '../repository.ts';
import { readTarget } from '../target.ts';

export const onlineGet: Command = {
  name: 'online get',
  summary: 'read features over HTTP as an inference service would',
  usage: [
    'tidemark online get (--service NAME | --features view:feature,...) --entity key=value[,key=value] ... [--request field=value,...]',
    '',
    '--entity    once per entity, up to 100',
    '--request   fields of request sources: once for all, or once per entity',
  ],
  options: {
    service: { type: 'string' },
    features: { type: 'string', multiple: true },
    entity: { type: 'string', multiple: true },
    request: { type: 'string', multiple: true },
  },
  run: async ({ options, output }) => {
    const target = readTarget(stringOption(options, 'target'));
    const manifest = await loadManifest(repositoryFolder(undefined, target));
    const service = stringOption(options, 'service');
    const features = listOption(options, 'features', { isList: true });
    if ((service === undefined) === (features.length === 0))
      throw new TidemarkError('cli.badArguments', 'name either --service or --features');
    const selection = service === undefined ? { features } : { service };
    const plan = planFeatures(manifest, selection);
    const keys: readonly (Key | { name: string; type: FeatureType })[] = plan.entities.flatMap((entity) => entity.keys);
    const entities = listOption(options, 'entity').map((text) => record(text, keys));
    const request = listOption(options, 'request').map((text) => record(text, plan.requestFields));
    const body = `{${[
      service === undefined ? `"features":${JSON.stringify(features)}` : `"service":${JSON.stringify(service)}`,
      `"entities":[${entities.join(',')}]`,
      ...(request.length > 0 ? [`"request":[${request.join(',')}]`] : []),
      '"metadata":["status","eventTime"]',
    ].join(',')}}`;
    const answer = await callApi(target, '/v1/online-features', body);
    output.data(answer, describe(answer as Answer)); // the API's documented shape
    return (answer as Answer).meta.partial ? exitCodes.partial : exitCodes.ok;
  },
};

interface Answer {
  readonly names: readonly string[];
  readonly rows: readonly {
    readonly entity: unknown;
    readonly values: readonly unknown[];
    readonly status: readonly string[];
  }[];
  readonly meta: { readonly asOf: string; readonly partial: boolean };
}

/** `a=1,b=x` as JSON text by the declared types; integers keep every digit. */
function record(text: string, fields: readonly { readonly name: string; readonly type: FeatureType }[]): string {
  const members = text.split(',').map((part) => {
    const [name = '', ...rest] = part.split('=');
    const value = rest.join('=');
    const type = fields.find((field) => field.name === name)?.type ?? 'string';
    const isBare = /^(int|float|bool)/.test(type) && /^(-?\d+(\.\d+)?([eE][+-]?\d+)?|true|false)$/.test(value);
    return `${JSON.stringify(name)}:${isBare ? value : JSON.stringify(value)}`;
  });
  return `{${members.join(',')}}`;
}

const shown = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : JSON.stringify(value, (_, member: unknown) => (typeof member === 'bigint' ? String(member) : member));

function describe({ names, rows, meta }: Answer): string {
  const blocks = rows.map(({ entity, values, status }) =>
    [
      shown(entity),
      table(
        ['feature', 'value', 'status'],
        names.map((name, at) => [name, shown(values[at]), status[at]]),
      ),
    ].join('\n'),
  );
  return `${blocks.join('\n\n')}\n\nas of ${meta.asOf}${meta.partial ? ' (partial: some values could not be read)' : ''}`;
}
