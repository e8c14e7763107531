#!/usr/bin/env node
// The installed command: TypeScript is run as it stands, so that what is read is what runs.
import { register } from 'tsx/esm/api'

register()
await import('./stepladder.ts')
