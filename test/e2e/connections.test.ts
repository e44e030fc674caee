/** Secrets and connections in the editor: what is typed goes to the store of secrets, and to no file of the pipeline. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openDrawn } from './documents.ts';
import { missing, temporaryFolder } from './editor.ts';
import { selectNode } from './gestures.ts';
import { menu } from './pipelines.ts';

const secret = 'open-sesame-9f1c';

function holding(path: string): string[] {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isDirectory()) return readdirSync(path).flatMap((name) => holding(join(path, name)));
  return found?.isFile() && readFileSync(path).includes(secret) ? [path] : [];
}

describe.skipIf(missing('browser'))('a secret in a form', () => {
  it('is stored apart from the pipeline, is never shown again, and can be replaced and cleared', async () => {
    const folder = temporaryFolder();
    const nodes = { intake: { type: 'http-in', typeVersion: 2, params: { columns: [{ column: 'a', type: 'string' }] } } };
    const editor = await openDrawn('browser', folder, { nodes });
    const { page } = editor;
    await selectNode(page, 'intake');
    const field = page.locator('[data-field="token"]');
    await field.locator('input').fill(secret);
    await field.locator('input').blur();
    await field.getByText('Stored in a file that only you can read').waitFor();
    await editor.shot('secret-stored');
    expect(await page.content()).not.toContain(secret);
    await page.keyboard.press('ControlOrMeta+s');
    await expect.poll(() => holding(folder).map((path) => path.replace(/^.*[\\/]/, ''))).toEqual(['secrets.json']);
    const stored = holding(folder)[0] ?? '';
    const files = readdirSync(folder).flatMap((name) => (name.startsWith('pipeline-') ? [join(folder, name, 'drawn.millrace.json')] : []));
    await expect.poll(() => readFileSync(files[0] ?? '', 'utf8')).toContain('"token": "${secret:intake_token}"');

    await field.getByRole('button', { name: 'Replace Token' }).click();
    await field.locator('input').fill('another-one');
    await field.locator('input').blur();
    await field.getByText('Stored in a file that only you can read').waitFor();
    await expect.poll(() => readFileSync(stored, 'utf8')).toContain('another-one');
    await field.getByRole('button', { name: 'Clear Token' }).click();
    await expect.poll(() => field.locator('input').count()).toBe(1);
  });
});

describe.skipIf(missing('browser'))('connections', () => {
  it('are shown with what is wrong in their file, and the environment is chosen in the status bar', async () => {
    const folder = temporaryFolder();
    const editor = await openDrawn('browser', folder, { nodes: { intake: { type: 'generator' } } });
    const { page } = editor;
    const place = readdirSync(folder).find((name) => name.startsWith('pipeline-')) ?? '';
    const file = join(folder, place, 'connections.millrace.json');
    expect(existsSync(file)).toBe(false);
    // What another program writes is seen at once.
    const content = {
      format: 'millrace/connections',
      formatVersion: 1,
      connections: { legacy: { type: 'gopher', typeVersion: 3, params: { password: secret } }, broken: 7 },
      environments: { prod: {} },
    };
    writeFileSync(file, JSON.stringify(content));
    await page.getByRole('button', { name: 'No environment' }).click();
    await page.getByRole('menuitem', { name: 'prod' }).click();
    await page.getByRole('button', { name: 'Environment: prod' }).waitFor();
    await menu(page, 'View', 'Connections…');
    const dialog = page.getByRole('dialog', { name: 'Connections' });
    await dialog.getByText('"connections.broken" in connections.millrace.json must be an object').waitFor();
    await dialog.getByRole('button', { name: /legacy/ }).click();
    await dialog.getByText('There is no type of connections "gopher"').waitFor();
    await editor.shot('connections-unknown');
    expect(await page.content()).not.toContain(secret);
    await dialog.getByRole('button', { name: 'Close' }).last().click();
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(content);
    expect(dirname(file)).toBe(join(folder, place));
  });
});
