import { Button, Modal, Textarea } from '@mantine/core';
import { useState } from 'react';
import { extensionOf, pasteRows } from '../documents/open-file.ts';
import { showDialog } from '../shell/dialogs.tsx';

/** Takes the rows on the clipboard; if the page may not read it, or it has none, asks for them. */
export async function choosePastedRows(): Promise<void> {
  const text = await navigator.clipboard.readText().catch(() => '');
  const rows = extensionOf(text) ? text : await showDialog<string>((close) => <PasteRowsDialog onClose={close} />);
  if (rows) await pasteRows(rows);
}

function PasteRowsDialog({ onClose }: { readonly onClose: (text: string | null) => void }) {
  const [text, setText] = useState('');
  return (
    <Modal opened onClose={() => onClose(null)} title="Paste rows" size={640}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (extensionOf(text)) onClose(text);
        }}
      >
        <Textarea
          label="Rows"
          description="CSV with a line of names, cells of a spreadsheet, JSON Lines or a JSON array"
          data-autofocus
          rows={12}
          spellCheck={false}
          value={text}
          error={text !== '' && !extensionOf(text) ? 'These are not rows: paste at least two lines of values with commas, semicolons or tabs, or JSON.' : null}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <div className="dialog-buttons">
          <Button variant="default" onClick={() => onClose(null)}>
            Cancel
          </Button>
          <Button type="submit" disabled={!extensionOf(text)}>
            Add source
          </Button>
        </div>
      </form>
    </Modal>
  );
}
