import { BlockList, isIP } from 'node:net'

/** What may be reached besides the open net: nothing, this machine, or whatever there is. */
export const privateAddresses = ['none', 'loopback', 'all'] as const
export type PrivateAddresses = (typeof privateAddresses)[number]

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8)
loopback.addAddress('::1', 'ipv6')

/** Source: the special-purpose registries of IANA, https://www.iana.org/assignments/iana-ipv4-special-registry and -ipv6-. */
const notPublic = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const)
  notPublic.addSubnet(net, bits)
/** Of IPv6 only 2000::/3 is given out; these parts of it are not the open net, or hide an IPv4 address. */
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  notPublic.addSubnet(net, bits, 'ipv6')
const givenOut = new BlockList()
givenOut.addSubnet('2000::', 3, 'ipv6')

/** Whether a machine at this address may be asked. What is no address may not. */
export function mayReach(address: string, allowed: PrivateAddresses): boolean {
  const version = isIP(address)
  if (version === 0) return false
  if (allowed === 'all') return true
  const plain = version === 6 ? (mappedIpv4(address) ?? address) : address
  const family = isIP(plain) === 4 ? 'ipv4' : 'ipv6'
  if (loopback.check(plain, family)) return allowed === 'loopback'
  if (notPublic.check(plain, family)) return false
  return family === 'ipv4' || givenOut.check(plain, 'ipv6')
}

/** `::ffff:a.b.c.d`, however it is written. */
function mappedIpv4(address: string): string | null {
  const written = new URL(`http://[${address.replace(/%.*$/, '')}]`).hostname.slice(1, -1)
  const [, high, low] = /^::ffff:([0-9a-f]{1,4}):([0-9a-f]{1,4})$/.exec(written) ?? []
  if (high === undefined) return null
  const [a, b] = [Number.parseInt(high, 16), Number.parseInt(low!, 16)]
  return [a >> 8, a & 255, b >> 8, b & 255].join('.')
}

/**
 * What is wrong with an address that messages shall be sent to; null: nothing that can be seen from it. Where its name leads to is judged
 * at each try, since that may change.
 */
export function faultOfUrl(text: string, allowed: PrivateAddresses): string | null {
  if (!URL.canParse(text)) return 'is no address such as https://example.com/hooks'
  const { protocol, hostname, username, password, hash } = new URL(text)
  const host = hostname.replace(/^\[|\]$/g, '')
  const here =
    host === 'localhost' || (isIP(host) !== 0 && mayReach(host, 'loopback') && !mayReach(host, 'none'))
  if (protocol !== 'https:' && !(protocol === 'http:' && here)) return 'has to be https'
  if (username || password) return 'must not hold a name or a password'
  if (hash) return 'must not have a part behind #'
  if (here && allowed === 'none') return 'leads to this machine, which is not allowed here'
  if (isIP(host) !== 0 && !mayReach(host, allowed))
    return 'leads to a private address, which is not allowed here'
  return null
}
