import type { Asked, DeployedTypes, NamedType } from './deployed-types.ts';

/**
 * One TypeScript file that imports nothing: `Deployment`, for `createClient<Deployment>` of tidemark/client; `Values`, the values of each
 * service; `services`, their names in order and the hash of their vectors. Ends with a line feed.
 */
export function typescriptCode({ project, services, views, entities, sources }: DeployedTypes): string {
  const deployment = [
    member('services', `Services${newest('Services', services)}`),
    member('views', `Views${newest('Views', views)}`),
    member('entities', object(entities.map(({ name, keys }) => member(name, types(keys))))),
    member('sources', object(sources.map(({ name, columns }) => member(name, types(columns))))),
  ];
  const values = services.map(({ id, features }) =>
    member(id, object(features.map(({ name, type }) => member(name, `${valueType(type)} | null`)))),
  );
  const constants = services.map(({ id, features, vectorHash }) => {
    const names = `names: [\n${indented(features.map(({ name }) => `'${name}',`).join('\n'))}\n],`;
    return `'${id}': {\n${indented(`${names}\nvectorHash: '${vectorHash}',`)}\n},`;
  });
  const blocks = [
    `// Written by "tidemark codegen" from the definitions of ${project}: change those, not this file.`,
    `type Services = ${object(services.map(asked))};`,
    `type Views = ${object(views.map(asked))};`,
    `/** What this deployment knows, by the names of its types: \`createClient<Deployment>(...)\`. */\nexport type Deployment = ${object(deployment)};`,
    `/** What a service answers, by result name; any value may be null. */\nexport type Values = ${object(values)};`,
    `/** Names of a service in the order of its vectors, and what a model that was trained on them sends as \`vectorHash\`. */\nexport const services = {\n${indented(constants.join('\n'))}\n} as const;`,
  ];
  return `${blocks.join('\n\n')}\n`;
}

const indented = (text: string): string => text.replaceAll(/^(?=.)/gm, '  ');
const object = (members: readonly string[]): string =>
  members.length === 0 ? '{}' : `{\n${indented(members.join('\n'))}\n}`;
/** Names are identifiers; ids hold an @. Neither holds quotes or backslashes, nor do names of types. */
const member = (name: string, type: string): string => `readonly ${/^\w+$/.test(name) ? name : `'${name}'`}: ${type};`;
const types = (named: readonly NamedType[]): string => object(named.map(({ name, type }) => member(name, `'${type}'`)));

function asked({ id, description, keys, request, features }: Asked): string {
  const members = [member('keys', types(keys)), member('request', types(request)), member('features', types(features))];
  const comment = description.replaceAll('*/', '*\\/').replaceAll(/\s+/g, ' ');
  return `${description === '' ? '' : `/** ${comment} */\n`}${member(id, object(members))}`;
}

/** Bare names, each for the version that it means. */
function newest(type: string, items: readonly Asked[]): string {
  const members = items.flatMap(({ isNewest, name, id }) => (isNewest ? [member(name, `${type}['${id}']`)] : []));
  return members.length === 0 ? '' : ` & ${object(members)}`;
}

const scalars: Readonly<Record<string, string>> = {
  int64: 'bigint',
  string: 'string',
  bool: 'boolean',
  timestamp: 'Date',
  bytes: 'Uint8Array',
};
function valueType(type: string): string {
  const element = /^list<(.+)>$/.exec(type)?.[1];
  return element === undefined ? (scalars[type] ?? 'number') : `readonly (${scalars[element] ?? 'number'} | null)[]`;
}
