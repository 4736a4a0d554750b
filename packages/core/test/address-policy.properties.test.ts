import { isIP } from 'node:net';
import { describe, test } from '@jest/globals';
import fc from 'fast-check';
import { manyRuns } from '../../../test/property-runs.js';
import { isBlockedAddress } from '../src/transport/address-policy.js';

/** The ranges by their first and last address, both within. */
const blockedIpv4 = [
  ['0.0.0.0', '0.255.255.255'],
  ['100.100.100.200', '100.100.100.200'],
  ['169.254.0.0', '169.254.255.255'],
  ['224.0.0.0', '255.255.255.255'],
].map((range) => range.map(ipv4Number));
const blockedIpv6 = [
  ['::', '::'],
  ['fd00:ec2::254', 'fd00:ec2::254'],
  ['fe80::', 'febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  ['ff00::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
].map((range) => range.map(ipv6Number));

const edges = (ranges: readonly (readonly bigint[])[], last: bigint) =>
  fc
    .tuple(fc.constantFrom(...ranges.flat()), fc.bigInt({ min: -2n, max: 2n }))
    .map(([edge, step]) => (edge + step < 0n ? 0n : edge + step > last ? last : edge + step));

const ipv4 = fc.oneof(edges(blockedIpv4, 2n ** 32n - 1n), fc.bigInt(0n, 2n ** 32n - 1n));
const ipv6 = fc.oneof(
  edges(blockedIpv6, 2n ** 128n - 1n),
  fc.bigInt(0n, 2n ** 128n - 1n),
  ipv4.map((address) => 0xffff_0000_0000n + address),
  ipv4.map((address) => 0xffff_0000_0000n + address),
);

describe('S09 an address a name turned out to be', () => {
  test('S09 is never connected to inside the blocked ranges, and may be outside, as IPv4', () => {
    fc.assert(
      fc.property(ipv4, (address) => isBlockedAddress(dotted(address)) === within4(address)),
      manyRuns,
    );
  });

  test('S09 nor as IPv6, however it is spelled, an IPv4 address in disguise included', () => {
    const spelling = fc.constantFrom(...spellings);
    fc.assert(
      fc.property(ipv6, spelling, (address, spell) => {
        const text = spell(address);
        if (isIP(text) !== 6) throw new Error(`${text} is no address`);
        const disguised = address >> 32n === 0xffffn;
        const expected = disguised ? within4(address & 0xffff_ffffn) : within6(address);
        return isBlockedAddress(text) === expected;
      }),
      manyRuns,
    );
  });
});

const within4 = (address: bigint) => blockedIpv4.some((range) => isWithin(address, range));
const within6 = (address: bigint) => blockedIpv6.some((range) => isWithin(address, range));

function isWithin(address: bigint, [first = 0n, last = 0n]: readonly bigint[]): boolean {
  return first <= address && address <= last;
}

const groups = (address: bigint) => {
  const hex = address.toString(16).padStart(32, '0');
  return Array.from({ length: 8 }, (_, at) => hex.slice(4 * at, 4 * at + 4));
};
const short = (group: string) => group.replace(/^0{1,3}/, '');

/** RFC 4291 section 2.2. */
const spellings: readonly ((address: bigint) => string)[] = [
  (address) => groups(address).join(':'),
  (address) => groups(address).map(short).join(':').toUpperCase(),
  (address) => compressed(groups(address).map(short)),
  (address) => {
    const high = groups(address).slice(0, 6).map(short).join(':');
    return `${high}:${dotted(address & 0xffff_ffffn)}`;
  },
  (address) => `${groups(address).join(':')}%eth0`,
];

/** The first run of zeros, if there is one. */
function compressed(groups: readonly string[]): string {
  return groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::');
}

function dotted(address: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((address >> shift) & 0xffn)).join('.');
}

function ipv4Number(address: string): bigint {
  return address.split('.').reduce((sum, byte) => sum * 256n + BigInt(byte), 0n);
}

function ipv6Number(address: string): bigint {
  const [head = '', tail = ''] = address.split('::');
  const [left, right] = [head, tail].map((part) => part.split(':').filter(Boolean));
  const zeros = Array<string>(8 - (left?.length ?? 0) - (right?.length ?? 0)).fill('0');
  const all = [...(left ?? []), ...zeros, ...(right ?? [])];
  return all.reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}
