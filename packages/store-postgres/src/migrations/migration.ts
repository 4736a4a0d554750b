/** One step of the schema. Never edited once released; the next step is a new file. */
export interface Migration {
  readonly name: string;
  /** `schema` is quoted already. */
  readonly sql: (schema: string) => string;
}
