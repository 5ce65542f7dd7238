/** A spinner on stderr for work that takes longer than half a second. */
import { stripVTControlCharacters } from 'node:util';
import yoctoSpinner from 'yocto-spinner';
import { printable } from '../core/text.ts';

/** Shorter work than this is over before a person would wonder. */
const SILENT_MS = 500;

/** Runs `work`, which may say what it is doing. */
export async function withProgress<T>(
  text: string,
  work: (say: (text: string) => void) => Promise<T>,
  isShown: boolean,
): Promise<T> {
  if (!isShown) return work(() => undefined);
  const spinner = yoctoSpinner({ text, stream: process.stderr });
  const timer = setTimeout(() => spinner.start(), SILENT_MS);
  const columns = process.stderr.columns ?? 80;
  try {
    return await work((doing) => {
      spinner.text = stripVTControlCharacters(printable(`${text}: ${doing}`)).slice(0, columns - 4);
    });
  } finally {
    clearTimeout(timer);
    if (spinner.isSpinning) spinner.stop();
  }
}
