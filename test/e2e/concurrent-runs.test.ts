import { beforeAll, expect, it } from 'vitest';
import { runView } from '#cli/commands/materialize.ts';
import { findStoredView } from '#spec/find.ts';
import { type DeployedFlights, deployedFlights } from '../support/deployed-flights.ts';

let flights: DeployedFlights;

beforeAll(async () => {
  flights = await deployedFlights();
});

it('several runs of one view at once: each caller gets the record of a run that has done its work', async () => {
  const { connections, target, manifest } = flights;
  const view = findStoredView(manifest, 'weather');
  const calls = Array.from({ length: 5 }, () =>
    runView(connections, { view, stateMachine: target.materializeStateMachine, talk: () => {} }),
  );
  const runs = await Promise.all(calls);
  expect(runs.map(({ view: name }) => name)).toEqual(Array.from({ length: 5 }, () => 'weather@1'));
  expect(runs.every(({ state }) => state === 'succeeded' || state === 'nothingToDo')).toBe(true);
}, 120_000);
