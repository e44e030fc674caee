import { Button, Menu } from '@mantine/core';
import { IconHistory } from '@tabler/icons-react';
import type { RunSummary } from '../../engine/protocol/messages.ts';
import { visible } from '../../model/text/visible-text.ts';
import { formatDuration, formatWhen, runStateWords } from '../format/run-text.ts';
import { pipelineOf } from '../session/run-origin.ts';
import { useSession } from '../session/session.ts';
import { showRun } from './run-actions.tsx';

const shown = 30;

/** A menu of all other known runs: first those of this pipeline's file. */
export function EarlierRuns({ current }: { readonly current: string | null }) {
  const runs = useSession((state) => state.runs);
  const path = useSession((state) => state.path);
  const others = runs.filter((run) => run.id !== current);
  if (others.length === 0) return null;
  const own = others.filter((run) => path !== null && run.path === path).slice(0, shown);
  const rest = others.filter((run) => path === null || run.path !== path).slice(0, shown);
  return (
    <Menu position="bottom-end" width={340}>
      <Menu.Target>
        <Button className="run-others" size="compact-xs" variant="subtle" color="gray" leftSection={<IconHistory size={14} />} aria-label="Other runs">
          Other runs
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={320} className="scroll-y">
        {own.length > 0 && <Menu.Label>Of this pipeline</Menu.Label>}
        {own.map((run) => (
          <Entry key={run.id} run={run} label={stateOf(run)} />
        ))}
        {rest.length > 0 && <Menu.Label>Of other pipelines</Menu.Label>}
        {rest.map((run) => (
          <Entry key={run.id} run={run} label={`${pipelineOf(run)}: ${stateOf(run).toLowerCase()}`} />
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Entry({ run, label }: { readonly run: RunSummary; readonly label: string }) {
  return (
    <Menu.Item
      onClick={() => showRun(run)}
      title={visible(run.path ?? 'Not saved when it ran')}
      rightSection={<span className="dim">{formatWhen(run.startedAt)}</span>}
    >
      {label}
    </Menu.Item>
  );
}

function stateOf(run: RunSummary): string {
  return run.endedAt === null ? runStateWords[run.state] : `${runStateWords[run.state]} after ${formatDuration(run.endedAt - run.startedAt)}`;
}
