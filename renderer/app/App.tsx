import { MantineProvider } from '@mantine/core';
import { Notifications } from '@mantine/notifications';
import { theme, variables } from '../theme/theme.ts';
import { useColorScheme } from '../theme/use-color-scheme.ts';
import { CommandPalette } from './CommandPalette.tsx';
import { useNativeMenu } from './use-native-menu.ts';
import { useShortcuts } from './use-shortcuts.ts';
import './app.css';
import { Dialogs } from '../shell/dialogs.tsx';
import { ErrorBoundary } from '../shell/ErrorBoundary.tsx';
import { Slot } from '../shell/slots.tsx';
import { Header } from './Header.tsx';
import { StatusBar } from './StatusBar.tsx';
import { Workspace } from './Workspace.tsx';

export function App() {
  const scheme = useColorScheme();
  return (
    <MantineProvider theme={theme} cssVariablesResolver={variables} forceColorScheme={scheme}>
      <ErrorBoundary area="editor">
        <Editor />
      </ErrorBoundary>
      <Notifications position="bottom-right" limit={4} />
    </MantineProvider>
  );
}

function Editor() {
  useShortcuts();
  useNativeMenu();
  return (
    <div className="app">
      <Header />
      <Slot name="banner" />
      <main className="workspace">
        <Workspace />
        <div id="overlays" />
      </main>
      <StatusBar />
      <CommandPalette />
      <Dialogs />
      <Slot name="background" />
    </div>
  );
}
