/**
 * Makes the text of a date the same in every language: JavaScript names the time zone in the machine's own. Call it before lockdown. Only
 * for processes in UTC (time-zone.ts).
 */
export function writeDatesInEnglish(): void {
  const { toString: dateText, toTimeString: timeText } = Date.prototype;
  const inEnglish = (text: string) => text.replace(/GMT\+0000 \(.*\)$/, 'GMT+0000 (Coordinated Universal Time)');
  // Methods, since these are not constructors.
  const own = {
    toString(this: Date): string {
      return inEnglish(Reflect.apply(dateText, this, []));
    },
    toTimeString(this: Date): string {
      return inEnglish(Reflect.apply(timeText, this, []));
    },
  };
  for (const [name, value] of Object.entries(own))
    Object.defineProperty(Date.prototype, name, { value, writable: true, configurable: true, enumerable: false });
}
