import { Button } from '@mantine/core';
import { IconFolder, IconTable } from '@tabler/icons-react';
import type { RunOutput, RunSummary } from '../../engine/protocol/messages.ts';
import { rowsOf } from '../../engine/protocol/run-outputs.ts';
import { visible } from '../../model/text/visible-text.ts';
import { counted } from '../format/run-text.ts';
import { countText } from '../format/value-text.ts';
import { titleOf } from '../graph/flow.ts';
import { revealNode } from '../graph/viewport.ts';
import { session, useSession } from '../session/session.ts';

/** The outputs of a run, or some of them, and the way to view them. Nothing if there are none. */
export function RunOutputs({ run, outputs }: { readonly run: RunSummary; readonly outputs: readonly RunOutput[] }) {
  const pipeline = useSession((state) => state.pipeline);
  const catalogue = useSession((state) => state.catalogue);
  if (outputs.length === 0) return null;
  return (
    <ul className="run-outputs" aria-label="Outputs">
      {outputs.map((output) => (
        <li className="run-output" key={`${output.node} ${output.path} ${output.table}`}>
          <b>{titleOf(output.node, pipeline.nodes[output.node], catalogue)}</b>
          <span className="run-note">{describe(output, run)}</span>
          {(output.path ?? output.topic) && <code>{visible(output.path ?? output.topic ?? '')}</code>}
          {output.kind === 'sqlite' && output.path && output.committed && (
            <Button size="compact-xs" variant="light" leftSection={<IconTable size={14} />} onClick={() => output.path && session.showResult(output.path)}>
              Show result
            </Button>
          )}
          {output.kind === 'memory' && (
            <Button
              size="compact-xs"
              variant="light"
              leftSection={<IconTable size={14} />}
              onClick={() => {
                revealNode(output.node);
                session.showDock('data');
              }}
            >
              Show rows
            </Button>
          )}
          {output.path && output.kind !== 'table' && window.desktop && (
            <Button
              size="compact-xs"
              variant="subtle"
              color="gray"
              leftSection={<IconFolder size={14} />}
              onClick={() => output.path && window.desktop?.showInFolder(output.path)}
            >
              Show in folder
            </Button>
          )}
        </li>
      ))}
    </ul>
  );
}

function describe(output: RunOutput, run: RunSummary): string {
  const rows = counted(output.rows, 'row');
  if (output.kind === 'memory') return `received ${rows}`;
  if (output.kind === 'printed') return `printed ${rows}`;
  const where = output.table ? `to table “${visible(output.table)}” in` : output.kind === 'topic' ? 'to topic' : 'to';
  if (run.endedAt === null) return `${rows} so far ${where}`;
  const { written, takenBack, earlier } = rowsOf(output);
  if (!output.committed && written === 0) return 'wrote nothing; unchanged by this run:';
  const notes = [
    ...(earlier > 0 ? [`${countText(earlier)} of them before this run`] : []),
    ...(takenBack > 0 ? [`${countText(takenBack)} more were rolled back`] : []),
  ];
  return `wrote ${counted(written, 'row')}${notes.length > 0 ? ` (${notes.join(', ')})` : ''} ${where}`;
}
