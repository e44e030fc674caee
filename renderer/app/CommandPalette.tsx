import { Spotlight, type SpotlightActionData, useSpotlight } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useMemo } from 'react';
import { titleOf } from '../graph/flow.ts';
import { addNodeBesideSelection } from '../graph/insert.ts';
import { NodeIcon } from '../graph/NodeIcon.tsx';
import { sameTitles } from '../graph/search.ts';
import { revealNode } from '../graph/viewport.ts';
import { useSession } from '../session/session.ts';
import { isEnabled, labelOf } from '../shell/commands/command.ts';
import { paletteStore } from '../shell/commands/command-palette.ts';
import { allCommands, runCommand } from '../shell/commands/registry.ts';
import { showShortcut } from '../shell/commands/shortcut.ts';

/** Every command, every node of the catalogue, every node on the canvas, in one search. */
export function CommandPalette() {
  const { opened } = useSpotlight(paletteStore);
  // While it is closed, it does not subscribe to the session.
  const state = useSession((session) => (opened ? session : null));
  const actions = useMemo(() => {
    if (!state) return [];
    const runnable = allCommands()
      .filter((command) => isEnabled(command, state) && !command.name.startsWith('move.'))
      .map(
        (command): SpotlightActionData => ({
          id: command.name,
          label: labelOf(command, state),
          leftSection: command.icon ? <command.icon size={16} stroke={1.6} /> : <span className="icon-space" />,
          rightSection: command.shortcuts?.[0] ? <kbd className="keys">{showShortcut(command.shortcuts[0])}</kbd> : null,
          onClick: () => void runCommand(command.name),
        }),
      );
    const twins = sameTitles([...state.catalogue.values()]);
    const add = [...state.catalogue.values()]
      .filter(({ forBenchmarks }) => !forBenchmarks)
      .map(
        (manifest): SpotlightActionData => ({
          id: `add.${manifest.type}`,
          label: twins.has(manifest.title) ? `Add ${manifest.title} (${manifest.kind})` : `Add ${manifest.title}`,
          keywords: [...manifest.keywords, manifest.category, manifest.summary],
          leftSection: <NodeIcon icon={manifest.icon} kind={manifest.kind} />,
          onClick: () => addNodeBesideSelection(manifest.type),
        }),
      );
    const go = Object.entries(state.pipeline.nodes).map(([id, node]): SpotlightActionData => {
      const manifest = state.catalogue.get(node.type);
      return {
        id: `go.${id}`,
        label: `Go to ${titleOf(id, node, state.catalogue)}`,
        keywords: [id],
        leftSection: <NodeIcon icon={manifest?.icon ?? 'puzzle'} kind={manifest?.kind ?? null} />,
        onClick: () => revealNode(id),
      };
    });
    return [
      { group: 'Commands', actions: runnable },
      { group: 'On the canvas', actions: go },
      { group: 'Add a node', actions: add },
    ];
  }, [state]);
  return (
    <Spotlight
      store={paletteStore}
      actions={actions}
      shortcut={null}
      highlightQuery
      limit={40}
      scrollable
      maxHeight={420}
      size={560}
      nothingFound="Nothing matches. Try another word."
      searchProps={{ leftSection: <IconSearch size={16} />, placeholder: 'Type a command, a node, or a name', 'aria-label': 'Search commands' }}
      transitionProps={{ duration: 60 }}
      overlayProps={{ backgroundOpacity: 0.25 }}
      attributes={{ content: { 'aria-label': 'All commands' } }}
    />
  );
}
