import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type AccumulatedColumn,
  type Accumulator,
  addEvent,
  emptyAccumulator,
  finishAccumulator,
  mergeAccumulators,
} from '#semantics/accumulator.ts';
import { featureValue, type Outcome, ratio } from '#semantics/aggregate.ts';
import type { Aggregation } from '#spec/aggregation.ts';
import type { Value } from '#spec/value-type.ts';
import type { OracleAggregate, OracleEvent } from '#test/oracle/aggregates.ts';
import { batchRows } from '#test/oracle/batch-view.ts';
import { nullableOf } from '../arbitrary-values.ts';
import { propertySettings } from '../settings.ts';

const windowMillis = 1000;
const kinds = ['count', 'sum', 'mean', 'min', 'max', 'variance', 'stddev', 'first', 'last', 'distinct'] as const;
const types = ['int32', 'int64', 'float32', 'float64', 'decimal(12,2)', 'string'] as const;
const numeric = new Set<string>(['sum', 'mean', 'variance', 'stddev']);

interface Case {
  readonly column: AccumulatedColumn;
  readonly events: readonly { readonly atMillis: number; readonly value: Value }[];
}

/** Small numbers often, so that windows without an error are common; the whole range sometimes. */
const columnValues = (type: (typeof types)[number]): fc.Arbitrary<Value> => {
  if (type === 'decimal(12,2)') return fc.option(fc.bigInt({ min: -(10n ** 12n) + 1n, max: 10n ** 12n - 1n }));
  if (type === 'float64' || type === 'float32') {
    const halves = fc.integer({ min: -2000, max: 2000 }).map((n) => n / 8);
    return fc.oneof({ weight: 9, arbitrary: halves }, { weight: 1, arbitrary: nullableOf(type) });
  }
  if (type === 'int64')
    return fc.oneof(
      { weight: 9, arbitrary: fc.bigInt({ min: -1000n, max: 1000n }) },
      { weight: 1, arbitrary: nullableOf(type) },
    );
  return nullableOf(type);
};

const cases: fc.Arbitrary<Case> = fc
  .record({ kind: fc.constantFrom(...kinds), type: fc.constantFrom(...types), scale: fc.integer({ min: 0, max: 12 }) })
  .filter(({ kind, type }) => type !== 'string' || !numeric.has(kind))
  .chain(({ kind, type, scale }) => {
    const scaled = numeric.has(kind) && type.startsWith('float') ? { scale } : {};
    const aggregation: Aggregation =
      kind === 'count' ? { kind, windowMillis } : { kind, column: 'x', windowMillis, ...scaled };
    return fc.record({
      column: fc.constant({ aggregation, type }),
      events: fc.array(fc.record({ atMillis: fc.integer({ min: 1, max: 4 }), value: columnValues(type) }), {
        maxLength: 12,
      }),
    });
  });

const accumulate = ({ column, events }: Case): Accumulator =>
  events.reduce((state, event) => addEvent(column, state, event), emptyAccumulator);

const resultOf = (column: AccumulatedColumn, outcome: Outcome): { value: Value; mark: string } =>
  featureValue({ formula: column.aggregation, type: resultType(column) }, outcome);

const isInteger = ({ type }: AccumulatedColumn): boolean => type === 'int32' || type === 'int64';
const resultType = (column: AccumulatedColumn): 'int64' | 'float64' => {
  const { kind } = column.aggregation;
  return kind === 'count' || kind === 'distinct' || (kind === 'sum' && isInteger(column)) ? 'int64' : 'float64';
};

/** Decimals of the oracle are its own exact integers with a scale, so its events carry them as such. */
function oracleAggregate({ aggregation, type }: AccumulatedColumn): OracleAggregate {
  const scale = type === 'decimal(12,2)' ? 2 : 'scale' in aggregation ? aggregation.scale : undefined;
  return { kind: aggregation.kind, column: 'x', window: windowMillis, ...(scale === undefined ? {} : { scale }) };
}

/** The oracle's value of one window that holds all events; undefined without any event. */
function oracleResult({ column, events }: Case): { value: Value; mark: string } | undefined {
  const oracleEvents = events.map(
    ({ atMillis, value }): OracleEvent => ({ key: 'k', at: atMillis, row: { x: value } }),
  );
  const feature = { formula: oracleAggregate(column), isInteger: resultType(column) === 'int64' };
  const [row] = batchRows(oracleEvents, [feature], { from: 0, to: windowMillis, schedule: windowMillis });
  return row && { value: row.values[0] as Value, mark: row.marks }; // the oracle's values are values
}

it('equals the oracle for every aggregate', () => {
  const marks = new Map<string, number>();
  fc.assert(
    fc.property(cases, (one) => {
      const expected = oracleResult(one);
      fc.pre(expected !== undefined);
      const actual = resultOf(one.column, finishAccumulator(one.column, accumulate(one)));
      marks.set(actual.mark, (marks.get(actual.mark) ?? 0) + 1);
      expect(actual).toStrictEqual(expected);
    }),
    propertySettings(4000),
  );
  // A few cases, as asked for by TIDEMARK_CASES, need not meet every mark.
  const isMany = [...marks.values()].reduce((sum, count) => sum + count, 0) > 1000;
  for (const mark of isMany ? ['.', 'd', 'e'] : []) expect(marks.get(mark), `cases marked ${mark}`).toBeGreaterThan(0);
});

it('gives the same value in whatever order events arrive and however they are split', () => {
  const split = cases.chain((one) =>
    fc.tuple(
      fc.constant(one),
      fc.shuffledSubarray([...one.events], { minLength: one.events.length }),
      fc.nat(one.events.length),
    ),
  );
  fc.assert(
    fc.property(split, ([{ column, events }, shuffled, cut]) => {
      const parts = [shuffled.slice(cut), shuffled.slice(0, cut)].map((part) => accumulate({ column, events: part }));
      const merged = parts.reduce((a, b) => mergeAccumulators(column.aggregation.kind, a, b), emptyAccumulator);
      expect(finishAccumulator(column, merged)).toStrictEqual(
        finishAccumulator(column, accumulate({ column, events })),
      );
    }),
    propertySettings(2000),
  );
});

it('divides a ratio as the oracle does', () => {
  const pairs = fc
    .tuple(cases, cases)
    .filter(([above, below]) =>
      [above, below].every(({ column }) => column.type !== 'string' || resultType(column) === 'int64'),
    );
  fc.assert(
    fc.property(pairs, ([above, below]) => {
      const finished = [above, below].map((part) => finishAccumulator(part.column, accumulate(part)));
      const [numerator, denominator] = finished;
      if (!numerator || !denominator) return;
      const events = [
        ...above.events.map(
          ({ atMillis, value }): OracleEvent => ({ key: 'k', at: atMillis, row: { x: value, of: 'a' } }),
        ),
        ...below.events.map(
          ({ atMillis, value }): OracleEvent => ({ key: 'k', at: atMillis, row: { x: value, of: 'b' } }),
        ),
      ];
      const formula = {
        kind: 'ratio' as const,
        above: { ...oracleAggregate(above.column), where: (row: OracleEvent['row']) => row.of === 'a' },
        below: { ...oracleAggregate(below.column), where: (row: OracleEvent['row']) => row.of === 'b' },
      };
      const [row] = batchRows(events, [{ formula, isInteger: false }], {
        from: 0,
        to: windowMillis,
        schedule: windowMillis,
      });
      fc.pre(row !== undefined);
      const outcome = ratio(above.column.aggregation.kind, numerator, denominator);
      const feature = {
        formula: { kind: 'ratio', numerator: above.column.aggregation, denominator: below.column.aggregation },
        type: 'float64',
      } as const;
      expect(featureValue(feature, outcome)).toStrictEqual({ value: row.values[0], mark: row.marks });
    }),
    propertySettings(2000),
  );
});
