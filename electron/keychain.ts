import { safeStorage } from 'electron';
import type { Sealer } from '../engine/store/secrets.ts';

/** Linux without a keyring encrypts with a key that everybody knows: that would only look safe. */
const noKeyring = 'basic_text';

/**
 * Encrypts secrets with the key that the operating system keeps for this user. Without one, or where this Electron does not tell, `seal`
 * gives null, and secrets stay in a file that only their user can read.
 */
export const keychain: Sealer = {
  seal: async (text) => (canEncrypt() ? safeStorage.encryptString(text).toString('base64') : null),
  unseal: async (sealed) => safeStorage.decryptString(Buffer.from(sealed, 'base64')),
};

function canEncrypt(): boolean {
  try {
    if (!safeStorage.isEncryptionAvailable()) return false;
    if (process.platform !== 'linux') return true;
    // Newer than the oldest Electron that is supported.
    const backend = (safeStorage as Partial<typeof safeStorage>).getSelectedStorageBackend?.();
    return backend !== undefined && backend !== noKeyring && backend !== 'unknown';
  } catch {
    return false;
  }
}
