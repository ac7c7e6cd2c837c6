import { readWireValue } from '#codec/wire-json.ts';
import { TidemarkError } from '#spec/errors.ts';
import type { Entity } from '#spec/manifest.ts';
import type { Value } from '#spec/value-type.ts';

/** `driver_id=1001,city=Kraków` as the typed keys of an entity. Throws cli.badArguments unless every key has one value of its type. */
export function parseEntityKeys(entity: Entity, text: string): Record<string, Value> {
  const form = entity.keys.map(({ name, type }) => `${name}=<${type}>`).join(',');
  const wrong = (problem: string): TidemarkError =>
    new TidemarkError('cli.badArguments', `${problem}; an entity ${entity.name} is written ${form}`);
  const given = new Map(
    text.split(',').map((part) => {
      const at = part.indexOf('=');
      if (at < 0) throw wrong(`${JSON.stringify(part)} names no key`);
      return [part.slice(0, at).trim(), part.slice(at + 1)] as const;
    }),
  );
  for (const name of given.keys())
    if (!entity.keys.some((key) => key.name === name)) throw wrong(`unknown key ${JSON.stringify(name)}`);
  return Object.fromEntries(
    entity.keys.map(({ name, type }) => {
      const value = given.get(name);
      if (value === undefined) throw wrong(`no value for key ${name}`);
      const isBare = (type === 'int32' || type === 'bool') && /^(-?\d+|true|false)$/.test(value);
      const reading = readWireValue(type, isBare ? JSON.parse(value) : value);
      if ('problem' in reading) throw wrong(`key ${name} ${reading.problem}`);
      return [name, reading.value];
    }),
  );
}
