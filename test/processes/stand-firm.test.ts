import { expect, test } from 'vitest'
import { isDriverFault } from '../../src/processes/stand-firm.ts'

function fault(name: string, message: string, at: string): Error {
  const error = new Error(message)
  error.name = name
  error.stack = `${name}: ${message}\n    at Immediate.nextWrite (${at}:255:22)`
  return error
}
const known = "Cannot read properties of null (reading 'write')"
const driver = '/somewhere/node_modules/postgres/src/connection.js'

test('the one known fault of the driver is lived through, and no other error is', () => {
  expect(isDriverFault(fault('TypeError', known, driver))).toBe(true)
  expect(isDriverFault(fault('TypeError', known, '/somewhere/src/stripe/inbox/inbox.ts'))).toBe(false)
  expect(isDriverFault(fault('TypeError', "Cannot read properties of null (reading 'rows')", driver))).toBe(
    false,
  )
  expect(isDriverFault(fault('RangeError', known, driver))).toBe(false)
  expect(isDriverFault('nothing')).toBe(false)
})
