import { expect, test } from 'vitest';
import { SteadyClock } from './steady-clock.ts';

test('follows the wall clock, and passes on a tenth slower while that was set back', () => {
  let wall = 1000;
  let elapsed = 0;
  const clock = new SteadyClock(
    () => wall,
    () => elapsed,
  );
  const pass = (ms: number) => {
    wall += ms;
    elapsed += ms;
    return clock.now();
  };
  expect(clock.now()).toBe(1000);
  expect(pass(50)).toBe(1050);
  wall += 500;
  expect(pass(0)).toBe(1550);
  wall -= 500;
  expect(pass(0)).toBe(1550);
  expect(pass(1000)).toBe(2450);
  expect(pass(4000)).toBe(6050);
  expect(pass(10)).toBe(6060);
});

test('goes on from a time that was told before', () => {
  let elapsed = 0;
  const clock = new SteadyClock(
    () => 1000,
    () => elapsed,
    5000,
  );
  expect(clock.now()).toBe(5000);
  elapsed = 100;
  expect(clock.now()).toBe(5090);
});
