import { Button, PasswordInput } from '@mantine/core';
import { IconKey } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { RequestResults } from '../../../engine/protocol/api.ts';
import { readSecretReference, secretReference } from '../../../model/text/secret-reference.ts';
import { session, useSession } from '../../session/session.ts';
import { notifyError } from '../../shell/notify.ts';
import styles from '../form/Widgets.module.css';
import { asText, hasError, useForm, type WidgetProps } from '../form/widget.ts';

type Found = RequestResults['secrets.find'];

const places: Readonly<Record<Found['state'], string>> = {
  missing: 'not there on this machine',
  environment: 'taken from an environment variable',
  file: 'stored in a file that only you can read',
  sealed: "stored with the operating system's keychain",
  locked: 'sealed by the desktop app, and not to be read here',
};

/** A secret: its text goes to the store of secrets and is never shown again; the file holds its name. */
export function SecretWidget({ id, path, field, value, onChange, onDone, problems, describedBy, label }: WidgetProps) {
  const form = useForm();
  const written = asText(value);
  const isNamed = readSecretReference(written) !== null;
  const found = useSecret(isNamed ? written : null);
  const [typed, setTyped] = useState<string | null>(null);
  const [target, setTarget] = useState<string | null>(null);
  const pending = form.secrets?.texts[written];

  /** Its own, unless what the name leads to belongs to something else. */
  const targetOf = async () => {
    const isOwn = isNamed && !form.isInherited?.(path) && readSecretReference(written)?.from === 'secret';
    const reference = isOwn ? written : await freeReference(form.secretName(path));
    setTarget(reference);
    return reference;
  };
  const type = async (text: string) => {
    setTyped(text);
    if (!form.secrets) return;
    const reference = target ?? (await targetOf());
    if (reference !== written) onChange(reference);
    form.secrets.onChange(reference, text);
  };
  const finish = async () => {
    onDone();
    if (typed === null) return;
    if (readSecretReference(typed)) onChange(typed);
    else if (typed !== '' && !form.secrets) await store(typed);
    if (!form.secrets || typed === '') setTyped(null);
  };
  const store = async (text: string) => {
    const { documentId } = session.state;
    if (!documentId) return;
    try {
      const reference = await targetOf();
      await session.request('secrets.set', { documentId, reference, text });
      onChange(reference);
    } catch (error) {
      notifyError(error, 'The secret was not stored');
    }
  };
  const isShown = typed === null && isNamed && pending === undefined && found?.state !== 'missing';
  if (isShown) {
    return (
      <>
        <div className={styles.secret} data-error={hasError(problems) || undefined}>
          <IconKey size={14} stroke={1.6} aria-hidden />
          <span className={styles.secretText}>
            <span aria-hidden>••••••</span> <code>{readSecretReference(written)?.name}</code>
          </span>
          <Button id={id} size="compact-xs" variant="subtle" aria-label={`Replace ${label}`} aria-describedby={describedBy} onClick={() => setTyped('')}>
            Replace
          </Button>
          {(field.optional || field.default === '') && (
            <Button size="compact-xs" variant="subtle" color="gray" aria-label={`Clear ${label}`} onClick={() => onChange(field.optional ? null : '')}>
              Clear
            </Button>
          )}
        </div>
        {found && <div className={styles.secretPlace}>{places[found.state].replace(/^./, (letter) => letter.toUpperCase())}</div>}
      </>
    );
  }
  const missing = isNamed && pending === undefined ? `The text of “${readSecretReference(written)?.name}” is ${places.missing}` : 'Stored apart from the file';
  return (
    <PasswordInput
      id={id}
      size="xs"
      value={typed ?? pending ?? ''}
      autoFocus={typed === ''}
      placeholder={missing}
      leftSection={<IconKey size={14} stroke={1.6} />}
      error={hasError(problems)}
      aria-label={label}
      aria-describedby={describedBy}
      spellCheck={false}
      autoComplete="new-password"
      onChange={(event) => void type(event.currentTarget.value)}
      onBlur={() => void finish()}
      onKeyDown={(event) => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          if (target) form.secrets?.onChange(target, null);
          setTyped(null);
        } else if (event.key === 'Enter' && !form.secrets) void finish();
      }}
    />
  );
}

/** Where a secret is kept; null while that is not known. */
function useSecret(reference: string | null): Found | null {
  const [found, setFound] = useState<Found | null>(null);
  // It may be stored in the meantime: then the connections are told anew.
  const connections = useSession((state) => state.connections);
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again with the connections.
  useEffect(() => {
    let isWanted = true;
    if (reference === null) setFound(null);
    else
      session.request('secrets.find', { reference }).then(
        (state) => isWanted && setFound(state),
        () => {},
      );
    return () => {
      isWanted = false;
    };
  }, [reference, connections]);
  return found;
}

/** A secret of that name that is not there yet: one that is belongs to something else. */
async function freeReference(name: string): Promise<string> {
  for (let number = 1; ; number++) {
    const reference = secretReference(number === 1 ? name : `${name.slice(0, 60)}_${number}`);
    const { state } = await session.request('secrets.find', { reference });
    if (state === 'missing') return reference;
  }
}
