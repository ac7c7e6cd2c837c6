import type { Entity } from '#spec/manifest.ts';
import { isFloatType, scalarTypes } from '#spec/value-type.ts';
import type { Entity as EntityDefinition } from '../entity.ts';
import { checkName, documented } from './documented.ts';
import { named, type Problems } from './problems.ts';

const keyTypes = scalarTypes.filter((type) => !isFloatType(type));

export function compileEntity(definition: EntityDefinition, problems: Problems): Entity {
  const { name, origin, documentation } = definition;
  checkName(definition, 'an entity', { name, problems });
  const keys = Object.entries(definition.keys).map(([key, { type }]) => ({ name: key, type }));
  if (keys.length === 0)
    problems.add(origin, 'noKeys', `entity "${name}" has no keys; give at least one, as keys: { ${name}_id: int64() }`);
  for (const key of keys) {
    checkName(definition, `a key of entity "${name}"`, { name: key.name, problems });
    if (!keyTypes.includes(key.type))
      problems.add(
        origin,
        'wrongType',
        `key "${key.name}" of entity "${name}" is ${key.type}, which has no dependable equality; allowed are ${named(keyTypes)}`,
      );
  }
  return { name, keys, ...documented(documentation) };
}
