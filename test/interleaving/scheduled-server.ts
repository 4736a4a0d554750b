import type { HttpExchange } from '@tokenkeep/core';
import type { Step } from './step.js';

/**
 * A server that rotates, whose connections and replies come when a scheduler says so. It is a
 * function: real sockets do not let themselves be put in an order.
 */
export class ScheduledServer implements HttpExchange {
  /** What was sent, in order. Each is processed, and brings a pair with its number. */
  readonly requests: ('login' | 'refresh')[] = [];

  constructor(private readonly step: Step) {}

  readonly send: HttpExchange['send'] = async ({ url }, hooks) => {
    await this.step('connected');
    await hooks.onConnected();
    const number = this.requests.push(url.pathname.endsWith('/login') ? 'login' : 'refresh');
    await this.step('reply');
    const pair = { token: `access-${number}`, refreshToken: `refresh-${number}` };
    const body = JSON.stringify({ success: true, tokenLifetime: 3_600, ...pair });
    const headers = { 'content-type': ['application/json'] };
    return { status: 200, headers, body: Buffer.from(body) };
  };
}
