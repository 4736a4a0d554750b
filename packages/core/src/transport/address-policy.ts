import { BlockList, isIPv6 } from 'node:net';

// Where no authorization server lives, but a cloud's metadata service does: link-local,
// unspecified, multicast and the providers' fixed metadata addresses (AWS over IPv6, Alibaba).
const blocked = new BlockList();
blocked.addSubnet('0.0.0.0', 8, 'ipv4');
blocked.addSubnet('169.254.0.0', 16, 'ipv4');
blocked.addSubnet('224.0.0.0', 3, 'ipv4');
blocked.addAddress('100.100.100.200', 'ipv4');
blocked.addAddress('::', 'ipv6');
blocked.addSubnet('fe80::', 10, 'ipv6');
blocked.addSubnet('ff00::', 8, 'ipv6');
blocked.addAddress('fd00:ec2::254', 'ipv6');

/** Whether an address is never connected to, whoever asked for it. */
export function isBlockedAddress(address: string): boolean {
  return blocked.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}
