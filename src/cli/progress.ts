/** A spinner on stderr for work that takes longer than half a second. */
import { stripVTControlCharacters } from 'node:util';
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
  const { default: yoctoSpinner } = await import('yocto-spinner');
  const spinner = yoctoSpinner({ text, stream: process.stderr });
  // Setting the text draws, also before the start; what is said early is kept until then.
  let latest = text;
  const timer = setTimeout(() => spinner.start(latest), SILENT_MS);
  const columns = process.stderr.columns ?? 80;
  try {
    return await work((doing) => {
      latest = stripVTControlCharacters(printable(`${text}: ${doing}`)).slice(0, columns - 4);
      if (spinner.isSpinning) spinner.text = latest;
    });
  } finally {
    clearTimeout(timer);
    if (spinner.isSpinning) spinner.stop();
  }
}
