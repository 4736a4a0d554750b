import type { ProviderProfile } from '@tokenkeep/core';

/** What a plug-in of a few lines says of its server: tokens of an hour, from a login each. */
export const plugInProfile: ProviderProfile = {
  apiOrigins: [],
  renewal: 'ahead',
  refreshToken: 'none',
  inDoubt: 'never-resend',
  notProcessed: [],
  refreshRevokesAccessToken: false,
  revocationScope: 'token',
  lifetime: { defaultMs: 3_600_000, maxMs: 3_600_000, zeroMeans: 'invalid' },
  passwordLogin: false,
  budgets: [],
};
