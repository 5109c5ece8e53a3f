#!/usr/bin/env -S node --max-semi-space-size=4 --disable-warning=ExperimentalWarning
import { runCommandLine } from './program.ts';

process.exitCode = await runCommandLine(process.argv);
