import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { targetFile } from '#cli/target.ts';
import { checkout } from '#localstack/paths.ts';

/** Where the suite's deployment on the cloud of this name keeps its files, and the target's name: never the developer's own. */
export const testFolder = (cloudName: string): string => join(checkout.root, '.tidemark', `${cloudName}-deployment`);
export const testTargetName = (cloudName: string): string => `${cloudName}-target`;

/** Forgets the deployment of a cloud that is gone. */
export function removeTestDeployment(cloudName: string): void {
  rmSync(testFolder(cloudName), { recursive: true, force: true });
  rmSync(targetFile(testTargetName(cloudName)), { force: true });
}
