import { expect, test } from 'vitest'
import { UsageError } from '../../src/errors.ts'
import { testFolder } from '../support/folder.ts'
import { chosenTarget } from './chosen-target.ts'

const url = 'http://127.0.0.1:3000'

const refusal = async (env: Record<string, string>) => {
  const error: unknown = await chosenTarget(env, testFolder()).catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(UsageError)
  return (error as UsageError).message
}

test('R116: address and key are required, and each that is missing is named', async () => {
  expect(await refusal({})).toBe('STEPLADDER_URL and STEPLADDER_API_KEY are required and not set.')
  expect(await refusal({ STEPLADDER_URL: url })).toBe('STEPLADDER_API_KEY is required and not set.')
  expect(await refusal({ STEPLADDER_BASE_URL: url, STEPLADDER_API_KEY: ' ' })).toContain('STEPLADDER_API_KEY')
  expect(await refusal({ STEPLADDER_API_KEY: 'sl_key' })).toBe('STEPLADDER_URL is required and not set.')
})

test('R116: STEPLADDER_BASE_URL is the same as STEPLADDER_URL, which goes before it', async () => {
  const home = testFolder()
  const named = { kind: 'named', url, apiKey: 'sl_key' }
  const key = { STEPLADDER_API_KEY: 'sl_key' }
  expect(await chosenTarget({ ...key, STEPLADDER_URL: `${url}/` }, home)).toEqual(named)
  expect(await chosenTarget({ ...key, STEPLADDER_BASE_URL: url }, home)).toEqual(named)
  const both = { ...key, STEPLADDER_URL: url, STEPLADDER_BASE_URL: 'http://elsewhere' }
  expect(await chosenTarget(both, home)).toEqual(named)
})

test('an address that is none is refused by name', async () => {
  expect(await refusal({ STEPLADDER_URL: 'ftp://here', STEPLADDER_API_KEY: 'sl_key' })).toContain(
    'STEPLADDER_URL',
  )
})
