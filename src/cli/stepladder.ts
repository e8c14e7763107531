import { runProgram } from './program.ts'

// A reader that goes away early (`| head`) is no fault of the command.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})

const code = await runProgram(process.argv.slice(2))
// What is written to a pipe may still be under way, and a timer left by a library must not hold the terminal.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)))
