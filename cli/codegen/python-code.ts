import type { DeployedTypes, NamedType } from './deployed-types.ts';

/**
 * One Python 3.11 module that imports the standard library alone: a TypedDict of the values of each service (`fraud_v1`) and of the keys of each
 * entity (`driver_keys`), and VECTOR_HASHES by service. Ends with a line feed.
 */
export function pythonCode({ project, services, entities }: DeployedTypes): string {
  const dicts = [
    ...entities.map(({ name, keys }) => typedDict(`${name}_keys`, keys, '')),
    ...services.map(({ id, features }) => typedDict(id.replace('@', '_v'), features, ' | None')),
  ].join('\n\n');
  const blocks = [
    `"""Written by "tidemark codegen" from the definitions of ${project}: change those, not this file."""`,
    `${dicts.includes(': datetime') || dicts.includes('[datetime') ? 'from datetime import datetime\n' : ''}from typing import Final, TypedDict`,
    dicts,
    `VECTOR_HASHES: Final = {\n${services.map(({ id, vectorHash }) => `    "${id}": "${vectorHash}",\n`).join('')}}`,
  ];
  return `${blocks.filter((block) => block !== '').join('\n\n')}\n`;
}

const typedDict = (name: string, members: readonly NamedType[], orNone: string): string =>
  [
    `${name} = TypedDict(\n    "${name}",\n    {`,
    ...members.map((member) => `        "${member.name}": ${valueType(member.type)}${orNone},`),
    '    },\n)',
  ].join('\n');

const scalars: Readonly<Record<string, string>> = {
  int32: 'int',
  int64: 'int',
  float32: 'float',
  float64: 'float',
  string: 'str',
  bool: 'bool',
  timestamp: 'datetime',
  bytes: 'bytes',
};
function valueType(type: string): string {
  const element = /^list<(.+)>$/.exec(type)?.[1];
  return element === undefined ? (scalars[type] ?? 'object') : `list[${scalars[element] ?? 'object'} | None]`;
}
