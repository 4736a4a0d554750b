import type { Migration } from './migration.js';

/**
 * The body comes last, so that reading the columns before it never touches its overflow pages.
 * Times are REAL because a lease or a due time may have a fraction.
 */
export const rowsAndClock: Migration = {
  name: 'rows and clock',
  sql: `
    CREATE TABLE rows (
      kind TEXT NOT NULL CHECK (kind IN ('account', 'budget', 'configuration')),
      id TEXT NOT NULL,
      version INTEGER NOT NULL CHECK (version > 0),
      due REAL,
      fence INTEGER NOT NULL,
      holder TEXT,
      lease_until REAL,
      updated_at REAL NOT NULL,
      body TEXT NOT NULL
    ) STRICT;
    CREATE UNIQUE INDEX rows_by_id ON rows (kind, id);
    CREATE INDEX accounts_by_due ON rows (due, id) WHERE kind = 'account' AND due IS NOT NULL;
    CREATE TABLE clock (
      only INTEGER PRIMARY KEY DEFAULT 1 CHECK (only = 1),
      boot_id TEXT NOT NULL,
      base REAL NOT NULL,
      counted REAL NOT NULL,
      epoch INTEGER NOT NULL
    ) STRICT;
    CREATE TABLE identity (
      only INTEGER PRIMARY KEY DEFAULT 1 CHECK (only = 1),
      name TEXT NOT NULL
    ) STRICT;
    INSERT INTO identity (name) VALUES (lower(hex(randomblob(16))));
  `,
};
