import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./authorization-server.mjs', import.meta.url));

export interface RealServerSettings {
  /** Seconds. Default 600. */
  readonly accessLifeS?: number;
  /** Proofs without its nonce are refused (RFC 9449 section 8). */
  readonly dpopNonce?: boolean;
  /** The first device that asks too early is told to slow down. */
  readonly slowDown?: boolean;
}

export interface LoggedRequest {
  readonly path: string;
  readonly grant?: string;
  readonly status: number;
  readonly error?: string;
}

/** oidc-provider in a process of its own, and what it was asked. */
export class RealServer implements AsyncDisposable {
  readonly #key = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  /** Of the clients `basic` and `post`. */
  readonly secret = `secret-${randomUUID()}`;
  /** Of the client `signing`. PEM. */
  readonly privateKey = this.#key.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  #url = '';
  readonly #process: ChildProcessByStdio<Writable, Readable, Readable>;
  #complaints = '';

  static async begin(settings: RealServerSettings = {}): Promise<RealServer> {
    const server = new RealServer(settings);
    const lines = createInterface(server.#process.stdout)[Symbol.asyncIterator]();
    const { value } = await lines.next();
    if (value === undefined) throw new Error(`The server did not start: ${server.#complaints}`);
    server.#url = (JSON.parse(value) as { url: string }).url;
    return server;
  }

  private constructor(settings: RealServerSettings) {
    this.#process = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints += text;
    });
    const jwk = { ...this.#key.publicKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' };
    const facts = { ...settings, secret: this.secret, jwks: { keys: [jwk] } };
    this.#process.stdin.write(`${JSON.stringify(facts)}\n`);
  }

  get issuer(): string {
    return this.#url;
  }

  async log(): Promise<{ requests: readonly LoggedRequest[]; grantsRevoked: number }> {
    const reply = await fetch(`${this.#url}/log`);
    return (await reply.json()) as { requests: LoggedRequest[]; grantsRevoked: number };
  }

  async requestsTo(path: string): Promise<readonly LoggedRequest[]> {
    const { requests } = await this.log();
    return requests.filter((each) => each.path === path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      await once(this.#process, 'close');
    }
  }
}
