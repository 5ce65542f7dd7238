/** The HTML report: complete, self-contained, and deaf to what names say. */
import { describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../src/act/journal.ts';
import { htmlPage, PAGE_MARK, type PageInput } from '../../src/cli/page.ts';
import { layout } from '../../src/core/layout.ts';
import { EMPTY_LEDGER } from '../../src/core/ledger.ts';
import type { WorktreeCandidate } from '../../src/core/model.ts';

const EVIL = '"><script>alert(1)</script><img src=x onerror=alert(1)>\u202e';
const DAY = 86_400_000;

const candidate: WorktreeCandidate = {
  kind: 'worktree',
  id: 'w',
  path: `/wt/${EVIL}`,
  adminDir: '/r/.git/worktrees/w',
  branch: `agent/${EVIL}`,
  head: 'a'.repeat(40),
  locked: null,
  isMain: false,
  isBare: false,
  isMissing: false,
};

const given = (at: number, bytes: number): JournalRecord => ({
  v: 1,
  at,
  pass: 'p',
  event: 'ballast-purged',
  id: 'e',
  kind: 'worktree',
  path: EVIL,
  branch: null,
  head: null,
  ground: 'landed',
  evidence: null,
  because: EVIL,
  bytes,
});

function input(records: readonly JournalRecord[] = []): PageInput {
  const inquiry = {
    candidate,
    verdict: { verdict: 'keep' as const, reasons: [{ code: 'locked' as const, detail: EVIL }] },
    facts: {},
    asked: [],
  };
  return {
    workspace: { mainRoot: `/home/${EVIL}`, layout: layout('/r/.git') },
    report: {
      results: [{ inquiry, outcome: null, quarantineId: null, error: null, reasons: [] }],
      ledger: EMPTY_LEDGER,
    },
    extras: { entries: [], orphanProcesses: [], strays: [], sizes: new Map([[candidate, 5_000_000]]) },
    records,
    nowMs: 100 * DAY,
  };
}

describe('the HTML report', () => {
  it('escapes every name, so that none of them becomes markup', () => {
    const page = htmlPage(input([given(90 * DAY, 1000)]));
    expect(page).not.toContain('<script');
    expect(page).not.toContain('<img');
    expect(page).not.toContain('\u202e');
    expect(page).toContain('&#60;script&#62;');
  });

  it('loads nothing from anywhere and lets the browser know', () => {
    const page = htmlPage(input());
    expect(page).toContain("default-src 'none'");
    expect(page).not.toMatch(/<[^>]*\b(?:src|href)=|https?:|url\(|@import/);
    expect(page.startsWith(PAGE_MARK)).toBe(true);
  });

  it('shows what was given back as a line that only rises', () => {
    const page = htmlPage(input([given(90 * DAY, 1_000_000), given(95 * DAY, 2_000_000)]));
    expect(page).toContain('aria-label="given back"');
    expect(page).toContain('3 MB');
  });

  it('says so when nothing was given back yet', () => {
    expect(htmlPage(input())).toContain('Nothing was given back yet.');
  });

  it('draws a bar for each measured worktree, coloured by its verdict', () => {
    expect(htmlPage(input())).toMatch(/<rect class="keep"[^>]*>/);
  });
});
