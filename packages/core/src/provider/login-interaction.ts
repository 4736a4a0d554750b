import type { ProviderCall } from './provider-call.js';

/**
 * How a host talks with the person who logs in: a terminal, a desktop app, a page of a service. It
 * knows neither the provider nor its protocol.
 */
export interface LoginInteraction {
  /**
   * What the person wants: a browser that comes back to this host, or a code that is typed in on
   * any device. Default: whatever the provider can, the browser first.
   */
  readonly way?: 'browser' | 'code';
  /**
   * Sends the person to a page in a browser, and waits for the browser to come back.
   *
   * @returns the whole URL it came back to, query included
   */
  browse(page: LoginPage, signal: AbortSignal): Promise<URL>;
  /** Shows a code, and where to type it in. Does not wait for the person. */
  showCode(code: LoginCode, signal: AbortSignal): Promise<void>;
}

export interface LoginPage {
  /**
   * Where the browser comes back to, as registered with the vendor. On a loopback host without a
   * port the host takes any that is free (RFC 8252 section 7.3).
   */
  readonly redirectUri: string;
  /** The page to open, for the redirect URI the host ended up with. */
  urlFor(redirectUri: string): Promise<string>;
}

/** RFC 8628 section 3.2. */
export interface LoginCode {
  readonly code: string;
  /** Where to type it in. */
  readonly url: string;
  /** The same page with the code filled in, where there is one. */
  readonly urlWithCode?: string;
  /** How long the code can be used. Milliseconds. */
  readonly lifetimeMs: number;
}

/** The call of a login by a person: it takes minutes, and may have to wait between requests. */
export interface LoginCall extends ProviderCall {
  /** @throws what `signal` was aborted with */
  wait(ms: number): Promise<void>;
}
