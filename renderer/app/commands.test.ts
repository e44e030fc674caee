import { describe, expect, it } from 'vitest';
import { session } from '../session/session.ts';
import { isEnabled, labelOf } from '../shell/commands/command.ts';
import './contributions.ts';
import { contextMenus, menus } from '../shell/commands/menus.ts';
import { allCommands, commandOf } from '../shell/commands/registry.ts';
import { matches, showShortcut } from '../shell/commands/shortcut.ts';
import { nativeMenus } from './use-native-menu.ts';

const commands = allCommands();

describe('commands', () => {
  it('have names and shortcuts of their own', () => {
    const names = commands.map((command) => command.name);
    expect(new Set(names).size).toBe(names.length);
    const shortcuts = commands.flatMap((command) => command.shortcuts ?? []);
    expect(new Set(shortcuts).size).toBe(shortcuts.length);
    for (const name of names) expect(name).toMatch(/^[a-z]+\.[a-zA-Z]+$/);
  });

  it('fill every menu', () => {
    const listed = [...menus.map((menu) => menu.entries), ...Object.values(contextMenus)].flat().filter((name) => name !== null);
    for (const name of listed) expect(commandOf(name).name).toBe(name);
    expect(() => commandOf('file.nothing')).toThrow('file.nothing');
  });

  it('reach everything from a menu, the palette of nodes, or a key', () => {
    const listed = new Set<string | null>(menus.flatMap((menu) => menu.entries));
    for (const command of commands) expect(listed.has(command.name) || command.shortcuts !== undefined, command.name).toBe(true);
  });

  it('say what undo would undo, and are off without anything to do', () => {
    const undo = commandOf('edit.undo');
    const { state } = session;
    expect(isEnabled(undo, state)).toBe(false);
    expect(labelOf(undo, { ...state, undoLabel: 'Add Filter' })).toBe('Undo add Filter');
    expect(isEnabled(commandOf('edit.delete'), { ...state, selection: { nodes: [], edges: ['a.rows->b.rows'] } })).toBe(true);
    expect(isEnabled(commandOf('run.stop'), state)).toBe(false);
  });
});

describe('the native menu', () => {
  it('has all entries, as data, without shortcuts that would swallow typing', () => {
    const sent = nativeMenus(session.state);
    expect(sent.map(({ label }) => label)).toEqual(['File', 'Edit', 'View', 'Run', 'Help']);
    expect(structuredClone(sent)).toEqual(sent);
    const entries = sent.flatMap((menu) => menu.entries).filter((entry) => entry !== null);
    expect(entries.find((entry) => entry.command === 'run.start')).toMatchObject({ label: 'Run', shortcut: 'F5', enabled: false });
    expect(entries.find((entry) => entry.command === 'edit.delete')?.shortcut).toBeUndefined();
    expect(entries.find((entry) => entry.command === 'view.minimap')?.checked).toBe(true);
  });
});

describe('shortcuts', () => {
  const press = (key: string, modifiers: Partial<Record<'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey', boolean>> = {}) => ({
    key,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    altKey: false,
    ...modifiers,
  });

  it('match exactly their modifiers', () => {
    expect(matches('Mod+S', press('s', { ctrlKey: true }), false)).toBe(true);
    expect(matches('Mod+S', press('S', { ctrlKey: true, shiftKey: true }), false)).toBe(false);
    expect(matches('Mod+S', press('s', { metaKey: true }), false)).toBe(false);
    expect(matches('Mod+S', press('s', { metaKey: true }), true)).toBe(true);
    expect(matches('F5', press('F5', { shiftKey: true }), false)).toBe(false);
    expect(matches('Alt+ArrowUp', press('ArrowUp', { altKey: true }), false)).toBe(true);
  });

  it('take a sign however the keyboard makes it', () => {
    expect(matches('?', press('?', { shiftKey: true }), false)).toBe(true);
    expect(matches('/', press('/', { shiftKey: true }), false)).toBe(true);
  });

  it('are shown as the platform writes them', () => {
    expect(showShortcut('Mod+Shift+Z', false)).toBe('Ctrl+Shift+Z');
    expect(showShortcut('Mod+Shift+Z', true)).toBe('⇧⌘Z');
    expect(showShortcut('Alt+ArrowLeft', false)).toBe('Alt+←');
  });
});
