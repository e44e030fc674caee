import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { isSameProcess, mayHaveWritten, type System, startOf } from './process-identity.ts';

/** A system that gives this answer for every process. */
const saying = (platform: NodeJS.Platform, answer: () => string): System => ({ platform, ask: answer });
const mac = (start: string, state = 'S+') => saying('darwin', () => `${state}   ${start}\n`);
const early = 'Mon Nov 30 06:00:00 2026';
const late = 'Mon Nov 30 07:00:00 2026';
const other = process.ppid;

describe('who a process is', () => {
  test.each<[string, System, string]>([
    ['this system', { platform: process.platform, ask: () => '' }, startOf(process.pid)!],
    ['macOS', mac(early), early],
    ['FreeBSD', saying('freebsd', () => `Is  ${early}\n`), early],
  ])('is told by its number and its start: %s', (_name, system, start) => {
    expect(startOf(process.pid, system)).toBe(start);
    expect(isSameProcess(process.pid, start, system)).toBe(true);
    expect(isSameProcess(process.pid, `${start}1`, system)).toBe(false);
  });

  test('is told on Windows within seconds, as a process computes its own start', () => {
    const own = Number(
      startOf(
        process.pid,
        saying('win32', () => 'never asked'),
      ),
    );
    expect(Math.abs(own - (Date.now() - process.uptime() * 1000))).toBeLessThan(5000);
    const system = saying('win32', () => '1800000000000\r\n');
    expect(isSameProcess(other, '1800000001500', system)).toBe(true);
    expect(isSameProcess(other, '1800000060000', system)).toBe(false);
  });

  test('is not known where the system does not answer: a process of that number counts as the one', () => {
    const silent = saying('darwin', () => {
      throw new Error('no ps');
    });
    expect(startOf(process.pid, silent)).toBe(null);
    expect(isSameProcess(process.pid, early, silent)).toBe(true);
  });

  test('is nobody when it has ended, also where it is still listed', async () => {
    const child = spawn(process.execPath, ['-e', '']);
    await once(child, 'exit');
    expect(isSameProcess(child.pid!, null)).toBe(false);
    expect(isSameProcess(process.pid, early, mac(early, 'Z'))).toBe(false);
  });

  test('cannot be who wrote a file before it was started', () => {
    expect(mayHaveWritten(process.pid, Date.parse(late), mac(early))).toBe(true);
    expect(mayHaveWritten(process.pid, Date.parse(early), mac(late))).toBe(false);
    expect(
      mayHaveWritten(
        other,
        Date.parse(early),
        saying('win32', () => String(Date.parse(late))),
      ),
    ).toBe(false);
    expect(mayHaveWritten(process.pid, Date.now())).toBe(true);
  });
});
