import { useEffect, useState } from 'react';

export type Monaco = typeof import('./monaco.ts');

let loading: Promise<Monaco> | null = null;
let loaded: Monaco | null = null;

/** Loads the code editor (11 MB with its workers) at the first call. */
export function loadMonaco(): Promise<Monaco> {
  loading ??= import('./monaco.ts').then(
    (module) => {
      loaded = module;
      return module;
    },
    (error) => {
      loading = null;
      throw error;
    },
  );
  return loading;
}

/** The code editor once it has loaded; null until then, and if it cannot be loaded. */
export function useMonaco(): Monaco | null {
  const [module, setModule] = useState(loaded);
  useEffect(() => {
    if (module) return;
    let gone = false;
    loadMonaco().then(
      (ready) => gone || setModule(ready),
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [module]);
  return module;
}
