import { connectionTypes, definitions } from '../../nodes/index.ts';
import { PipelineReceiver } from '../document/transfer.ts';
import { Catalogue } from '../plan/catalogue.ts';
import { ConnectionTrials } from '../preview/connection-trials.ts';
import { Preview } from '../preview/preview.ts';
import { Scans } from '../preview/scans.ts';
import { TypeChecks } from '../preview/type-checks.ts';
import type { EditorProtocol } from '../protocol/api.ts';
import { Service } from '../protocol/connection.ts';
import type { Port } from '../protocol/port.ts';
import type { RunControl } from '../protocol/run-api.ts';
import { type Sealer, Secrets } from '../store/secrets.ts';
import { Store } from '../store/store.ts';
import { autosaveHandlers } from './autosave-handlers.ts';
import { Autosaves } from './autosaves.ts';
import { Checks } from './checks.ts';
import { connectionHandlers } from './connection-handlers.ts';
import { ConnectionsWatch } from './connections-watch.ts';
import { documentHandlers } from './document-handlers.ts';
import { Documents } from './documents.ts';
import { fileHandlers } from './file-handlers.ts';
import { parseRequest } from './handlers.ts';
import { listenHandlers } from './listen-handlers.ts';
import { previewHandlers } from './preview-handlers.ts';
import { replayHandlers } from './replay-handlers.ts';
import { resultHandlers } from './result-handlers.ts';
import { Results } from './results.ts';
import { runHandlers, stateFolderOf } from './run-handlers.ts';
import { scanHandlers } from './scan-handlers.ts';
import { settingHandlers } from './setting-handlers.ts';
import { trustHandlers } from './trust-handlers.ts';
import { Uploads } from './uploads.ts';

export interface WorkbenchOptions {
  readonly runs: RunControl;
  /** Null, or left out: the host cannot encrypt secrets. */
  readonly sealer?: Sealer | null;
  /** Where Millrace keeps its own files: the store, autosaved copies, the examples' working copy, outputs of unsaved documents. */
  readonly dataFolder: string;
  readonly examplesFolder: string;
  readonly appVersion: string;
  /** A file that the editor should open at its start. */
  readonly open: string | null;
}

/** Answers one editor over `port` until that closes. */
export function serveWorkbench(port: Port, options: WorkbenchOptions): void {
  const { runs } = options;
  const store = Store.open(options.dataFolder);
  if (store.problem) process.stderr.write(`millrace: ${store.problem.message} ${store.problem.hint ?? ''}\n`);
  const catalogue = new Catalogue(definitions, connectionTypes);
  const secrets = new Secrets(options.dataFolder, options.sealer ?? null);
  const checks = new Checks(catalogue, { secrets });
  const received = new PipelineReceiver();
  const uploads = new Uploads();
  const documents = new Documents(
    store,
    options,
    (documentId, why) => {
      preview.forget(documentId);
      scans.forget(documentId);
      service.emit('document.distrusted', { documentId, why });
    },
    catalogue,
  );
  const preview = new Preview();
  const scans = new Scans();
  const results = new Results();
  const trials = new ConnectionTrials();
  const onConnectionsChanged = (documentId: string) => service.emit('connections.changed', { documentId });
  const watch = new ConnectionsWatch(onConnectionsChanged);
  const autosaves = new Autosaves(options.dataFolder);
  const typeChecks = new TypeChecks((documentId, problems) => service.emit('code.checked', { documentId, problems }));

  const service: Service<EditorProtocol> = new Service<EditorProtocol>(
    port,
    {
      ...settingHandlers(store, catalogue, options),
      ...documentHandlers(documents, store, checks, autosaves, (documentId) => {
        preview.forget(documentId);
        scans.forget(documentId);
        typeChecks.forget(documentId);
        checks.forget(documentId);
        watch.forget(documentId);
        received.forget(documentId);
      }),
      ...trustHandlers(documents, store, checks, runs, catalogue),
      ...previewHandlers(documents, checks, preview, typeChecks, received, secrets, watch),
      ...connectionHandlers({ documents, catalogue, secrets, trials, onChanged: onConnectionsChanged }),
      ...scanHandlers(documents, checks, scans, received, secrets, (progress) => service.emit('source.scanning', progress)),
      ...runHandlers(runs, documents, checks, catalogue, options.dataFolder, secrets),
      ...replayHandlers({ runs, documents, checks, catalogue, secrets, stateOf: (document) => stateFolderOf(options.dataFolder, document) }),
      ...listenHandlers(documents, checks, catalogue, secrets, (refused) => service.emit('source.refused', refused)),
      ...resultHandlers(results),
      ...autosaveHandlers(autosaves, documents),
      ...fileHandlers(documents, catalogue, uploads),
    },
    parseRequest,
  );
  // An editor asks for a check as soon as it has opened a document.
  checks.prepare();
  const stopListening = [
    runs.onChanged((summary) => service.emit('run.changed', summary)),
    runs.onLogged((runId, line) => service.emit('run.logged', { runId, line })),
  ];
  port.onClose(() => {
    for (const stop of stopListening) stop();
    preview.close();
    scans.close();
    typeChecks.close();
    results.close();
    trials.close();
    watch.close();
    void uploads.close();
    checks.close();
    store.close();
  });
}
