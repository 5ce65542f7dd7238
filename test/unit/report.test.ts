/** The HTML report: complete, self-contained, and deaf to what names say. */
import { describe, expect, it } from 'vitest';
import type { JournalRecord } from '../../src/act/journal.ts';
import { htmlPage, PAGE_MARK, type PageInput } from '../../src/cli/page.ts';
import { PAGE_STYLE } from '../../src/cli/page-style.ts';
import type { DiskPoint } from '../../src/core/disk-series.ts';
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

function input(records: readonly JournalRecord[] = [], disk: readonly DiskPoint[] = []): PageInput {
  const inquiry = {
    candidate,
    verdict: { verdict: 'keep' as const, reasons: [{ code: 'locked' as const, detail: EVIL }] },
    facts: {},
    asked: [],
  };
  return {
    workspace: { mainRoot: `/home/${EVIL}`, layout: layout('/r/.git'), home: '/home/ana' },
    report: {
      results: [{ inquiry, outcome: null, quarantineId: null, error: null, reasons: [] }],
      ledger: { ...EMPTY_LEDGER, disk },
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

  it('draws disk over time as passes measured it, with a gap where they did not, and the numbers beside it', () => {
    const page = htmlPage(
      input(
        [],
        [
          { atMs: 90 * DAY, inUse: 4e9, held: 0, givenBack: 0 },
          { atMs: 95 * DAY, inUse: null, held: 2e9, givenBack: 1e9 },
          { atMs: 97 * DAY, inUse: 1e9, held: 3e9, givenBack: 2e9 },
          { atMs: 98 * DAY, inUse: 1e9, held: 3e9, givenBack: 2e9 },
        ],
      ),
    );
    expect(page.match(/<path class="line used"/g)).toHaveLength(4);
    expect(page.match(/<path class="line held"/g)).toHaveLength(2);
    expect(page).toContain('<td data-label="in use" class="tight">not measured</td>');
    expect(page).toMatch(/role="img" aria-label="Disk over time[^"]+"/);
  });

  it('says so when nothing was measured yet', () => {
    expect(htmlPage(input())).toContain('The line begins with the first pass.');
  });

  it('draws a bar for each measured worktree, coloured by its verdict and named by it', () => {
    const page = htmlPage(input());
    expect(page).toMatch(/<span class="bar keep" style="width:100.0%">/);
    expect(page).toContain('<span class="word keep">kept</span>');
  });

  it('lets the keyboard reach every table, and names each cell for a phone', () => {
    const page = htmlPage(input([given(90 * DAY, 1000)]));
    const tables = page.match(/<table>/g)?.length ?? 0;
    expect(tables).toBeGreaterThan(1);
    expect(page.match(/tabindex="0" role="region" aria-label="[^"]+"><table>/g)).toHaveLength(tables);
    expect(page).not.toMatch(/<td(?! data-label)/);
  });

  it('folds a group of more than a hundred, and keeps the log to what a person scrolls through', () => {
    const one = input([given(90 * DAY, 1000)]);
    const many = { ...one, report: { ...one.report, results: Array(101).fill(one.report.results[0]) } };
    expect(htmlPage(many)).toContain('<details><summary><span class="badge keep">');
    expect(htmlPage(one)).toContain('<details open><summary><span class="badge keep">');
    const log = { ...one, records: Array.from({ length: 600 }, () => given(90 * DAY, 1000)) };
    expect(htmlPage(log)).toContain('and 100 older records');
  });

  it.each(['light', 'dark'])('reaches a contrast of 4.5 to 1 for every text in the %s scheme', (scheme) => {
    const [light = '', dark = ''] = PAGE_STYLE.match(/:root \{[^}]+\}/g) ?? [];
    const colors = Object.fromEntries(
      [...(scheme === 'light' ? light : dark).matchAll(/--(\w+): (#[0-9a-f]{6})/g)].map(([, name, color]) => [
        name,
        color,
      ]),
    );
    for (const text of ['text', 'dim', 'reclaim', 'attention', 'wait', 'keep'])
      expect(contrast(colors[text] ?? '', colors['back'] ?? ''), text).toBeGreaterThanOrEqual(4.5);
    for (const text of ['text', 'dim'])
      expect(contrast(colors[text] ?? '', colors['tile'] ?? '')).toBeGreaterThanOrEqual(4.5);
  });
});

/** Of two colours such as `#1b1f24`, as the guidelines for accessible pages compute it. */
function contrast(one: string, other: string): number {
  const light = (color: string) =>
    [0.2126, 0.7152, 0.0722].reduce((sum, weight, index) => {
      const part = Number.parseInt(color.slice(1 + 2 * index, 3 + 2 * index), 16) / 255;
      return sum + weight * (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    }, 0);
  const [dark = 0, bright = 0] = [light(one), light(other)].sort((a, b) => a - b);
  return (bright + 0.05) / (dark + 0.05);
}
