import { Modal } from '@mantine/core';
import { session } from '../session/session.ts';
import { showDialog } from '../shell/dialogs.tsx';

export function showAbout(): Promise<null> {
  return showDialog<null>((close) => (
    <Modal opened onClose={() => close(null)} title="About Millrace" size={420}>
      <p>Millrace {session.state.hello?.appVersion ?? ''}</p>
      <p>Streaming data pipelines, drawn: see the rows at every node, run them anywhere. Free software under the Apache License 2.0.</p>
    </Modal>
  ));
}
