import { resolve } from 'node:path';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'electron-vite';

// CommonJS with .cjs names: a sandboxed preload cannot be an ES module, and package.json says "type": "module".
const cjs = { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: 'chunks/[name]-[hash].cjs' } as const;
const at = (file: string) => resolve(import.meta.dirname, file);

export default defineConfig({
  main: {
    build: {
      rolldownOptions: {
        input: {
          index: at('electron/main.ts'),
          server: at('server/index.ts'),
          engine: at('engine/index.ts'),
          cli: at('engine/cli/index.ts'),
          'data-thread': at('engine/runners/local/data-thread.ts'),
          'instance-thread': at('engine/runners/local/instances/instance-thread.ts'),
          'guard-thread': at('engine/processes/guard-thread.ts'),
          preview: at('engine/preview/preview-process.ts'),
          discovery: at('engine/preview/discovery-process.ts'),
          scan: at('engine/preview/scan-process.ts'),
          typecheck: at('engine/preview/typecheck-process.ts'),
          connection: at('engine/preview/connection-process.ts'),
          check: at('engine/workbench/check-process.ts'),
          query: at('engine/workbench/query-process.ts'),
        },
        output: cjs,
      },
    },
  },
  preload: { build: { rolldownOptions: { input: { index: at('electron/preload.ts') }, output: cjs } } },
  renderer: {
    root: at('renderer'),
    plugins: [react()],
    worker: { format: 'es' },
    build: { minify: true, chunkSizeWarningLimit: 20_000, rolldownOptions: { input: { index: at('renderer/index.html') } } },
  },
});
