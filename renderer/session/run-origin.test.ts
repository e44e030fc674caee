import { expect, it } from 'vitest';
import { emptyPipeline } from '../../engine/document/pipeline.ts';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import { isOwnRun, pipelineOf, strangeness } from './run-origin.ts';

const shown = (path: string | null, ofRun: string | null, startedHere: boolean, runStale = false) => ({
  path,
  pipeline: emptyPipeline,
  run: { path: ofRun, pipeline: 'Orders' } as RunSummary,
  runPipeline: startedHere ? emptyPipeline : null,
  runStale,
});

it('knows the runs of a document from those of others, also when it was saved meanwhile', () => {
  expect([shown('/a.json', '/a.json', false), shown(null, null, true), shown('/a.json', null, true), shown('/b.json', '/a.json', true)].map(isOwnRun)).toEqual([
    true,
    true,
    true,
    true,
  ]);
  expect([shown('/b.json', '/a.json', false), shown(null, '/a.json', false), shown(null, null, false)].map(isOwnRun)).toEqual([false, false, false]);
});

it('says what a run is of that is not of the pipeline as it is', () => {
  expect(strangeness(shown('/a.json', '/a.json', true))).toBeNull();
  expect(strangeness(shown('/a.json', '/a.json', true, true))).toBe('before your last changes');
  expect(strangeness(shown('/a.json', '/a.json', false, true))).toBe('an earlier run');
  expect(strangeness(shown('/b.json', '/x/a.json', true))).toBe('of a.json');
  expect(strangeness(shown('/a.json', null, true))).toBe('before it was saved');
  expect(strangeness(shown(null, null, false, true))).toBe('of Orders (unsaved)');
  expect(pipelineOf({ path: 'C:\\work\\a.millrace.json', pipeline: 'Orders' })).toBe('a.millrace.json');
});
