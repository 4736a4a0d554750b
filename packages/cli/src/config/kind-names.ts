/** What `use` of a provider may be, known without reading the providers themselves. */
export const kindNames = [
  'chatapp',
  'teletracker',
  'auth-refresh',
  'digital-river',
  'oauth20',
  'oauth2',
  'http',
] as const;

export type KindName = (typeof kindNames)[number];

/** Those that a few answers make. A declaration is written, not answered. */
export const starterKinds = kindNames.filter((kind) => kind !== 'http');
