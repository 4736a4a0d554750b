import type { EventHub } from './event-hub.js';
import { type EventName, eventNames } from './events.js';

/** As much of a pino logger as the engine uses. */
export interface Logger {
  debug(facts: object, message: string): void;
  info(facts: object, message: string): void;
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

const levels: Partial<Record<EventName, keyof Logger>> = {
  'renewal:started': 'debug',
  'claim:lost': 'debug',
  'token:adopted': 'debug',
  'escrow:written': 'debug',
  'token:refused': 'warn',
  'renewal:failed': 'warn',
  'renewal:in_doubt': 'warn',
  'revocation:abandoned': 'warn',
  'guard:tripped': 'warn',
  'budget:exhausted': 'warn',
  'breaker:changed': 'warn',
  'anomaly:detected': 'warn',
  'clock:suspended': 'warn',
  'engine:warning': 'warn',
  'provider:incident_began': 'error',
  'store:unavailable': 'error',
  'account:credentials_rejected': 'error',
  'account:reauthorization_required': 'error',
};

/** One line per transition, with the event's own facts. */
export function logEvents(hub: EventHub, logger: Logger): Disposable {
  const subscriptions = eventNames.map((name) =>
    hub.on(name, (event) => {
      const { error, ...facts } = event as unknown as { error?: { code: string; message: string } };
      const shown = error === undefined ? {} : { code: error.code, error: error.message };
      logger[levels[name] ?? 'info']({ event: name, ...facts, ...shown }, name);
    }),
  );
  return {
    [Symbol.dispose]() {
      for (const subscription of subscriptions) subscription[Symbol.dispose]();
    },
  };
}
