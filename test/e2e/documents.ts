/** Pipelines for the editor's tests to begin with, as files that people open and trust. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright';
import type { PipelineNode } from '../../engine/document/pipeline.ts';
import type { Json } from '../../model/values/types.ts';
import { type Editor, type EditorOptions, type Host, openEditor } from './editor.ts';

export interface Drawn {
  readonly nodes?: { readonly [id: string]: Omit<PipelineNode, 'typeVersion' | 'params'> & { readonly params?: PipelineNode['params'] } };
  /** `readings.rows -> filter.rows` */
  readonly edges?: readonly string[];
  readonly layout?: { readonly [id: string]: readonly [x: number, y: number] };
  readonly name?: string;
}

/** A pipeline's file, with `readings.csv` beside it: 200 rows of time, sensor and temperature (0 to 49, in turn). */
export function writePipeline(folder: string, { nodes = {}, edges = [], layout = {}, name = 'Readings' }: Drawn): string {
  const place = mkdtempSync(join(folder, 'pipeline-'));
  const path = join(place, 'drawn.millrace.json');
  writeFileSync(join(place, 'readings.csv'), readings);
  const file: { [key: string]: Json } = {
    format: 'millrace/pipeline',
    formatVersion: 1,
    name,
    parameters: {},
    nodes: Object.fromEntries(Object.entries(nodes).map(([id, node]) => [id, { typeVersion: 1, params: {}, ...node }])) as Json as { [id: string]: Json },
    edges,
    layout: Object.fromEntries(Object.keys(nodes).map((id, index) => [id, placed(Object.hasOwn(layout, id) ? layout[id]! : [index * 300, 0])])),
  };
  writeFileSync(path, JSON.stringify(file, null, 2));
  return path;
}

/** Opens a pipeline in an editor of its own and trusts it. */
export async function openDrawn(host: Host, folder: string, drawn: Drawn, options: Omit<EditorOptions, 'data' | 'open'> = {}): Promise<Editor> {
  const editor = await openEditor(host, { ...options, data: mkdtempSync(join(folder, 'data-')), open: writePipeline(folder, drawn) });
  const { page } = editor;
  await page.getByRole('button', { name: 'Trust this pipeline' }).click();
  await page.getByRole('button', { name: 'Trust this pipeline' }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: 'Add Filter', exact: true }).waitFor();
  await settled(page);
  return editor;
}

/** The pipeline as copying all of it puts it onto the clipboard: what the editor holds, seen from outside. */
export async function copyAll(page: Page): Promise<Held> {
  await page.locator('.react-flow').focus();
  await page.keyboard.press('ControlOrMeta+a');
  return copySelected(page);
}
export async function copySelected(page: Page): Promise<Held> {
  await page.keyboard.press('ControlOrMeta+c');
  const { pipeline } = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
  return pipeline;
}
export interface Held {
  readonly nodes: { readonly [id: string]: PipelineNode & { readonly [key: string]: unknown } };
  readonly edges: readonly string[];
  readonly layout: { readonly [id: string]: { readonly x: number; readonly y: number } };
}

/** The edges on the canvas, as `readings.rows->filter.rows`. */
export async function edgesOf(page: Page): Promise<string[]> {
  const ids = await page.locator('.react-flow__edge').evaluateAll((edges) => edges.map((edge) => (edge as SVGElement).dataset['id'] ?? ''));
  return ids.sort();
}
export async function nodesOf(page: Page): Promise<string[]> {
  const ids = await page.locator('.react-flow__node').evaluateAll((nodes) => nodes.map((node) => (node as HTMLElement).dataset['id'] ?? ''));
  return ids.sort();
}

/** A document that was opened is moved into view over the next frames; places are read after that. */
export async function settled(page: Page): Promise<void> {
  let before = '';
  for (let same = 0; same < 3; ) {
    const now = await viewOf(page);
    same = now === before ? same + 1 : 0;
    before = now;
    await page.waitForTimeout(40);
  }
}
/** Where the canvas looks, as its transform. */
export function viewOf(page: Page): Promise<string> {
  return page.locator('.react-flow__viewport').evaluate((viewport) => (viewport as HTMLElement).style.transform);
}

const placed = ([x, y]: readonly [number, number]): Json => ({ x, y });
const minutes = Array.from({ length: 200 }, (_, i) => `2026-01-01T${String(Math.floor(i / 60)).padStart(2, '0')}:${String(i % 60).padStart(2, '0')}:00Z`);
const readings = `time,sensor,temperature\n${minutes.map((minute, i) => `${minute},s${i % 7},${i % 50}`).join('\n')}\n`;
