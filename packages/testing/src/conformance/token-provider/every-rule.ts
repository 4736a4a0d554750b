import type { ProviderRule } from './provider-rule.js';
import { apiRules } from './rules/api-rules.js';
import { conductRules } from './rules/conduct-rules.js';
import { credentialRules } from './rules/credential-rules.js';
import { endingRules } from './rules/ending-rules.js';
import { engineRules } from './rules/engine-rules.js';
import { lifetimeRules } from './rules/lifetime-rules.js';
import { refusalRules } from './rules/refusal-rules.js';
import { requestRules } from './rules/request-rules.js';
import { shapeRules } from './rules/shape-rules.js';
import { tokenRules } from './rules/token-rules.js';
import { troubleRules } from './rules/trouble-rules.js';

export const everyRule: readonly ProviderRule[] = [
  ...shapeRules,
  ...credentialRules,
  ...requestRules,
  ...tokenRules,
  ...lifetimeRules,
  ...refusalRules,
  ...troubleRules,
  ...apiRules,
  ...endingRules,
  ...conductRules,
  ...engineRules,
];
