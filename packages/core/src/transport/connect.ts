import { lookup } from 'node:dns';
import { connect as connectTcp, isIP, type LookupFunction, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isBlockedAddress } from './address-policy.js';
import { ExchangeError } from './http-exchange.js';

/**
 * A connected socket, TLS included, to an address that was checked as it was used: a name that
 * resolves to something else the second time gains nothing.
 */
export function connect(url: URL, signal: AbortSignal): Promise<Socket> {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isBlockedAddress(host)) {
    return Promise.reject(new ExchangeError('address_blocked', 'no'));
  }
  const secure = url.protocol === 'https:';
  const port = Number(url.port || (secure ? 443 : 80));
  return new Promise((resolve, reject) => {
    const socket = secure
      ? connectTls({
          host,
          port,
          lookup: lookupAllowed,
          minVersion: 'TLSv1.2',
          rejectUnauthorized: true,
          ALPNProtocols: ['http/1.1'],
          ...(isIP(host) === 0 ? { servername: host } : {}),
        })
      : connectTcp({ host, port, lookup: lookupAllowed });
    const settle = (error?: Error) => {
      signal.removeEventListener('abort', onAbort);
      socket.removeListener('error', settle);
      socket.removeListener(secure ? 'secureConnect' : 'connect', connected);
      // Nobody else listens until the request is written, and an unheard error ends the process.
      socket.on('error', () => {});
      if (error === undefined) return resolve(socket);
      socket.destroy();
      reject(error instanceof ExchangeError ? error : new ExchangeError(failureOf(error), 'no'));
    };
    const connected = () => settle();
    const onAbort = () => settle(signal.reason as Error);
    socket.once('error', settle);
    socket.once(secure ? 'secureConnect' : 'connect', connected);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
}

const lookupAllowed: LookupFunction = (host, options, done) => {
  lookup(host, { ...options, all: true }, (error, addresses) => {
    if (error !== null) return done(error, '', 0);
    const allowed = addresses.filter(({ address }) => !isBlockedAddress(address));
    const [first] = allowed;
    if (first === undefined) return done(new ExchangeError('address_blocked', 'no'), '', 0);
    if (options.all) return done(null, allowed);
    done(null, first.address, first.family);
  });
};

function failureOf(error: Error & { code?: string }): 'dns' | 'tls' | 'connect' {
  const code = error.code ?? '';
  if (code === 'ENOTFOUND' || code.startsWith('EAI_')) return 'dns';
  const tls = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|EPROTO|HOSTNAME)/;
  return tls.test(code) ? 'tls' : 'connect';
}
