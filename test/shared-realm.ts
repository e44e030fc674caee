/**
 * Test files beside engine and nodes share the realm of their worker: each of them need not load all anew. One that locks it down,
 * as the sandbox does, changes it for all that follow: it fails here, and belongs into `ownRealm` of vitest.config.ts.
 */
import { afterAll, expect } from 'vitest';

const wasLocked = Object.isFrozen(Object.prototype);
afterAll(() => {
  expect(Object.isFrozen(Object.prototype), 'This file locks its realm down: add it to `ownRealm` in vitest.config.ts.').toBe(wasLocked);
});
