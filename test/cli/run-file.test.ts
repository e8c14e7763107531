import { statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readRunFile, removeRunFile, writeRunFile } from '../../src/cli/run-file.ts'
import { testFolder } from '../support/folder.ts'

const run = (url: string) => ({
  url,
  database_url: 'postgres://a',
  owner_database_url: 'postgres://o',
  pid: process.pid,
})

test('run.json is for its owner alone, and believed only while its url answers', async () => {
  const home = testFolder()
  let status = 200
  const server = createServer((_request, response) => response.writeHead(status).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  writeRunFile(home, run(url))
  expect(statSync(join(home, 'run.json')).mode & 0o777).toBe(0o600)
  expect(await readRunFile(home)).toEqual(run(url))
  status = 404
  expect(await readRunFile(home)).toBeNull()
  await new Promise((resolve) => server.close(resolve))
  expect(await readRunFile(home)).toBeNull()
})

test('a url that never answers is given up soon, and a file that is no run.json is none', async () => {
  const home = testFolder()
  const server = createServer(() => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  writeRunFile(home, run(`http://127.0.0.1:${(server.address() as AddressInfo).port}`))
  expect(await readRunFile(home, 100)).toBeNull()
  server.closeAllConnections()
  server.close()
  writeFileSync(join(home, 'run.json'), '{"url":')
  expect(await readRunFile(home)).toBeNull()
})

test("another process's run.json is left alone", () => {
  const home = testFolder()
  writeFileSync(join(home, 'run.json'), JSON.stringify({ ...run('http://127.0.0.1:1'), pid: 1 }))
  removeRunFile(home)
  expect(statSync(join(home, 'run.json')).isFile()).toBe(true)
  writeRunFile(home, run('http://127.0.0.1:1'))
  removeRunFile(home)
  expect(() => statSync(join(home, 'run.json'))).toThrow()
})
