import * as z from 'zod/mini';

/** The members of Trino's answers that are read; a page without `nextUri` is the last. */
const pageSchema = z.object({
  nextUri: z.optional(z.string()),
  data: z.optional(z.array(z.array(z.unknown()))),
  error: z.optional(z.object({ message: z.string(), errorName: z.string() })),
});

export interface TrinoClient {
  /** Runs one statement to its end and returns its rows as JSON has them. Throws with Trino's error name and message, and the statement. */
  query(sql: string): Promise<readonly (readonly unknown[])[]>;
}

/** Where Athena's catalog has this name, too. */
export const trinoCatalog = 'awsdatacatalog';

/** Speaks Trino's HTTP protocol: a statement is posted, then its pages are followed. endpoint: as in http://127.0.0.1:8080 */
export function trinoClient(endpoint: string): TrinoClient {
  const headers = { 'X-Trino-User': 'tidemark', 'X-Trino-Catalog': trinoCatalog, 'X-Trino-Time-Zone': 'UTC' };

  /** Trino answers 502 to 504 where the page should be asked for again. */
  async function page(uri: string, init: RequestInit): Promise<z.infer<typeof pageSchema>> {
    for (;;) {
      const response = await fetch(uri, { ...init, headers });
      if (response.status >= 502 && response.status <= 504) continue;
      if (!response.ok) throw new Error(`Trino answers ${response.status}: ${await response.text()}`);
      return pageSchema.parse(await response.json());
    }
  }

  return {
    query: async (sql) => {
      const rows: (readonly unknown[])[] = [];
      let current = await page(`${endpoint}/v1/statement`, { method: 'POST', body: sql });
      for (;;) {
        if (current.error) throw new Error(`${current.error.errorName}: ${current.error.message}\n${sql}`);
        rows.push(...(current.data ?? []));
        if (current.nextUri === undefined) return rows;
        current = await page(current.nextUri, { method: 'GET' });
      }
    },
  };
}
