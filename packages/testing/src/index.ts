export {
  type Canary,
  type CanaryEncoding,
  type CanaryHit,
  canary,
  scanForCanaries,
} from './canary.js';
export { seededRandom } from './clock/seeded-random.js';
export { type RunUntilOptions, TestClock, type TestClockOptions } from './clock/test-clock.js';
export { type Exchange, trackedExchange } from './clock/tracked-exchange.js';
export {
  type AuthRefreshAccount,
  AuthRefreshAuthority,
  type AuthRefreshAuthorityOptions,
} from './server/authorities/auth-refresh-authority.js';
export {
  type ChatAppAccount,
  ChatAppAuthority,
  type ChatAppAuthorityOptions,
} from './server/authorities/chat-app-authority.js';
export {
  type ForeignBearer,
  type OAuth20Account,
  OAuth20Authority,
  type OAuth20AuthorityOptions,
} from './server/authorities/oauth20-authority.js';
export { Authority, type AuthorityOptions } from './server/authority.js';
export { type AuthorityAccount, AuthorityTruth } from './server/authority-truth.js';
export type { Fault } from './server/faults/fault.js';
export * as fault from './server/faults/fault-catalogue.js';
export { FaultExchange } from './server/faults/fault-exchange.js';
export { FaultScript } from './server/faults/fault-script.js';
export type { RetryAfter, StatusOptions } from './server/faults/reply-faults.js';
export type { CutFraming } from './server/faults/transport-faults.js';
export { fingerprint } from './server/fingerprint.js';
export { mostInWindow } from './server/most-in-window.js';
export { RecordingServer } from './server/recording-server.js';
export { type JsonObject, jsonReply, type Reply, textReply } from './server/reply.js';
export {
  type LogEntry,
  type LogFilter,
  type Operation,
  type Outcome,
  type RequestFacts,
  RequestLog,
  type TokenState,
} from './server/request-log.js';
export type { RollingLimitRule } from './server/rolling-limit.js';
export type {
  IssuedSet,
  RefreshGrant,
  RefreshResult,
  Rotation,
  TokenFamily,
  TokenRules,
} from './server/rotation/token-family.js';
export {
  bcryptLikeToken,
  hexToken,
  opaqueToken,
  type TokenMint,
} from './server/rotation/token-mint.js';
export {
  type Processed,
  ScriptedServer,
  type ScriptedServerOptions,
} from './server/scripted-server.js';
export {
  bearer,
  header,
  type IdentifiedRequest,
  jsonBody,
  type ServerRequest,
} from './server/server-request.js';
export type { ServerTime } from './server/server-time.js';
