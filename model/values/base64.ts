/** Base64 (RFC 4648, with padding) without Node's Buffer or the browser's atob, since the schema layer may use neither. */
const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const sextets = new Int16Array(128).fill(-1);
for (let i = 0; i < 64; i++) sextets[alphabet.charCodeAt(i)] = i;

export function encodeBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const group = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += alphabet.charAt(group >> 18) + alphabet.charAt((group >> 12) & 63);
    text += i + 1 < bytes.length ? alphabet.charAt((group >> 6) & 63) : '=';
    text += i + 2 < bytes.length ? alphabet.charAt(group & 63) : '=';
  }
  return text;
}

/** Null for anything that is not base64 with its padding. */
export function decodeBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  let group = 0;
  for (let i = 0, at = 0; i < text.length; i++) {
    const isPadding = i >= text.length - padding;
    const value = isPadding ? 0 : (sextets[text.charCodeAt(i)] ?? -1);
    if (value < 0) return null;
    group = (group << 6) | value;
    if (i % 4 === 3) {
      if (at < bytes.length) bytes[at++] = group >> 16;
      if (at < bytes.length) bytes[at++] = (group >> 8) & 255;
      if (at < bytes.length) bytes[at++] = group & 255;
      group = 0;
    }
  }
  return bytes;
}
