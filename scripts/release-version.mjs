// Versions as https://semver.org has them, without what it calls build metadata: npm drops that.
const number = '(?:0|[1-9]\\d*)';
const identifier = `(?:${number}|\\d*[A-Za-z-][0-9A-Za-z-]*)`;
const version = new RegExp(
  `^${number}\\.${number}\\.${number}(?:-(${identifier})(?:\\.${identifier})*)?$`,
);

/** @param {string} text */
export function isVersion(text) {
  return version.test(text);
}

/**
 * Which tag npm gives it: whoever installs a package without a version gets `latest`.
 *
 * @param {string} released
 * @returns {string} `latest`, or for 1.2.3-beta.1 `beta`, or `next`
 */
export function distTag(released) {
  if (!released.includes('-')) return 'latest';
  const [, first = ''] = version.exec(released) ?? [];
  return /^[a-z]{2,}$/.test(first) && first !== 'latest' ? first : 'next';
}
