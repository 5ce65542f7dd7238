/** What came of one head against one base commit. */
import type { Oid } from '../../core/model.ts';
import type { CachedOpen, CachedProof } from './cache.ts';

/** What came of one head. `unread` is not remembered, but for how far the search got. */
export type Outcome =
  | { readonly kind: 'proven'; readonly proof: CachedProof }
  | {
      readonly kind: 'open';
      readonly open: CachedOpen;
      readonly prior: CachedOpen | null;
      /** What was left out only needs another look, from the remembered place. */
      readonly isRewound: boolean;
    }
  | {
      readonly kind: 'unread';
      readonly why: string;
      readonly open: CachedOpen | null;
      readonly prior: CachedOpen | null;
    };

export const unreadOutcome = (why: string): Outcome => ({ kind: 'unread', why, open: null, prior: null });

export const ancestorOutcome = (head: Oid, at: Oid): Outcome => ({
  kind: 'proven',
  proof: { head, how: 'ancestor', commit: head, at },
});
