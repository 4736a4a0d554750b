import { test } from '@jest/globals';
import { testTokenProvider } from '@tokenkeep/testing/conformance';
import { acme } from './broken-providers/acme.js';
import { acmeDescription } from './broken-providers/acme-description.js';

testTokenProvider({ test, provider: ({ url }) => acme(url), ...acmeDescription });
