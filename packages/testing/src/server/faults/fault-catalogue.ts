export { compressionBomb, hugeBody, hugeHeaders } from './bulk-faults.js';
export { normal, processed, unprocessed } from './fault.js';
export {
  duplicateKeys,
  echoSecrets,
  empty,
  html,
  json,
  manyEncodings,
  mutate,
  mutateText,
  rawBody,
  redirect,
  retryAfter,
  status,
} from './reply-faults.js';
export {
  continueForever,
  delay,
  dropAfterProcessing,
  dropBeforeProcessing,
  hang,
  lateProcessing,
  stallAfterHeaders,
  trickle,
  truncate,
} from './transport-faults.js';
