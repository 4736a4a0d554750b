/** Of the refresh tokens that the vendor issues. */
export type RefreshTokenKind = 'none' | 'reusable' | 'single-use';

/** What is known of the vendor before its documentation is read. */
export interface ProviderChoices {
  /** `acme`: the provider's id, and what follows `tokenkeep-provider-` in the package's name. */
  readonly name: string;
  /** Without a slash at its end: `https://api.acme.example`. */
  readonly baseUrl: string;
  readonly refreshToken: RefreshTokenKind;
  /** Whether the vendor can be told to end a token. */
  readonly revocation: boolean;
}

export const refreshTokenKinds: readonly RefreshTokenKind[] = ['single-use', 'reusable', 'none'];

/** Where the vendor is silent: the strictest. */
export const defaultRefreshToken: RefreshTokenKind = 'single-use';

export function defaultBaseUrl(name: string): string {
  return `https://api.${name}.example`;
}

/** @returns a sentence on what is wrong with a name */
export function nameProblem(name: string): string | undefined {
  if (/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name) && name.length <= 64) return undefined;
  return (
    'The name of a provider begins with a letter, and has a-z, 0-9 and single hyphens, ' +
    'at most 64 of them: acme, blue-dot.'
  );
}

/** `tokenkeep-provider-acme` and `acme` are one name. */
export function shortName(name: string): string {
  return name.replace(/^tokenkeep-provider-/, '');
}

/** @returns a sentence on what is wrong with a base URL, which it does not repeat: it may hold a secret */
export function baseUrlProblem(text: string): string | undefined {
  const { protocol, hostname, username, password, search, hash } = URL.canParse(text)
    ? new URL(text)
    : { ...noUrl };
  const isLocal = /^(localhost|127\.0\.0\.1|\[::1\])$/.test(hostname);
  const isSafe = protocol === 'https:' || (protocol === 'http:' && isLocal);
  if (isSafe && username + password + search + hash === '') return undefined;
  return 'Give the base URL as https://host or https://host/path, without a user, query or fragment.';
}

const noUrl = { protocol: '', hostname: '', username: '', password: '', search: '', hash: '' };

/** As it may stand between single quotes, and in a comment. */
export function plainBaseUrl(text: string): string {
  return new URL(text).href.replace(/\/+$/, '').replaceAll("'", '%27').replaceAll('*', '%2A');
}

/** `blue-dot` becomes `BlueDot`. */
export function typeName(name: string): string {
  return name.replace(/(?:^|-)(\w)/g, (_, first: string) => first.toUpperCase());
}

/** `blue-dot` becomes `blueDotProvider`, which is no word of JavaScript, whatever the name. */
export function functionName(name: string): string {
  const type = typeName(name);
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}Provider`;
}
