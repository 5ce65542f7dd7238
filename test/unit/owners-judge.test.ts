import { describe, expect, it } from 'vitest';
import { clockWasSet, judge, type OwnerRecord, type Sighting } from '../../src/core/owners.ts';

const NOW = Date.UTC(2026, 6, 30, 12);
const SECOND = 1000;
const HOUR = 3600 * SECOND;

const HERE = { name: 'box', bootId: 'boot-1', pidNamespace: 'pid:[1]' };
const RECORD: OwnerRecord = {
  pid: 4242,
  startedMs: NOW,
  recordedMs: null,
  host: null,
  bootId: null,
  pidNamespace: null,
};
const RUNNING: Sighting = { signal: 'alive', process: { zombie: false, startedMs: NOW }, here: HERE };

const judged = (record: Partial<OwnerRecord>, seen: Partial<Sighting> = {}) =>
  judge({ ...RECORD, ...record }, { ...RUNNING, ...seen }).liveness;

const startedAt = (startedMs: number | null, startTicks?: number): Partial<Sighting> => ({
  process: { zombie: false, startedMs, ...(startTicks === undefined ? {} : { startTicks }) },
});

describe('an owner is dead', () => {
  it('when there is no such process', () => {
    expect(judged({}, { signal: 'dead', process: null })).toBe('dead');
  });

  it('when it is a zombie', () => {
    expect(judged({}, { process: { zombie: true, startedMs: NOW } })).toBe('dead');
  });

  it('when its number belongs to a process that started later than the recorded start', () => {
    expect(judged({}, startedAt(NOW + 7 * 60 * SECOND))).toBe('dead');
  });

  it('when its number belongs to a process that started later than any zone could explain', () => {
    expect(judged({}, startedAt(NOW + 48 * HOUR))).toBe('dead');
  });

  it('when no start was recorded and the process started after the record was made', () => {
    expect(judged({ startedMs: null, recordedMs: NOW }, startedAt(NOW + 2 * HOUR))).toBe('dead');
  });

  it('when a zone could explain the start, but the process started after the record was made', () => {
    expect(judged({ recordedMs: NOW + 5 * SECOND }, startedAt(NOW + HOUR))).toBe('dead');
  });
});

describe('an owner is alive', () => {
  it('when it runs and started as recorded', () => {
    expect(judged({})).toBe('alive');
  });

  it('when it runs and cannot be read, as with EPERM or a hidden /proc', () => {
    expect(judged({}, { process: null })).toBe('alive');
  });

  it.each([-5 * HOUR, -SECOND, SECOND, 2 * SECOND])('when it started %d ms after the recorded start', (lateMs) => {
    expect(judged({}, startedAt(NOW + lateMs))).toBe('alive');
  });

  it.each([1, 2, -1, 5.5, 5.75, 12, 14, 26])('when another zone explains a start %d hours off', (hours) => {
    expect(judged({}, startedAt(NOW + hours * HOUR + 900))).toBe('alive');
  });

  it('when it started as recorded, though the file that says so carries an older time', () => {
    expect(judged({ recordedMs: NOW - 2 * HOUR }, startedAt(NOW + SECOND))).toBe('alive');
  });

  it('when the platform does not tell when it started', () => {
    expect(judged({ recordedMs: NOW - HOUR }, startedAt(null))).toBe('alive');
  });

  it('when nothing was recorded but its number', () => {
    expect(judged({ startedMs: null })).toBe('alive');
  });

  it.each([-HOUR, 0, 30 * SECOND])(
    'when it started %d ms after the file that names it: clocks of shares differ',
    (ms) => {
      expect(judged({ startedMs: null, recordedMs: NOW }, startedAt(NOW + ms))).toBe('alive');
    },
  );

  it('when the clock was set, and so every process seems to have started later', () => {
    expect(judged({ recordedMs: NOW }, { ...startedAt(NOW + 7 * 60 * SECOND), clockWasSet: true })).toBe('alive');
  });

  it('when the kernel counts the same ticks to its start, whatever the clock says', () => {
    const record = { startTicks: 500, recordedMs: NOW, bootId: 'boot-1' };
    expect(judged(record, startedAt(NOW + 7 * 60 * SECOND, 500))).toBe('alive');
  });

  it('but not when the kernel counts more ticks too', () => {
    const record = { startTicks: 500, recordedMs: NOW, bootId: 'boot-1' };
    expect(judged(record, startedAt(NOW + 7 * 60 * SECOND, 900))).toBe('dead');
  });
});

describe('nothing can be told of an owner', () => {
  it.each([
    ['on another host', { host: 'other' }],
    ['of another boot, since machines that share a disk may share a name', { host: 'box', bootId: 'boot-2' }],
    ['in another PID namespace', { pidNamespace: 'pid:[2]' }],
    ['with a number that is none', { pid: 0 }],
    ['with a negative number', { pid: -1 }],
  ])('%s', (_name, record) => {
    expect(judged(record, { signal: 'dead', process: null })).toBe('unknown');
    expect(judged(record)).toBe('unknown');
  });

  it('when it cannot be asked', () => {
    expect(judged({}, { signal: 'unknown', process: null })).toBe('unknown');
  });

  it('when it recorded a boot and this one is not known', () => {
    const here = { name: 'box', bootId: '', pidNamespace: '' };
    expect(judged({ bootId: 'boot-1' }, { here, signal: 'dead', process: null })).toBe('unknown');
  });
});

describe('an owner of this place is judged', () => {
  it('when everything recorded is here', () => {
    const record = { host: 'box', bootId: 'boot-1', pidNamespace: 'pid:[1]' };
    expect(judged(record)).toBe('alive');
    expect(judged(record, { signal: 'dead', process: null })).toBe('dead');
  });

  it('when the system has neither boots nor namespaces to record', () => {
    const here = { name: 'mac', bootId: '', pidNamespace: '' };
    expect(judged({ host: 'mac', bootId: '', pidNamespace: '' }, { here, signal: 'dead', process: null })).toBe('dead');
  });
});

describe('the clock was set', () => {
  const earlier = { bootId: 'boot-1', bootTimeMs: NOW };

  it('when the boot moved within one boot', () => {
    expect(clockWasSet(earlier, { bootId: 'boot-1', bootTimeMs: NOW + 8 * HOUR })).toBe(true);
    expect(clockWasSet(earlier, { bootId: 'boot-1', bootTimeMs: NOW - 8 * HOUR })).toBe(true);
  });

  it('for all that can be told when the boot time is no longer known', () => {
    expect(clockWasSet(earlier, { bootId: 'boot-1', bootTimeMs: null })).toBe(true);
  });

  it('not when only the boot changed, or the grain of the clock', () => {
    expect(clockWasSet(earlier, { bootId: 'boot-2', bootTimeMs: NOW + HOUR })).toBe(false);
    expect(clockWasSet(earlier, { bootId: 'boot-1', bootTimeMs: NOW + SECOND })).toBe(false);
    expect(clockWasSet({ bootId: '', bootTimeMs: NOW }, { bootId: '', bootTimeMs: 0 })).toBe(false);
  });
});
