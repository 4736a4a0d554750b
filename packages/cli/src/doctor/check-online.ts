import http from 'node:http';
import https from 'node:https';
import type { LoadedConfig } from '../config/loaded-config.js';
import { bad, type Finding, good, warning } from './finding.js';

const TIMEOUT_MS = 5_000;
const LARGEST_SKEW_MS = 30_000;

/** Whether each provider answers, and whether its clock and ours agree. Sends no secret. */
export async function checkOnline(
  { origins }: LoadedConfig,
  now: () => number,
): Promise<readonly Finding[]> {
  const found = await Promise.all([...new Set(origins)].map((origin) => checkOrigin(origin, now)));
  return found.flat();
}

async function checkOrigin(origin: string, now: () => number): Promise<readonly Finding[]> {
  try {
    const date = await dateOf(new URL(origin));
    return [good('reach', `${origin} answers.`), ...clockFinding(origin, date, now())];
  } catch (error) {
    const { code = 'no connection' } = error as NodeJS.ErrnoException;
    const text = `${origin} does not answer (${code}).`;
    return [bad('reach', text, 'Check baseUrl, the network and the certificate.')];
  }
}

/** Any reply will do, of any status: only the way there is looked at, and the clock. */
function dateOf(url: URL): Promise<string | undefined> {
  const send = url.protocol === 'https:' ? https.request : http.request;
  return new Promise((resolve, reject) => {
    const request = send(url, { method: 'HEAD', agent: false, timeout: TIMEOUT_MS });
    request.once('response', ({ headers }) => {
      resolve(headers.date);
      request.destroy();
    });
    request.once('timeout', () => {
      request.destroy(Object.assign(new Error('no reply'), { code: 'no reply in 5 s' }));
    });
    request.on('error', reject);
    request.end();
  });
}

/** The `Date` of the reply, RFC 9110 section 6.6.1, to the second. */
function clockFinding(origin: string, date: string | undefined, now: number): Finding[] {
  const theirs = Date.parse(date ?? '');
  if (Number.isNaN(theirs)) return [];
  const seconds = Math.round((now - theirs) / 1_000);
  if (Math.abs(seconds) * 1_000 <= LARGEST_SKEW_MS) {
    return [good('clock', `The clocks here and at ${origin} agree.`)];
  }
  const apart = `${Math.abs(seconds)} s ${seconds > 0 ? 'ahead of' : 'behind'}`;
  const text = `The clock here is ${apart} that of ${origin}.`;
  const fix = 'Synchronise this machine. Tokens are counted by lifetimes, and go on working.';
  return [warning('clock', text, fix)];
}
