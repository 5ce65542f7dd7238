/**
 * A pass now and then, for servers.
 *
 * Contract: one at a time, timers that keep no process alive, the next turn counted from the end of the last.
 * Work that throws does not end the series, and neither does hearing of it.
 */

export interface Periodic {
  /** Starts the series; without effect while one runs. */
  start(): void;
  /** Ends it, and answers once work that is under way has come to its end. */
  stop(): Promise<void>;
}

interface Series {
  readonly controller: AbortController;
  timer: NodeJS.Timeout | undefined;
  running: Promise<void> | undefined;
}

/** Does `work` every `everyMs`; `failed` hears of what it throws. */
export function createPeriodic(
  everyMs: number,
  work: (signal: AbortSignal) => Promise<void>,
  failed: (error: unknown) => void,
): Periodic {
  let current: Series | undefined;
  let ended: Promise<void> = Promise.resolve();
  const schedule = (series: Series) => {
    if (series.controller.signal.aborted) return;
    series.timer = setTimeout(() => turn(series), everyMs);
    series.timer.unref();
  };
  const turn = (series: Series) => {
    // A series that was stopped in the middle of its work may still be at it.
    series.running = ended
      .then(() => (series.controller.signal.aborted ? undefined : work(series.controller.signal)))
      .catch(failed)
      .catch(() => undefined)
      .finally(() => schedule(series));
  };
  return {
    start() {
      if (current !== undefined) return;
      current = { controller: new AbortController(), timer: undefined, running: undefined };
      schedule(current);
    },
    async stop() {
      const series = current;
      current = undefined;
      if (series === undefined) return ended;
      clearTimeout(series.timer);
      series.controller.abort();
      ended = Promise.all([ended, series.running]).then(() => undefined);
      return ended;
    },
  };
}
