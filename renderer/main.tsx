import './app/validation.ts';
import '@fontsource-variable/inter/wght.css';
import '@fontsource/jetbrains-mono/400.css';
import '@mantine/core/styles.css';
import '@mantine/notifications/styles.css';
import '@mantine/spotlight/styles.css';
import '@xyflow/react/dist/style.css';
import './theme/tokens.css';
import './theme/mantine.css';
import { createRoot } from 'react-dom/client';
import './app/contributions.ts';
import { missing } from '../model/faults/missing.ts';
import { App } from './app/App.tsx';
import { startAutosave } from './documents/autosave.ts';
import { startDocument } from './documents/start.tsx';
import { takeToken } from './session/connection.ts';
import { keepConnected } from './session/engine.ts';
import { readLocalSettings } from './session/settings.ts';

takeToken();
readLocalSettings();
createRoot(document.getElementById('root') ?? missing('the element "root"')).render(<App />);
// The canvas does not wait for the engine: data from the engine arrives when it has started.
void keepConnected(startDocument);
startAutosave();
