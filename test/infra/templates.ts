import type { Template } from 'aws-cdk-lib/assertions';
import * as z from 'zod/mini';

const listOf = <T extends z.ZodMiniType>(item: T) =>
  z.pipe(
    z.union([item, z.array(item)]),
    z.transform((value): z.output<T>[] => (Array.isArray(value) ? value : [value])),
  );
const statementSchema = z.object({
  Effect: z.literal('Allow'),
  Action: listOf(z.string()),
  Resource: listOf(z.unknown()),
  Condition: z.optional(z.unknown()),
});
const policySchema = z.object({
  PolicyDocument: z.object({ Statement: z.array(statementSchema) }),
  Roles: z.array(z.object({ Ref: z.string() })),
});
export type Statement = z.output<typeof statementSchema>;

/** Statements of every policy attached to roles whose logical id contains `role`. A deny or an odd shape fails the parse. */
export function statementsOf(template: Template, role: string): Statement[] {
  return Object.values(template.findResources('AWS::IAM::Policy'))
    .map(({ Properties }: Record<string, unknown>) => policySchema.parse(Properties))
    .filter(({ Roles }) => Roles.some(({ Ref }) => Ref.includes(role)))
    .flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

/** Every action that a role may take, sorted, once. */
export const actionsOf = (template: Template, role: string): string[] =>
  [...new Set(statementsOf(template, role).flatMap(({ Action }) => Action))].sort();

/** `logicalId type` of the resources that hold data, sorted. */
export function statefulIds(template: Template): string[] {
  const stateful =
    /^AWS::(DynamoDB::(Global)?Table|Kinesis::Stream|S3::Bucket|Glue::Database|KMS::Key|SecretsManager::Secret)$/;
  const resources: Record<string, { Type: string }> = template.toJSON().Resources;
  return Object.entries(resources)
    .filter(([, { Type }]) => stateful.test(Type))
    .map(([id, { Type }]) => `${id} ${Type}`)
    .sort();
}
