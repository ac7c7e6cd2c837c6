import { expect, it } from 'vitest';
import { planTableRun } from '#engine/materialize/plan-table-run.ts';
import type { TableState } from '#engine/materialize/run-state.ts';

const object = (key: string, etag = 'e1', sizeBytes = 10) => ({ key, etag, sizeBytes });
const state: TableState = { kind: 'table', fence: 1, objects: { a: 'e1', b: 'e1' }, visibleMillis: 500 };
const first: TableState = { kind: 'table', fence: 0, objects: {}, visibleMillis: null };
const request = { state, found: [object('a'), object('b')], isStatic: false, readAll: false };

it('reads everything on the first run', () => {
  const plan = planTableRun({ ...request, state: first });
  expect(plan).toMatchObject({ newObjects: 'all', newObjectCount: 2, visibleAfterMillis: null, nothingToDo: false });
});

it('reads objects that are new or have been replaced, whatever their age', () => {
  const found = [object('a', 'e2'), object('b'), object('old')];
  const plan = planTableRun({ ...request, found });
  expect(plan.newObjects).toEqual(['a', 'old']);
  expect(plan.objects).toEqual({ a: 'e2', b: 'e1', old: 'e1' });
});

it('looks again for rows that have become visible, though no object is new', () => {
  expect(planTableRun(request)).toMatchObject({ newObjects: [], visibleAfterMillis: 500, nothingToDo: false });
});

it('has nothing to do for static rows without new objects, and for a source without any', () => {
  expect(planTableRun({ ...request, isStatic: true }).nothingToDo).toBe(true);
  expect(planTableRun({ ...request, state: first, found: [] }).nothingToDo).toBe(true);
});

it('reads everything again when asked to', () => {
  expect(planTableRun({ ...request, isStatic: true, readAll: true })).toMatchObject({
    newObjects: 'all',
    nothingToDo: false,
  });
});

it('leaves out what Athena does not read: hidden files and folder markers', () => {
  const found = [object('a'), object('x/_SUCCESS'), object('x/.part'), object('x/', 'e', 0)];
  expect(Object.keys(planTableRun({ ...request, found }).objects)).toEqual(['a']);
});
