export * from './account/account-config.js';
export * from './account/account-key.js';
export type { Clock, EpochMs } from './clock/clock.js';
export { type Random, randomId } from './clock/random.js';
export { systemClock } from './clock/system-clock.js';
export { systemRandom } from './clock/system-random.js';
export { createTokenEngine } from './di/create-token-engine.js';
export type { EngineOptions } from './di/engine-options.js';
export * from './engine/token-engine.js';
export { type ErrorCode, errorCodes } from './errors/error-code.js';
export { printable } from './errors/printable.js';
export { TokenError, type TokenErrorDetails } from './errors/token-error.js';
export { type Escrow, type EscrowEntry, noEscrow } from './escrow/escrow.js';
export type { EscrowFile, EscrowFiles } from './escrow/escrow-files.js';
export { escrowFolderOf } from './escrow/escrow-folder.js';
export { fileEscrow } from './escrow/file-escrow.js';
export { type EventName, eventNames, type TokenEvents } from './events/events.js';
export type { Logger } from './events/log-events.js';
export type { Holder } from './holder/holder.js';
export { processHolder } from './holder/process-holder.js';
export * from './parameters/parameters.js';
export { checkProvider } from './provider/check-provider.js';
export * from './provider/login-interaction.js';
export * from './provider/oauth-error.js';
export * from './provider/provider-call.js';
export * from './provider/provider-profile.js';
export * from './provider/refusal.js';
export * from './provider/token-provider.js';
export type { TokenRequestOptions } from './renewal/account-keeper.js';
export type { TokenSession } from './renewal/account-session.js';
export { type CrashPoint, type CrashProbe, crashPoints } from './renewal/crash-points.js';
export type { ImportedTokens } from './renewal/import-tokens.js';
export type { ActionOptions } from './renewal/patience.js';
export {
  changeKeyFile,
  keyringFromFile,
  newSealingKey,
  readKeyFile,
  sharedKeyring,
} from './sealing/key-file.js';
export { type Keyring, keyringSealer, type SealingKey, sealingKeyIds } from './sealing/keyring.js';
export type { SealedPlace, Sealer } from './sealing/sealer.js';
export { checkSealedRow } from './store/check-sealed-row.js';
export { memoryStore } from './store/memory-store.js';
export { checkStorableText } from './store/storable-text.js';
export * from './store/token-store.js';
export type { AccessToken } from './token/access-token.js';
export { type LifetimeBounds, lifetimeFrom } from './token/lifetime.js';
export { scrub } from './token/scrub.js';
export { Secret } from './token/secret.js';
export type { IssuedTokens } from './token/token-set.js';
export * from './transport/http-exchange.js';
export { isLoopbackHost } from './transport/loopback-host.js';
export { nodeHttpExchange } from './transport/node-http-exchange.js';
