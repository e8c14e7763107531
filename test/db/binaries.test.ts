import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { binariesFor, canEnter, embeddedBinaries } from '../../src/db/binaries.ts'
import { serverAccount } from '../../src/db/cluster.ts'

const nobody = serverAccount()

test('for an ordinary user the programs run from where they were installed', () => {
  expect(binariesFor(null, '/nowhere')).toEqual({
    programs: join(embeddedBinaries(), 'bin'),
    copiedTo: null,
  })
})

test.runIf(nobody)('programs that the account cannot reach are copied once, to where it can', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stepladder-copies-'))
  chmodSync(folder, 0o755)
  // As if it had been installed below a home that nobody else may enter.
  const locked = join(folder, 'locked')
  mkdirSync(locked, { mode: 0o700 })
  const installed = embeddedBinaries()
  cpSync(installed, join(locked, 'native'), { recursive: true, verbatimSymlinks: true })
  cpSync(join(dirname(installed), 'package.json'), join(locked, 'package.json'))
  const place = () => binariesFor(nobody, join(folder, 'copies'), join(locked, 'native'))
  try {
    const { programs, copiedTo } = place()
    expect(copiedTo).toContain(join(folder, 'copies'))
    const made = statSync(programs).ino
    const ran = spawnSync(join(programs, 'initdb'), ['--version'], { ...nobody!, cwd: '/', encoding: 'utf8' })
    expect(ran.stdout).toContain('18.')
    expect(statSync(programs).uid).toBe(0)
    expect(statSync(place().programs).ino).toBe(made)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test.runIf(nobody)('a folder of mode 0700 cannot be entered, one of 0755 can', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stepladder-enter-'))
  expect(canEnter(nobody!, folder)).toBe(false)
  chmodSync(folder, 0o755)
  expect(canEnter(nobody!, folder)).toBe(true)
  rmSync(folder, { recursive: true })
})
