import { expect, it } from 'vitest';
import { useTarget } from '#cli/target.ts';
import { openDirect } from '../../clients/direct/index.ts';
import { createClient } from '../../clients/typescript/index.ts';
import { deployedFlights } from '../support/deployed-flights.ts';

it('the TypeScript client reads straight from DynamoDB what the API answers it', async () => {
  const { target } = await deployedFlights();
  useTarget(target);
  const connection = await openDirect({
    repository: target.repository,
    stage: target.stage,
    onlineTable: target.table,
    jobsTable: target.jobsTable,
  });
  const request = {
    service: 'delay_model',
    entities: [
      { carrier: 'UA', origin: 'EWR', tailnum: 'N14228' },
      { carrier: 'ZZ', origin: 'JFK', tailnum: 'none' },
    ],
    request: [{ distance: 1400 }],
    consistency: 'strong' as const,
  };
  const direct = await createClient(connection).onlineFeatures(request);
  const api = await createClient({ url: target.apiUrl, token: target.apiToken }).onlineFeatures(request);
  expect(direct.rows).toEqual(api.rows);
  expect(JSON.stringify(direct.rows, (_, value) => (typeof value === 'bigint' ? String(value) : value))).toContain(
    'PRESENT',
  );
  await expect(createClient({ ...connection, token: 'other' }).onlineFeatures(request)).rejects.toMatchObject({
    status: 401,
  });
  await expect(createClient(connection).push('departure_events', [])).rejects.toMatchObject({ status: 404 });
});
