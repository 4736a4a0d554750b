import { describe, expect, test } from '@jest/globals';
import { isBlockedAddress } from '../src/transport/address-policy.js';

describe('S09 an address a name turned out to be', () => {
  test.each([
    ['the metadata service', '169.254.169.254'],
    ['the same, written as IPv6', '::ffff:169.254.169.254'],
    ['the same, in hexadecimal', '::ffff:a9fe:a9fe'],
    ['AWS over IPv6', 'fd00:ec2::254'],
    ['Alibaba', '100.100.100.200'],
    ['link-local', '169.254.0.1'],
    ['link-local, IPv6', 'fe80::1'],
    ['the end of link-local, IPv6', 'febf:ffff::1'],
    ['unspecified', '0.0.0.0'],
    ['this network', '0.1.2.3'],
    ['unspecified, IPv6', '::'],
    ['multicast', '224.0.0.1'],
    ['multicast, IPv6', 'ff02::1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
  ])('S09 %s is never connected to: %s', (_, address) => {
    expect(isBlockedAddress(address)).toBe(true);
  });

  // An operator may well run the server inside: what came out of configuration is trusted so far.
  test.each([
    '93.184.216.34',
    '127.0.0.1',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.100.100.201',
    '169.253.255.255',
    '223.255.255.255',
    '1.0.0.0',
    '::1',
    '::ffff:127.0.0.1',
    'fd00::1',
    'fec0::1',
    '2606:2800:220:1::1',
  ])('S09 %s may be', (address) => {
    expect(isBlockedAddress(address)).toBe(false);
  });
});
