import { join } from 'node:path';
import { startLocalCloud } from '#localstack/local-cloud.ts';
import { checkout } from '#localstack/paths.ts';
import { describeFailure } from '../report/failure.ts';
import { quickstart } from './quickstart.ts';
import { say } from './steps.ts';

/** `npm run quickstart`: the main job on the flights of 2013, on a local cloud, from nothing. */
try {
  const seconds = await quickstart({
    folder: join(checkout.root, '.tidemark', 'quickstart'),
    targetName: 'local',
    startCloud: () => startLocalCloud({ name: 'dev', report: (line) => say(`      ${line}`) }),
  });
  say(`\nall of it took ${seconds.toFixed(0)} s. Three things to try next:`);
  say(
    '  npm run tidemark -- online get --service delay_model --entity carrier=UA,origin=EWR,tailnum=N14228 --request distance=1400',
  );
  say('  npm run tidemark -- explain carrier_departures');
  say('  npm run tidemark -- verify          every served value against its offline row');
  say('and "npm run local:down" when you are done.');
} catch (error) {
  const failure = describeFailure(error, 'quickstart');
  process.stderr.write(`\nquickstart failed: ${failure.message}\n`);
  process.exitCode = failure.exitCode;
}
