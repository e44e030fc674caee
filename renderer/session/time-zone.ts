/** The time zone in which the editor shows timestamps: a setting, which changes nothing about values. */
import { utc, type Zone, zoneOf } from '../../engine/schema/zone.ts';
import { useSession } from './session.ts';

/** The setting that stands for the zone of this computer, whichever that is. */
export const computersZone = 'computer';

export function nameOfComputersZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** UTC where the setting names a zone that is not known here. */
export function zoneOfSetting(setting: string): Zone {
  return zoneOf(setting === computersZone ? nameOfComputersZone() : setting) ?? utc;
}

/** Keeps its identity while the zone stays the same. */
export function useShownZone(): Zone {
  return zoneOfSetting(useSession((state) => state.settings.timeZone));
}
