import { homedir } from 'node:os';
import { MillraceError } from '../../model/problems/problem.ts';
import type { Catalogue } from '../plan/catalogue.ts';
import { protocolVersion } from '../protocol/api.ts';
import type { Store } from '../store/store.ts';
import type { Answers } from './handlers.ts';

/** Greeting, catalogue, and what the editor remembers. */
export function settingHandlers(
  store: Store,
  catalogue: Catalogue,
  host: { readonly appVersion: string; readonly open: string | null },
): Answers<'hello' | 'catalogue.read' | 'settings.read' | 'settings.write'> {
  return {
    hello: ({ protocolVersion: theirs }) => {
      if (theirs !== protocolVersion) {
        throw new MillraceError({
          code: 'protocol/version',
          message: `The editor speaks protocol version ${theirs}, the engine ${protocolVersion}.`,
          hint: 'They are of different versions of Millrace: close it and start it again.',
        });
      }
      return { appVersion: host.appVersion, protocolVersion, platform: process.platform, home: homedir(), open: host.open };
    },
    'catalogue.read': () => catalogue.manifests(),
    'settings.read': ({ key }) => store.setting(key),
    'settings.write': ({ key, value }) => {
      store.writeSetting(key, value);
      return null;
    },
  };
}
