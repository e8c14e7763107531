import { describe, expect, test } from 'vitest'
import { faultOfUrl, mayReach } from '../../src/outbound/addresses.ts'

describe('which machines may be asked', () => {
  test.each(['93.184.216.34', '1.1.1.1', '172.15.0.1', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])(
    '%s is of the open net',
    (address) => expect(mayReach(address, 'none')).toBe(true),
  )

  test.each([
    '10.0.0.1',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '192.0.2.1',
    'fd00::1',
    'fe80::1',
    'fe80::1%eth0',
    '::',
    '64:ff9b::a00:1',
    '2002:a00:1::',
    'ff02::1',
    '::ffff:10.0.0.1',
    '::ffff:a9fe:a9fe',
    '::10.0.0.1',
  ])('%s is not, and is reached only where everything may be', (address) => {
    expect(mayReach(address, 'none')).toBe(false)
    expect(mayReach(address, 'loopback')).toBe(false)
    expect(mayReach(address, 'all')).toBe(true)
  })

  test.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1', '0:0:0:0:0:0:0:1'])(
    '%s is this machine, reached where that is allowed',
    (address) => {
      expect(mayReach(address, 'none')).toBe(false)
      expect(mayReach(address, 'loopback')).toBe(true)
    },
  )

  test('what is no address is reached never', () => {
    for (const name of ['', 'localhost', '127.1', '0x7f000001', '999.1.1.1'])
      expect(mayReach(name, 'all')).toBe(false)
  })
})

describe('the address of an endpoint', () => {
  test.each(['https://example.com/hooks', 'https://example.com:8443/a?b=c', 'http://localhost:3000/x'])(
    '%s is taken',
    (url) => expect(faultOfUrl(url, 'loopback')).toBeNull(),
  )

  test.each([
    ['http://example.com/', 'https'],
    ['ftp://example.com/', 'https'],
    ['file:///etc/passwd', 'https'],
    ['javascript:alert(1)', 'https'],
    ['nonsense', 'no address'],
    ['https://me:secret@example.com/', 'password'],
    ['https://example.com/#part', '#'],
    ['https://10.0.0.1/', 'private'],
    ['https://[fd00::1]/', 'private'],
    ['https://169.254.169.254/latest/meta-data', 'private'],
    // However the number is written: these are 127.0.0.1 and 10.0.0.1 once they are read as addresses.
    ['https://0x0a000001/', 'private'],
    ['https://167772161/', 'private'],
    ['http://10.0.0.1/', 'https'],
  ])('%s is refused', (url, why) => expect(faultOfUrl(url, 'loopback')).toContain(why))

  test.each(['http://127.0.0.1:1/', 'http://localhost/', 'https://[::1]/', 'https://2130706433/'])(
    'this machine is refused in production: %s',
    (url) => expect(faultOfUrl(url, 'none')).toContain('this machine'),
  )

  test('where everything may be reached, private addresses may, and still not in the clear', () => {
    expect(faultOfUrl('https://10.0.0.1/', 'all')).toBeNull()
    expect(faultOfUrl('http://10.0.0.1/', 'all')).toContain('https')
  })
})
