/** A named query of a WITH clause. */
export interface CommonTable {
  readonly name: string;
  readonly query: string;
}

export const withClause = (tables: readonly CommonTable[]): string =>
  `WITH ${tables.map(({ name, query }) => `${name} AS (\n${query}\n)`).join(', ')}`;
