/** All commands of the editor. Features contribute theirs (shell/feature.ts); other code offers or runs them by name. */
import { session } from '../../session/session.ts';
import { notifyError } from '../notify.ts';
import { type Command, isEnabled } from './command.ts';

const byName = new Map<string, Command>();

/** Call it before anything is drawn. Throws if a name is taken. */
export function addCommands(added: readonly Command[]): void {
  for (const command of added) {
    if (byName.has(command.name)) throw new Error(`There are two commands called "${command.name}".`);
    byName.set(command.name, command);
  }
}

/** In the order in which they were contributed. */
export function allCommands(): readonly Command[] {
  return [...byName.values()];
}

/** Throws on a name that no command has: the tests of menus use it. */
export function commandOf(name: string): Command {
  const command = byName.get(name);
  if (!command) throw new Error(`There is no command called "${name}".`);
  return command;
}

/** Runs a command if it is enabled; errors are shown. */
export async function runCommand(name: string): Promise<void> {
  const command = byName.get(name);
  if (!command || !isEnabled(command, session.state)) return;
  try {
    await command.run(session);
  } catch (error) {
    notifyError(error);
  }
}
