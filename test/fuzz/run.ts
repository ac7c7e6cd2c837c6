import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { startFuzzApi } from './fuzz-api.ts';
import { runSchemathesis } from './schemathesis.ts';

const usage = `usage: npm run test:fuzz [-- --seconds 600 --seed N]
  sends the whole API, over memory, requests made of its OpenAPI document until the time is over; exit 1 when an answer is a fault of ours
  or not as described
  --seed  of the requests (default: another one each time; it is printed)`;

const { values } = parseArgs({
  options: { seconds: { type: 'string' }, seed: { type: 'string' }, help: { type: 'boolean' } },
});
if (values.help) console.log(usage);
else process.exitCode = await fuzz(Number(values.seconds ?? 600), Number(values.seed ?? randomInt(2 ** 31)));

async function fuzz(seconds: number, seed: number): Promise<number> {
  if (!(Number.isInteger(seconds) && seconds > 0 && Number.isInteger(seed) && seed >= 0)) {
    console.error(`--seconds must be a whole number from 1 on, --seed one from 0 on\n${usage}`);
    return 2;
  }
  console.log(`seed ${seed}, ${seconds} s`);
  const faults: unknown[] = [];
  const api = await startFuzzApi((fault) => faults.push(fault));
  const { passed, output } = await runSchemathesis(api.url, { seed, bound: { seconds } });
  await api.stop();
  console.log(output);
  for (const fault of faults) console.log('fault', fault);
  console.log(`${faults.length} faults of ours; again with --seed ${seed} --seconds ${seconds}`);
  return passed && faults.length === 0 ? 0 : 1;
}
