/** What `use` of a provider may be, known without reading the providers themselves. */
export const kindNames = [
  'chatapp',
  'teletracker',
  'auth-refresh',
  'digital-river',
  'oauth20',
] as const;

export type KindName = (typeof kindNames)[number];
