/** The real machine, for tests that wrap it. */
import { createMachine } from '../../src/io/machine.ts';
import type { Io } from '../../src/io/ports.ts';
import { findProgram } from '../../src/io/program.ts';

const binary = findProgram('git');
if (binary === null) throw new Error('git is not on PATH');

export const REAL: Io = createMachine(binary);
