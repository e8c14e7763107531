import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { post } from '../../src/outbound/post.ts'

/** Sends to somebody who answers with these bytes and ends the connection. */
async function postTo(answer: string) {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', () => socket.end(answer))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  try {
    return await post(`http://127.0.0.1:${port}/hooks`, {}, '{}', {
      allowed: 'loopback',
      limitMs: 20_000,
      signal: new AbortController().signal,
    })
  } finally {
    server.close()
  }
}

test('101 Switching Protocols is no answer, and is not waited for', async () => {
  const answer = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
  expect(await postTo(answer)).toEqual({
    kind: 'failed',
    why: 'It ended the connection without an answer.',
  })
})

test('an answer that ends with its connection is one', async () => {
  const body = 'x'.repeat(30_000)
  expect(await postTo(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n${body}`)).toEqual({
    kind: 'taken',
    status: 200,
  })
})

test('one that breaks off is none', async () => {
  expect(await postTo('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf')).toMatchObject({ kind: 'failed' })
  expect(await postTo('')).toMatchObject({ kind: 'failed' })
})
