import type { Expression, Literal } from '#spec/expression.ts';
import type { FilterLiteral, FilterNode } from '../filters.ts';
import type { RowSource } from '../row-source.ts';
import { encodeLiteral } from './literals.ts';
import { named } from './problems.ts';

/** Says what is wrong with a filter: code and message. */
export type Report = (code: string, message: string) => void;

/** A filter over the columns of `source` as the manifest holds it; undefined when a problem has been reported. */
export function compileFilter(node: FilterNode, source: RowSource, report: Report): Expression | undefined {
  switch (node.op) {
    case 'and':
    case 'or': {
      const parts = node.of.map((part) => compileFilter(part, source, report));
      if (parts.length === 0) report('emptyFilter', `${node.op}() has no filters; give it at least one`);
      const of = parts.filter((part) => part !== undefined);
      return of.length === parts.length && of.length > 0 ? { op: node.op, of } : undefined;
    }
    case 'not': {
      const of = compileFilter(node.of, source, report);
      return of && { op: 'not', of };
    }
    case 'isNull':
    case 'isNotNull':
      return columnOf(node.column, source, report) ? { op: node.op, column: node.column } : undefined;
    case 'in': {
      const { column } = node;
      if (node.values.length === 0)
        report('emptyFilter', `oneOf('${column}', []) is never true; list at least one value`);
      const values = node.values.map((value) => literalOf({ column, value }, source, report));
      const known = values.filter((value) => value !== undefined);
      return known.length === values.length && known.length > 0 ? { op: 'in', column, values: known } : undefined;
    }
    default: {
      const type = source.schema[node.column]?.type;
      if (type === 'bool' && node.op !== 'eq' && node.op !== 'ne') {
        report('wrongType', `${node.op}('${node.column}', ...) orders a bool; allowed are eq and ne`);
        return undefined;
      }
      const value = literalOf(node, source, report);
      return value === undefined ? undefined : { op: node.op, column: node.column, value };
    }
  }
}

const columnOf = (column: string, source: RowSource, report: Report): boolean => {
  if (Object.hasOwn(source.schema, column)) return true;
  report(
    'unknownColumn',
    `column "${column}" of a where is not in source "${source.name}"; it has ${named(Object.keys(source.schema))}`,
  );
  return false;
};

function literalOf(
  { column, value }: { column: string; value: FilterLiteral },
  source: RowSource,
  report: Report,
): Literal | undefined {
  const type = source.schema[column]?.type;
  if (!columnOf(column, source, report) || type === undefined) return undefined;
  const encoded = encodeLiteral(value, type);
  if ('json' in encoded) return encoded.json;
  report('wrongLiteral', `value compared with column "${column}" (${type}) ${encoded.problem}`);
  return undefined;
}
