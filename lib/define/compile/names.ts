import { viewId } from '#spec/find.ts';
import { tableNames } from '#spec/layout.ts';
import type { Definition } from '../definition.ts';
import type { RequestSource } from '../request-source.ts';
import type { RowSource } from '../row-source.ts';
import type { Collected } from './collect.ts';
import type { Problems } from './problems.ts';

/** Reports definitions of one name, and tables that would get one name in the catalog. */
export function checkUnique({ entities, sources, views, services }: Collected, problems: Problems): void {
  refuseTwice('entity', [...entities].map(plain), problems);
  refuseTwice('source', [...sources].map(plain), problems);
  refuseTwice('view', [...views].map(versioned), problems);
  refuseTwice('feature service', [...services].map(versioned), problems);
  const tables = [
    ...[...sources].flatMap((source) => tablesOf(source).map((table) => [table, source] as const)),
    ...[...views].flatMap((view) => {
      if (view.kind === 'onDemand' || view.kind === 'streamView') return [];
      const generated = [tableNames.analysts(view)];
      if (view.kind === 'batch') generated.push(tableNames.rows(view), tableNames.published(view));
      return generated.map((table) => [table, view] as const);
    }),
  ];
  const owners = new Map<string, Definition>();
  for (const [table, definition] of tables.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))) {
    const other = owners.get(table);
    if (table === tableNames.spines || (other && other !== definition && !sameName(other, definition)))
      problems.add(
        definition.origin,
        'duplicateName',
        `${definition.kind} "${definition.name}" needs the table ${table}, which ${other ? `${other.kind} "${other.name}" (${problems.place(other.origin)})` : 'staged spines'} has; rename one`,
      );
    owners.set(table, definition);
  }
}

function tablesOf(source: RowSource | RequestSource): readonly string[] {
  if (source.kind === 'request') return [];
  if (source.kind === 'parquet') return [tableNames.source(source)];
  return [tableNames.events(source), ...(source.history ? [tableNames.source(source)] : [])];
}

interface Named {
  readonly id: string;
  readonly definition: Definition;
}
const plain = (definition: Definition): Named => ({ id: definition.name, definition });
const versioned = (definition: Definition & { readonly version: number }): Named => ({
  id: viewId(definition),
  definition,
});
/** Two definitions of one name have been reported already. */
const sameName = (a: Definition, b: Definition): boolean => a.name === b.name && a.kind === b.kind;

function refuseTwice(what: string, named: readonly Named[], problems: Problems): void {
  const first = new Map<string, Definition>();
  for (const { id, definition } of named) {
    const other = first.get(id);
    if (other === undefined) first.set(id, definition);
    else
      problems.add(
        definition.origin,
        'duplicateName',
        `${what} "${id}" is defined twice, also at ${problems.place(other.origin)}; rename one${what === 'view' || what === 'feature service' ? ' or give it another version' : ''}`,
      );
  }
}
