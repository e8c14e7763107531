import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { isAlive, processMark, withFileLock } from '../../src/db/file-lock.ts'
import { testFolder } from '../support/folder.ts'

test('only one at a time is inside', async () => {
  const file = fresh()
  let inside = 0
  let most = 0
  const visit = () =>
    withFileLock(file, 20, async () => {
      most = Math.max(most, ++inside)
      await new Promise((resolve) => setTimeout(resolve, 5))
      inside--
    })
  await Promise.all(Array.from({ length: 8 }, visit))
  expect(most).toBe(1)
})

test('a lock whose holder was killed is taken over, by one of those who wait', async () => {
  const file = fresh()
  const dead = spawnSync(process.execPath, ['-e', '0']).pid
  writeFileSync(file, `${dead} 1`)
  let entered = 0
  await Promise.all([1, 2, 3].map(() => withFileLock(file, 20, async () => entered++)))
  expect(entered).toBe(3)
})

test('a lock that is really held is an error that says where to look', async () => {
  const file = fresh()
  await withFileLock(file, 1, async () => {
    await expect(withFileLock(file, 0.2, async () => 1)).rejects.toMatchObject({ code: 'lock_held' })
  })
})

test('a later process with the same number is not mistaken for the one that left its mark', () => {
  expect(isAlive(processMark(process.pid))).toBe(true)
  if (process.platform === 'linux') expect(isAlive(`${process.pid} 1`)).toBe(false)
})

function fresh(): string {
  return join(testFolder(), 'lock')
}
