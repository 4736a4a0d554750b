import { type StoreServer, type StoreSettings, storeKinds } from '@tokenkeep/servers';
import Database from 'libsql';
import { type LineTrouble, StoreLine } from './store-line.js';

export const storeNames = ['sqlite', 'postgres', 'redis'] as const;

export type StoreName = (typeof storeNames)[number];

const kindNames = { sqlite: 'SQLite', postgres: 'PostgreSQL', redis: 'Redis' } as const;

/** What to install where the run cannot use this store. */
export function storeMissing(name: StoreName): string | undefined {
  return kindOf(name)?.missing;
}

/** Where tokens are kept during a run, and the ways to harm it. */
export class StorePlace {
  private constructor(
    private readonly server: StoreServer,
    private readonly line: StoreLine | undefined,
    /** As processes of the fleet reach it. */
    readonly settings: StoreSettings,
  ) {}

  static async start(name: StoreName, folder: string): Promise<StorePlace> {
    const server = await kindOf(name).start();
    const direct = server.newPlace(folder);
    if (direct.kind === 'sqlite') return new StorePlace(server, undefined, direct);
    const line = await new StoreLine(Number(new URL(direct.url).port)).start();
    return new StorePlace(server, line, { ...direct, url: line.through(direct.url) });
  }

  /** As a crash does it. A file has no server. */
  restart(): Promise<void> {
    return this.server.restart();
  }

  disturb(trouble: LineTrouble, ms: number): void {
    this.line?.disturb(trouble, ms);
  }

  /** Somebody else writes to the file, and takes their time. */
  async lock(ms: number): Promise<void> {
    if (this.settings.kind !== 'sqlite') return;
    const database = new Database(this.settings.path);
    try {
      database.exec('BEGIN IMMEDIATE');
      await new Promise((resolve) => setTimeout(resolve, ms));
      database.exec('ROLLBACK');
    } catch {
      // It was busy already.
    } finally {
      database.close();
    }
  }

  get keyFile(): string {
    const { settings } = this;
    return settings.kind === 'sqlite' ? `${settings.path}.key` : settings.keyFile;
  }

  heal(): void {
    this.line?.heal();
  }

  async stop(): Promise<void> {
    await this.line?.stop();
    await this.server.stop();
  }
}

function kindOf(name: StoreName) {
  const kind = storeKinds.find((each) => each.name === kindNames[name]);
  if (kind === undefined) throw new TypeError(`There is no store ${name}.`);
  return kind;
}
