/** The time zone in which the editor shows timestamps: a setting, which changes no values. */
import { utc, type Zone, zoneOf } from '../../model/time/zone.ts';
import { useSession } from './session.ts';

/** The setting for the zone of this computer, whichever that is. */
export const computersZone = 'computer';

/** Names under which ICU lists zones that the IANA database renamed long ago; both are understood. */
const currentNames: { readonly [listed: string]: string } = {
  'Africa/Asmera': 'Africa/Asmara',
  'America/Buenos_Aires': 'America/Argentina/Buenos_Aires',
  'America/Catamarca': 'America/Argentina/Catamarca',
  'America/Coral_Harbour': 'America/Atikokan',
  'America/Cordoba': 'America/Argentina/Cordoba',
  'America/Godthab': 'America/Nuuk',
  'America/Indianapolis': 'America/Indiana/Indianapolis',
  'America/Jujuy': 'America/Argentina/Jujuy',
  'America/Louisville': 'America/Kentucky/Louisville',
  'America/Mendoza': 'America/Argentina/Mendoza',
  'Asia/Calcutta': 'Asia/Kolkata',
  'Asia/Katmandu': 'Asia/Kathmandu',
  'Asia/Rangoon': 'Asia/Yangon',
  'Asia/Saigon': 'Asia/Ho_Chi_Minh',
  'Atlantic/Faeroe': 'Atlantic/Faroe',
  'Europe/Kiev': 'Europe/Kyiv',
  'Pacific/Enderbury': 'Pacific/Kanton',
  'Pacific/Ponape': 'Pacific/Pohnpei',
  'Pacific/Truk': 'Pacific/Chuuk',
};

let names: readonly string[] | null = null;
/** UTC and the IANA names of all zones, by their current names, in order. */
export function timeZoneNames(): readonly string[] {
  const listed = () => Intl.supportedValuesOf('timeZone').filter((name) => name !== 'UTC');
  names ??= [
    'UTC',
    ...listed()
      .map((name) => currentNames[name] ?? name)
      .sort(),
  ];
  return names;
}

export function nameOfComputersZone(): string {
  return todaysName(new Intl.DateTimeFormat().resolvedOptions().timeZone);
}

/** The label of a zone. */
export function todaysName(name: string): string {
  return currentNames[name] ?? name;
}

/** UTC if the setting names a zone that is not known here. */
export function zoneOfSetting(setting: string): Zone {
  return zoneOf(setting === computersZone ? nameOfComputersZone() : setting) ?? utc;
}

/** The same object while the zone stays the same. */
export function useShownZone(): Zone {
  return zoneOfSetting(useSession((state) => state.settings.timeZone));
}
