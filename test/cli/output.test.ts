import { expect, test } from 'vitest'
import { exitCodeOf, table } from '../../src/cli/output.ts'
import { createProgram, runProgram } from '../../src/cli/program.ts'
import { StepladderError, UsageError } from '../../src/errors.ts'

test('what cannot be asked is exit code 2, what failed is 1', () => {
  expect(exitCodeOf(new UsageError('x', 'y', 'z'))).toBe(2)
  expect(exitCodeOf(new StepladderError('x', 'y', 'z'))).toBe(1)
  expect(exitCodeOf(new Error('surprise'))).toBe(1)
})

test('columns line up, numbers to the right', () => {
  expect(
    table(
      ['ladder', 'rank'],
      [
        ['core', 0],
        ['storage', 12],
      ],
    ),
  ).toBe('ladder   rank\ncore        0\nstorage    12')
})

test('every command has a description, --help and --json', () => {
  const leaves = createProgram().commands.flatMap((command) =>
    command.commands.length > 0 ? command.commands : [command],
  )
  expect(leaves.length).toBeGreaterThan(0)
  for (const command of leaves) {
    expect(command.description(), command.name()).not.toBe('')
    expect(
      command.options.map(({ long }) => long),
      command.name(),
    ).toContain('--json')
    expect(command.helpInformation(), command.name()).toContain('--help')
  }
})

test.each([
  ['an unknown command', ['sumulate']],
  ['an unknown option', ['migrate', '--fast']],
  ['an option without its value', ['migrate', '--to']],
  ['no command at all', []],
])('%s is a usage error', async (_what, argv) => {
  expect(await quietly(argv)).toBe(2)
})

test.each([[['--version']], [['--help']], [['migrate', '--help']]])(
  '%s is answered, and done',
  async (argv) => {
    expect(await quietly(argv)).toBe(0)
  },
)

async function quietly(argv: string[]): Promise<number> {
  const [out, err] = [process.stdout.write, process.stderr.write]
  process.stdout.write = process.stderr.write = () => true
  try {
    return await runProgram(argv)
  } finally {
    process.stdout.write = out
    process.stderr.write = err
  }
}
