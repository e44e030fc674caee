const taken = new Map<string, number>();

/**
 * Whether a request to focus a field (`focusField` of the session, by its time) is new to `who`. It stays in the session after it was
 * handled, and must not take the focus again when its node is selected another time.
 */
export function takeFocusRequest(who: 'form' | 'code', at: number): boolean {
  if ((taken.get(who) ?? 0) >= at) return false;
  taken.set(who, at);
  return true;
}
