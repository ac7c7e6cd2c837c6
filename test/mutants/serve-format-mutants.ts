import type { Mutant } from './mutant.ts';

const vectorHash = 'test/unit/serve/vector-hash.test.ts';
const columns = 'test/unit/serve/columns.test.ts';
const binary = 'test/unit/serve/binary-answers.test.ts';
const client = 'test/unit/client/client.test.ts';
const transport = 'test/unit/client/transport.test.ts';

/** Faults of the forms in which values are answered, of the vector hash, and of the client that reads them. */
export const serveFormatMutants: readonly Mutant[] = [
  {
    rule: 'types',
    fault: 'a vector hash that knows only the views that are read, not those that compute',
    file: 'lib/engine/vector-hash.ts',
    find: '[...reads.map(({ view }) => view), ...transforms]',
    replace: '[...reads.map(({ view }) => view)]',
    tests: [vectorHash],
  },
  {
    rule: 'types',
    fault: 'a vector hash that counts a fill of zero for none',
    file: 'lib/engine/vector-hash.ts',
    find: 'fill === undefined ? vectorHash',
    replace: '!fill ? vectorHash',
    tests: [vectorHash],
  },
  {
    rule: 'types',
    fault: 'a vector that the model was not trained on is served',
    file: 'lambdas/serve-features/read-request.ts',
    find: 'if (vectorHash === undefined || vectorHash === served) return;',
    replace: 'if (vectorHash !== served || vectorHash === served) return;',
    tests: [vectorHash],
  },
  {
    rule: 'types',
    fault: 'columns of statuses stand by row',
    file: 'lib/engine/serve/columns.ts',
    find: 'status[index]',
    replace: 'status[0]',
    tests: [columns, client],
  },
  {
    rule: 'types',
    fault: 'a null in a matrix is 0 without a fill',
    file: 'lib/engine/serve/npy.ts',
    find: 'fill = Number.NaN,',
    replace: 'fill = 0,',
    tests: [binary],
  },
  {
    rule: 'types',
    fault: 'MessagePack is written into the buffer that was outgrown',
    file: 'lib/codec/msgpack-write.ts',
    find: 'this.#view = new DataView(grown.buffer);',
    replace: '',
    tests: [binary],
  },
  {
    rule: 'types',
    fault: 'the client reads int64 as float64',
    file: 'clients/typescript/values.ts',
    find: 'int64: (json) => BigInt(String(json)),',
    replace: 'int64: (json) => BigInt(Number(json)),',
    tests: [client],
  },
  {
    rule: 'streams',
    fault: 'the client pushes again what may have been received',
    file: 'clients/typescript/transport.ts',
    find: '(isRepeatable && (lost.has(status) || status === 0))',
    replace: '(isRepeatable || lost.has(status) || status === 0)',
    tests: [transport],
  },
];
