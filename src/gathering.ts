/**
 * Work that several who go side by side need at the same point, done once for all of them.
 *
 * Contract: begins when every member has arrived or left, so that it is later than anything a member did
 * before it arrived; where all have left there is nobody to do it for. Failure direction: a member that never arrives has to leave, or the others wait for it.
 */

export interface Gathering<T> {
  readonly member: () => Member<T>;
}

export interface Member<T> {
  /** Waits for the others, and answers with what was done for all. */
  readonly arrive: () => Promise<T>;
  /** This one does not come; without effect once it has. */
  readonly leave: () => void;
}

/** Gathers `count` members for `work`. */
export function gathering<T>(count: number, work: () => Promise<T>): Gathering<T> {
  let awaited = count;
  let isWanted = false;
  let begin = (): void => undefined;
  const result = new Promise<void>((resolve) => {
    begin = resolve;
  }).then(work);
  return {
    member: () => {
      let isHere = false;
      const step = () => {
        if (isHere) return;
        isHere = true;
        if (--awaited === 0 && isWanted) begin();
      };
      return {
        leave: step,
        arrive: () => {
          isWanted = true;
          step();
          return result;
        },
      };
    },
  };
}

/**
 * Work that is shared by those who ask at about the same time.
 *
 * Contract: what anybody is answered with was begun after they asked. Whoever asks while it is under way waits for
 * the next, together with all others who do.
 */
export function sharing<T>(work: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<unknown> = Promise.resolve();
  let next: Promise<T> | null = null;
  return () => {
    if (next === null) {
      next = underWay.then(() => {
        next = null;
        return work();
      });
      underWay = next.catch(() => undefined);
    }
    return next;
  };
}
