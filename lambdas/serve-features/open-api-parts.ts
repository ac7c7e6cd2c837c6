import * as z from 'zod/mini';

/** The JSON Schema of a zod schema, without its dialect: the document has one, OpenAPI's own. */
export const schemaOf = (schema: z.core.$ZodType): Record<string, unknown> => {
  const { $schema, ...rest } = z.toJSONSchema(schema);
  return rest;
};

/** A reference to a schema of the document's components. */
export const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

/** An answer whose body has a schema of the document's components. */
export const answer = (description: string, schema: string) => ({
  description,
  content: { 'application/json': { schema: ref(schema) } },
});

/** The body of a request, which must be there, of a schema of the document's components. */
export const requestBody = (schema: string) => ({
  required: true,
  content: { 'application/json': { schema: ref(schema) } },
});
