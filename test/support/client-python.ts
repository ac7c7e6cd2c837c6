import { join } from 'node:path';
import { checkout } from '#localstack/paths.ts';
import { pythonEnvironment } from '#localstack/python-environment.ts';

export const clientFolder = join(checkout.root, 'clients', 'python');

/**
 * The Python that the client's tests and the tutorial run with (made in 11 s where nothing is cached). It has pandas, pyarrow and
 * scikit-learn; the client itself is read from the checkout.
 */
export const clientPython = (): Promise<string> =>
  pythonEnvironment('python-client', join(clientFolder, 'requirements-test.txt'));
