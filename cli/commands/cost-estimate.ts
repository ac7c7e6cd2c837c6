import { readFileSync } from 'node:fs';
import { loadRepository } from '#define/node/load-repository.ts';
import { defaultPrices, type Prices, pricesSchema } from '#engine/cost/prices.ts';
import { type ServingCost, type ServingSetup, servingCost } from '#engine/cost/serving-cost.ts';
import { itemsOfViews, loadOfService, type ServingLoad } from '#engine/cost/serving-load.ts';
import { maximumFeatures } from '#engine/feature-plan.ts';
import { TidemarkError } from '#spec/errors.ts';
import { type Command, countOption, type OptionValues, stringOption } from '../command.ts';
import { exitCodes } from '../exit-codes.ts';
import { grouped, table } from '../report/table.ts';
import { repositoryFolder } from '../repository.ts';

const maximumEntities = 100;
const defaultMemoryMb = 1024;

export const costEstimate: Command = {
  name: 'cost estimate',
  summary: 'what a month of serving a load would cost, before anything is deployed',
  usage: [
    'tidemark cost estimate --rate N (--service NAME | --features N [--views N]) [--entities N] [--stage NAME] [--memory MB] [--millis MS] [--prices FILE] [--repository DIR]',
    '',
    '--rate      requests a second, the mean over a month (0.5 is one in two seconds)',
    '--service   a feature service: its features, and the views that they are read from',
    '--features  values of an entity, in place of a service; --views that they are spread over (default 1)',
    '--entities  of a request (default 1, at most 100)',
    '--stage     takes memory, provisioned environments and web ACL from this stage; --memory goes before it (default 1024)',
    '--millis    mean duration of the function, where it is known (metric Duration of AWS/Lambda); else it is estimated from what was measured',
    '--prices    JSON file of prices for another region or contract: any members of what --json shows as prices',
    '',
    'without free tiers and data transfer; storage, writes and runs come on top ("tidemark explain <view>")',
  ],
  options: Object.fromEntries(
    ['rate', 'service', 'features', 'views', 'entities', 'stage', 'memory', 'millis', 'prices', 'repository'].map(
      (name) => [name, { type: 'string' }] as const,
    ),
  ),
  run: async ({ options, output }) => {
    const rate = amountOption(options, 'rate');
    if (rate === undefined) throw wrong('say how many requests a second there are, as in --rate 100');
    const entities = countOption(options, 'entities') ?? 1;
    if (entities > maximumEntities) throw wrong(`--entities must be 1 to ${maximumEntities}, got ${entities}`);
    const prices = pricesOf(stringOption(options, 'prices'));
    const load: ServingLoad = { requestsPerSecond: rate, entities, ...(await asked(options)) };
    const setup = await setupOf(options);
    const cost = servingCost(load, setup, prices);
    output.data({ load, setup, ...cost, prices }, report(load, cost, prices));
    return exitCodes.ok;
  },
};

/** What an entity's row is made of: that of a service, or as many features as are said. */
async function asked(options: OptionValues): Promise<Omit<ServingLoad, 'requestsPerSecond' | 'entities'>> {
  const service = stringOption(options, 'service');
  const features = countOption(options, 'features');
  if ((service === undefined) === (features === undefined))
    throw wrong('say what is asked for by --service or by --features, and not by both');
  if (service !== undefined) {
    const { repository } = await loadRepository(repositoryFolder(stringOption(options, 'repository'), undefined));
    return loadOfService(repository, service);
  }
  const [count, views] = [features ?? 1, countOption(options, 'views') ?? 1];
  if (count > maximumFeatures) throw wrong(`--features must be 1 to ${maximumFeatures}, got ${count}`);
  if (views > count) throw wrong(`--views must not be more than --features, got ${views} views of ${count}`);
  return { features: count, itemBytes: itemsOfViews(count, views), readsWholeEntity: false };
}

async function setupOf(options: OptionValues): Promise<ServingSetup> {
  const [memory, millis, name] = [
    countOption(options, 'memory'),
    amountOption(options, 'millis'),
    stringOption(options, 'stage'),
  ];
  if (name === undefined) return { memoryMb: memory ?? defaultMemoryMb, provisioned: 0, hasWebAcl: false, millis };
  const { config } = await loadRepository(repositoryFolder(stringOption(options, 'repository'), undefined));
  const stage = config.stages[name];
  if (!stage) throw wrong(`unknown stage ${JSON.stringify(name)}; there are ${Object.keys(config.stages).join(', ')}`);
  return {
    memoryMb: memory ?? stage.serveMemoryMb,
    provisioned: stage.serving.provisionedConcurrency?.least ?? 0,
    hasWebAcl: stage.serving.webAcl !== undefined,
    millis,
  };
}

/** The default prices with those of a file in their place. Throws cli.badArguments for a file that cannot be read or is no such thing. */
function pricesOf(file: string | undefined): Prices {
  if (file === undefined) return defaultPrices;
  try {
    return pricesSchema.parse({ ...defaultPrices, of: file, ...JSON.parse(readFileSync(file, 'utf8')) });
  } catch (cause) {
    throw new TidemarkError(
      'cli.badArguments',
      `--prices must be a JSON file of any of ${Object.keys(defaultPrices).join(', ')}, got ${JSON.stringify(file)}: ${cause instanceof Error ? cause.message : cause}`,
      { cause },
    );
  }
}

/** A positive amount, with or without decimals. */
function amountOption(options: OptionValues, name: string): number | undefined {
  const text = stringOption(options, name);
  if (text === undefined) return undefined;
  if (/^\d{1,7}(?:\.\d{1,6})?$/.test(text) && Number(text) > 0) return Number(text);
  throw wrong(`--${name} must be a positive number of at most 9999999, got ${JSON.stringify(text)}`);
}

const wrong = (message: string): TidemarkError => new TidemarkError('cli.badArguments', message);

function report({ entities, features, itemBytes }: ServingLoad, cost: ServingCost, prices: Prices): string {
  const rows = cost.lines.map(({ of, quantity, unit, usd }) => [
    of,
    grouped(Math.round(quantity)),
    unit,
    usd.toFixed(2),
  ]);
  return [
    table(['', 'a month', 'of', 'USD'], [...rows, ['together', '', '', cost.usdPerMonth.toFixed(2)]]),
    '',
    `a request: ${entities} x ${features} features out of ${entities * itemBytes.length} items, ${cost.readUnitsPerRequest} read units, ${cost.millisPerRequest} ms; ${Number(cost.concurrency.toPrecision(2))} environments busy on average`,
    `prices: ${prices.of}; without free tiers and data transfer`,
  ].join('\n');
}
