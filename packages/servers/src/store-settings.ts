/** Where a store is, in words that can be sent to a child process. */
export type StoreSettings =
  | {
      readonly kind: 'sqlite';
      readonly path: string;
      readonly bootId?: string;
      readonly lockWaitMs?: number;
    }
  | ({ readonly kind: 'postgres'; readonly schema: string } & OnServer)
  | ({ readonly kind: 'redis'; readonly prefix: string } & OnServer);

interface OnServer {
  readonly url: string;
  readonly keyFile: string;
  readonly escrowFolder: string;
}
