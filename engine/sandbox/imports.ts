import { createRequire, registerHooks } from 'node:module';
import { pathToFileURL } from 'node:url';

/**
 * From now on no module is loaded on behalf of users' code. Their code is compiled by `ses`, so any request for a module (`import()`, its
 * source and defer phases) comes from a file of that package, which itself loads nothing once it is loaded. A second line of defence: such
 * code is refused before it runs.
 */
export function refuseImports(): void {
  const file = pathToFileURL(createRequire(import.meta.url).resolve('ses')).href;
  const ses = file.slice(0, file.lastIndexOf('/ses/') + '/ses/'.length);
  registerHooks({
    resolve(specifier, context, next) {
      if (context.parentURL?.startsWith(ses)) throw new TypeError('Code in a pipeline cannot load modules');
      return next(specifier, context);
    },
  });
}
