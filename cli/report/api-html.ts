import * as z from 'zod/mini';
import { escaped, htmlPage } from './html-page.ts';

const members = z.record(z.string(), z.unknown());
const parameterSchema = z.object({
  name: z.string(),
  in: z.string(),
  required: z.optional(z.boolean()),
  description: z.optional(z.string()),
  schema: members,
});
type Parameter = z.infer<typeof parameterSchema>;
const contentSchema = z.record(
  z.string(),
  z.object({
    schema: z.optional(members),
    examples: z.optional(z.record(z.string(), z.object({ summary: z.optional(z.string()), value: z.unknown() }))),
  }),
);
const operationSchema = z.object({
  operationId: z.string(),
  summary: z.string(),
  security: z.optional(z.array(z.unknown())),
  parameters: z.optional(z.array(z.union([z.object({ $ref: z.string() }), parameterSchema]))),
  requestBody: z.optional(z.object({ content: contentSchema })),
  responses: z.record(z.string(), z.object({ description: z.string(), content: z.optional(contentSchema) })),
});
type Operation = z.infer<typeof operationSchema>;
const documentSchema = z.object({
  info: z.object({ title: z.string(), version: z.string(), description: z.string() }),
  paths: z.record(z.string(), z.record(z.string(), operationSchema)),
  components: z.object({
    parameters: z.record(z.string(), parameterSchema),
    schemas: z.record(z.string(), members),
  }),
});

/** An OpenAPI document of ours as a page to read: every operation with its parameters, examples and answers, and the schemas that they name. */
export function apiHtml(document: unknown): string {
  const { info, paths, components } = documentSchema.parse(JSON.parse(JSON.stringify(document)));
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
  return htmlPage(info.title, style, [
    `<p>${escaped(info.description)}</p><p>definitions ${escaped(info.version)}; every call but those marked open needs <code>Authorization: Bearer &lt;token&gt;</code></p>`,
    `<nav><ul>${operations
      .map(({ path, method, operation: { operationId, summary } }) => {
        const route = `<code>${method} ${escaped(path)}</code>`;
        return `<li><a href="#${escaped(operationId)}">${route}</a> ${escaped(summary)}</li>`;
      })
      .join('')}</ul></nav>`,
    ...operations.map(({ path, method, operation }) =>
      [
        `<section id="${escaped(operation.operationId)}"><h2><code>${method} ${escaped(path)}</code></h2>`,
        `<p>${escaped(operation.summary)}${operation.security?.length === 0 ? ' (open: needs no token)' : ''}</p>`,
        ...parametersHtml(operation, components.parameters),
        ...requestHtml(operation),
        ...answersHtml(operation),
        '</section>',
      ].join('\n'),
    ),
    '<h2>Schemas</h2>',
    ...Object.entries(components.schemas).map(
      ([name, schema]) =>
        `<details id="schema-${escaped(name)}"><summary>${escaped(name)}</summary>${json(schema)}</details>`,
    ),
  ]);
}

const style =
  'body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}' +
  'section{border-top:1px solid #ddd}h2{font-size:1.1rem}pre{background:#f5f5f5;padding:.7rem;overflow:auto;font-size:13px}' +
  'table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.2rem 1rem .2rem 0}a{color:#147}';

const json = (value: unknown): string => `<pre>${escaped(JSON.stringify(value, undefined, 2))}</pre>`;
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] => {
  const line = (cells: readonly string[], tag: 'td' | 'th'): string =>
    `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`;
  return rows.length === 0
    ? []
    : [`<table>${line(head, 'th')}${rows.map((cells) => line(cells, 'td')).join('')}</table>`];
};

function parametersHtml({ parameters = [] }: Operation, shared: Readonly<Record<string, Parameter>>): string[] {
  const rows = parameters.flatMap((given) => {
    const parameter = '$ref' in given ? shared[given.$ref.split('/').at(-1) ?? ''] : given;
    if (!parameter) return [];
    const { name, description = '', required = false, schema } = parameter;
    const where = `${parameter.in}${required ? ', required' : ''}`;
    return [
      [`<code>${escaped(name)}</code>`, where, escaped(description), `<code>${escaped(JSON.stringify(schema))}</code>`],
    ];
  });
  return table(['parameter', 'in', '', 'schema'], rows);
}

function requestHtml({ requestBody }: Operation): string[] {
  return Object.entries(requestBody?.content ?? {}).flatMap(([type, { schema, examples = {} }]) => [
    `<h3>Request</h3><p>${typeHtml(type, schema)}</p>`,
    ...Object.entries(examples).map(
      ([name, { summary = '', value }]) =>
        `<details><summary>example <code>${escaped(name)}</code> ${escaped(summary)}</summary>${json(value)}</details>`,
    ),
  ]);
}

const answersHtml = ({ responses }: Operation): string[] => [
  '<h3>Answers</h3>',
  ...table(
    ['status', '', 'body'],
    Object.entries(responses).map(([status, { description, content = {} }]) => [
      status,
      escaped(description),
      Object.entries(content)
        .map(([type, { schema }]) => typeHtml(type, schema))
        .join('<br>'),
    ]),
  ),
];

/** A media type with a link to its schema, where that is one of the document's. */
function typeHtml(type: string, schema: Readonly<Record<string, unknown>> | undefined): string {
  const name = typeof schema?.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;
  const link = name === undefined ? '' : ` <a href="#schema-${escaped(name)}">${escaped(name)}</a>`;
  return `<code>${escaped(type)}</code>${link}`;
}
