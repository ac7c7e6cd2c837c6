import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type OrderedView, orderKey } from '#codec/order-key.ts';
import { compareRows, type OrderedRow } from '#semantics/row-order.ts';
import { isGreater, type OracleRow } from '#test/oracle/point-in-time.ts';
import { featureTypesArbitrary, nullableOf } from '../arbitrary-values.ts';
import { propertySettings } from '../settings.ts';

const instants = fc.oneof(
  fc.constantFrom(0, 1, -1),
  fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 }),
);

/** Few instants and runs, so that most pairs are decided late in the order. */
const rowsOf = (view: OrderedView): fc.Arbitrary<Required<OrderedRow>> =>
  fc.record({
    eventTimeMillis: fc.option(instants, { freq: 5, nil: null }),
    createdTimeMillis: fc.option(instants, { freq: 2, nil: null }),
    run: fc.integer({ min: 0, max: 1 }),
    values: fc.tuple(...view.features.map((feature) => nullableOf(feature.type))),
    deleted: fc.boolean(),
  });

const viewsWithRows = fc
  .tuple(fc.constantFrom('table', 'batch'), fc.array(featureTypesArbitrary, { maxLength: 3 }))
  .map(([kind, types]): OrderedView => ({ kind, features: types.map((type) => ({ type })) }))
  .chain((view) => {
    const pairs = fc.tuple(rowsOf(view), rowsOf(view), fc.boolean()).map(([a, b, sameTimes]) =>
      // Half of the pairs share their times and run: the features decide.
      sameTimes
        ? ([
            a,
            { ...b, eventTimeMillis: a.eventTimeMillis, createdTimeMillis: a.createdTimeMillis, run: a.run },
          ] as const)
        : ([a, b] as const),
    );
    return fc.tuple(fc.constant(view), pairs);
  });

const oracleRow = (view: OrderedView, row: OrderedRow): OracleRow => ({
  key: '',
  eventTime: row.eventTimeMillis ?? 0,
  createdTime: row.createdTimeMillis ?? null,
  run: row.run ?? 0,
  availableAt: 0,
  deleted: view.kind === 'table' && (row.deleted ?? false),
  values: view.kind === 'table' ? (row.values ?? []) : [],
});

it('orders texts by UTF-8 bytes as the rows', () => {
  fc.assert(
    fc.property(viewsWithRows, ([view, [a, b]]) => {
      const [left, right] = [Buffer.from(orderKey(view, a)), Buffer.from(orderKey(view, b))];
      const order = Math.sign(Buffer.compare(left, right));
      const [oracleA, oracleB] = [oracleRow(view, a), oracleRow(view, b)];
      expect(order).toBe(Number(isGreater(oracleA, oracleB)) - Number(isGreater(oracleB, oracleA)));
      const ordered = (row: OrderedRow): OrderedRow =>
        view.kind === 'table' ? row : { ...row, values: [], deleted: false };
      expect(compareRows(ordered(a), ordered(b)) + 0).toBe(order);
    }),
    propertySettings(3000),
  );
});

it('gives texts that a store keeps unchanged', () => {
  fc.assert(
    fc.property(viewsWithRows, ([view, [a]]) => {
      const text = orderKey(view, a);
      expect(text.isWellFormed()).toBe(true);
      expect(text).not.toContain('\u0000');
    }),
    propertySettings(500),
  );
});
