import Database from 'libsql';

export type SqlValue = string | number | null;

/** A prepared statement. `Row` is what its columns are, by name. */
export interface Statement<Row = never> {
  /** Number of rows changed. */
  run(...values: SqlValue[]): number;
  get(...values: SqlValue[]): Row | undefined;
  all(...values: SqlValue[]): Row[];
}

/** The little of the driver that this package uses, with types that hold. All of it blocks. */
export interface Connection {
  readonly inTransaction: boolean;
  exec(sql: string): void;
  prepare<Row = never>(sql: string): Statement<Row>;
  /** The single value a pragma answers with. */
  pragma(source: string): SqlValue | undefined;
  /** The driver lets go of the file when the last statement made here has been collected. */
  close(): void;
}

export function connect(path: string): Connection {
  const database = new Database(path);
  return {
    get inTransaction() {
      return database.inTransaction;
    },
    exec: (sql) => void database.exec(sql),
    prepare: <Row>(sql: string) => prepare<Row>(database, sql),
    pragma: (source) => firstValue(prepare<object>(database, `PRAGMA ${source}`).all()[0]),
    close: () => void database.close(),
  };
}

function prepare<Row>(database: Database.Database, sql: string): Statement<Row> {
  const statement = database.prepare<SqlValue[]>(sql);
  return {
    run: (...values) => statement.run(...values).changes,
    get: (...values) => statement.get(...values) as Row | undefined,
    all: (...values) => statement.all(...values) as Row[],
  };
}

function firstValue(row: object | undefined): SqlValue | undefined {
  return row === undefined ? undefined : (Object.values(row)[0] as SqlValue | undefined);
}
