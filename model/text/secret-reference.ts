/** How files name a secret: `${secret:warehouse_password}`. The text of one is never in a file, a log or an error. */

/** What a secret may be called. */
export const secretName = /^[a-z][a-z0-9_-]{0,63}$/;

const reference = /^\$\{(?:secret:([a-z][a-z0-9_-]{0,63})|env:([A-Za-z_][A-Za-z0-9_]{0,199}))\}$/;

export interface SecretReference {
  /** `environment`: an environment variable by its own name, as files of older versions have it. */
  readonly from: 'secret' | 'environment';
  readonly name: string;
}

/** Null for a text that is no reference to one secret, and nothing else. */
export function readSecretReference(text: string): SecretReference | null {
  const [, secret, variable] = reference.exec(text) ?? [];
  if (secret !== undefined) return { from: 'secret', name: secret };
  return variable === undefined ? null : { from: 'environment', name: variable };
}

export function secretReference(name: string): string {
  return `\${secret:${name}}`;
}

/** A reference to an environment variable. */
export function variableReference(name: string): string {
  return `\${env:${name}}`;
}

/** What people call it: `the secret "warehouse_password"`. */
export function describeReference(text: string): string {
  const found = readSecretReference(text);
  return found?.from === 'environment' ? `the environment variable ${found.name}` : `the secret "${found?.name ?? ''}"`;
}

/** The environment variable that stands for a secret where it is set: `MILLRACE_SECRET_WAREHOUSE_PASSWORD`. */
export function secretVariable(name: string): string {
  return `MILLRACE_SECRET_${name.toUpperCase().replaceAll('-', '_')}`;
}

/** A name for a secret, made from any text: `Warehouse (EU)` and `password` give `warehouse_eu_password`. */
export function secretNameFor(...parts: readonly string[]): string {
  const name = parts
    .join('_')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[_0-9]+|_+$/g, '')
    .slice(0, 64);
  return name || 'secret';
}
