/** Small pipelines as files, for tests that begin with an opened document, and what is looked at in them. */
import { writeFileSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { Locator, Page } from 'playwright';
import { expect } from 'vitest';
import type { Json } from '../../model/values/types.ts';
import { type Editor, type EditorOptions, type Host, openEditor } from './editor.ts';
import { bottomPanel } from './gestures.ts';

export interface NodeSpec {
  readonly type: string;
  readonly title?: string;
  readonly params: { readonly [name: string]: Json };
}

/** Writes a pipeline file; nodes stand in a row in their order, edges are `from.port -> to.port`. */
export function writePipeline(
  path: string,
  nodes: { readonly [id: string]: NodeSpec },
  edges: readonly string[] = [],
  more: { readonly [field: string]: Json } = {},
): void {
  const ids = Object.keys(nodes);
  const pipeline = {
    format: 'millrace/pipeline',
    formatVersion: 1,
    name: 'Readings',
    parameters: {},
    ...more,
    nodes: Object.fromEntries(ids.map((id) => [id, { typeVersion: 1, ...nodes[id]! }])),
    edges,
    layout: Object.fromEntries(ids.map((id, index) => [id, { x: index * 280, y: 0 }])),
  };
  writeFileSync(path, JSON.stringify(pipeline, null, 2));
}

/** Opens a file and trusts it. */
export async function openTrusted(host: Host, options: EditorOptions & { readonly open: string }): Promise<Editor> {
  const editor = await openEditor(host, options);
  await editor.page.getByRole('button', { name: 'Trust this pipeline' }).click();
  await expect.poll(() => trustBanner(editor.page).count()).toBe(0);
  return editor;
}

export const trustBanner = (page: Page): Locator => page.getByRole('region', { name: 'This pipeline is not trusted' });
export const ready = (page: Page): Promise<void> => page.getByText('Engine ready').waitFor();
export const nodesOnCanvas = (page: Page): Promise<number> => page.locator('.react-flow__node').count();
export const tab = (page: Page, name: string): Locator => bottomPanel(page).getByRole('tab', { name: new RegExp(`^${name}`) });
export const runButton = (page: Page): Locator => page.getByRole('button', { name: 'Run', exact: true });

/** From the start page to the canvas of an empty pipeline. */
export async function startEmpty(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Empty pipeline' }).click();
  await page.locator('[data-node-type]').first().waitFor();
}
/** From the start page to the first of the examples. */
export async function startExample(page: Page): Promise<void> {
  await page.getByRole('region', { name: 'Examples on real data' }).getByRole('button').first().click();
  await page.locator('.react-flow__node').first().waitFor();
}

/** Waits for the end of a run, in whatever way. */
export async function runUntil(page: Page, state: 'Done' | 'Failed' | 'Stopped'): Promise<void> {
  await bottomPanel(page)
    .getByRole('status', { name: `Run ${state.toLowerCase()}` })
    .waitFor();
}

export async function menu(page: Page, name: string, entry: string | RegExp): Promise<void> {
  await page.getByRole('menubar').getByRole('menuitem', { name, exact: true }).click();
  await page.getByRole('menuitem', { name: entry }).last().click();
}

/** Renames the pipeline in the inspector: an edit that is seen in the title. */
export async function rename(page: Page, name: string): Promise<void> {
  await page.getByRole('button', { name: /^Pipeline properties of/ }).click();
  await page.getByLabel('Pipeline name').fill(name);
  await page.getByLabel('unsaved changes').waitFor();
}

export function readAll(database: string, sql: string): unknown[] {
  const open = new Database(database, { readonly: true, timeout: 60_000 });
  try {
    return open.prepare(sql).all();
  } finally {
    open.close();
  }
}
