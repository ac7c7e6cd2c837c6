import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { hashOf } from './hash.ts';
import { checkout } from './paths.ts';

/** What is installed, where a file does not say it already. */
export const pins = {
  localstack: '2026.3.0',
  dynamodbLocal: '2.6.1',
  kinesisMock: '0.5.2',
  python: '3.13',
  uv: '0.13.9',
  /** Counts up when the layout of the install folder changes. */
  layout: '1',
} as const;

export const constraintsFile = join(checkout.pins, 'constraints.txt');
export const dynamodbLocalPom = join(checkout.pins, 'dynamodb-local.pom.xml');

/** Names the install folder: another pin is another folder, so nothing is ever half old and half new. */
export function pinsHash(): string {
  return hashOf([JSON.stringify(pins), readFileSync(constraintsFile), readFileSync(dynamodbLocalPom)]);
}

/** The editable plugin must be installed again only when its metadata (entry points above all) or its place changes. */
export function pluginHash(): string {
  return hashOf([checkout.plugin, readFileSync(join(checkout.plugin, 'pyproject.toml'))]);
}
