/** Codes of connections and their secrets. */
import { type CodeTable, notConnected, permanent, transient } from './behaviour.ts';

export const connectionCodes = {
  'connection/missing': permanent('A node has no connection to the system that it reads or writes.', 'Choose one in the form of the node, or make one.'),
  'connection/unknown': permanent('A node names a connection that is not in connections.millrace.json.', 'Choose one that is there, or make one of that name.'),
  'connection/wrong-type': permanent('A node names a connection to another kind of system.', 'Choose a connection of the type that the node needs.'),
  'connection/unknown-type': permanent(
    'A connection is of a type that this Millrace does not have.',
    'Update Millrace, or delete the connection. It is kept as it is.',
  ),
  'connection/invalid': permanent('A setting of a connection is missing or cannot be used.', 'Edit the connection.'),
  'connection/too-new': permanent('A connection was made with a newer version of its type.', 'Open the pipeline with a newer Millrace.'),
  'connection/migration-failed': permanent('A connection could not be brought to the current version of its type.', 'Make the connection again.'),
  'connection/file-invalid': permanent(
    'The file connections.millrace.json cannot be read, or an entry in it is not one.',
    'Fix it in a text editor, or restore it from a copy. Millrace does not write to a file that it cannot read.',
  ),
  'connection/file-too-new': permanent('The file connections.millrace.json has a newer format than this Millrace reads.', 'Update Millrace.'),
  'connection/file-changed': permanent(
    'The file connections.millrace.json was changed by another program meanwhile.',
    'Look at it as it is now, and make your change again.',
  ),
  'connection/environment': permanent('There is no environment of that name in connections.millrace.json.', 'Choose one that is there.'),
  'connection/name': permanent('A connection or an environment cannot have this name.', 'Use letters, digits, spaces and . _ - and begin with a letter.'),
  'connection/exists': permanent('There is a connection of that name already.', 'Choose another name.'),
  'connection/slow': notConnected('The other side did not answer in time.', 'Check host and port, and whether a firewall is in between.'),
  'connection/ended': transient('The process that tried the connection ended unexpectedly.', 'Try again.'),
  'secret/missing': permanent('A secret is not there on this machine.', 'Set it: millrace secrets set NAME, or in the form of the connection.'),
  'secret/written': permanent(
    'A password or another secret is written into a file as plain text.',
    'Store it as a secret: the file then holds only its name. Then change the password, as others may have read it.',
  ),
  'secret/sealed': permanent(
    'A secret was sealed by the desktop app, and can be read only there.',
    'Set the environment variable MILLRACE_SECRET_NAME, or store it again: millrace secrets set NAME.',
  ),
  'secret/unseal': permanent('A sealed secret cannot be read any more: the keychain of this user has changed.', 'Store it again.'),
  'secret/name': permanent('A secret cannot have this name.', 'Use a-z, 0-9, _ and -, at most 64 of them, and begin with a letter.'),
  'secret/empty': permanent('A secret has no text.', 'Enter its text.'),
  'secret/unknown': permanent('There is no secret of that name to be removed.', 'See "millrace secrets list".'),
  'secret/store': permanent(
    'The file of secrets in the data folder cannot be read or written.',
    'Restore it from a copy, or remove it and set the secrets again.',
  ),
  'reach/undeclared': permanent(
    'A node tried to connect to an address that the pipeline does not declare, and was stopped.',
    'Name that address in the connection. If the pipeline is not yours, do not trust it.',
  ),
} as const satisfies CodeTable;
