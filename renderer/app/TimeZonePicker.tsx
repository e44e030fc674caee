import { Combobox, useCombobox } from '@mantine/core';
import { useEffect, useMemo, useState } from 'react';
import { offsetText } from '../format/value-text.ts';
import { session, useSession } from '../session/session.ts';
import { computersZone, nameOfComputersZone, timeZoneNames, todaysName, useShownZone, zoneOfSetting } from '../session/time-zone.ts';

interface Option {
  readonly setting: string;
  readonly label: string;
}

const listed = 60;
let open = () => {};

/** Opens the list of zones, from anywhere. */
export function chooseTimeZone(): void {
  open();
}

/** In the status bar: the zone in which timestamps are shown, with a list to choose another one. */
export function TimeZonePicker() {
  const zone = useShownZone();
  const chosen = useSession((state) => state.settings.timeZone);
  const [search, setSearch] = useState('');
  const combobox = useCombobox({
    onDropdownOpen: () => {
      setSearch('');
      requestAnimationFrame(() => combobox.focusSearchInput());
    },
    onDropdownClose: () => combobox.resetSelectedOption(),
  });
  useEffect(() => {
    open = () => combobox.openDropdown();
  }, [combobox]);
  const options = useMemo(() => matching(search), [search]);
  return (
    <Combobox
      store={combobox}
      position="top-end"
      width={320}
      shadow="md"
      onOptionSubmit={(setting) => {
        session.set('timeZone', setting);
        combobox.closeDropdown();
        combobox.focusTarget();
      }}
    >
      <Combobox.Target targetType="button">
        <button
          type="button"
          className="status-zone"
          title="The time zone in which timestamps are shown. Copied cells and files are in UTC."
          onClick={() => combobox.toggleDropdown()}
        >
          Times in {todaysName(zone.name)}
        </button>
      </Combobox.Target>
      <Combobox.Dropdown>
        <Combobox.Search
          role="combobox"
          aria-expanded={combobox.dropdownOpened}
          value={search}
          placeholder="Search time zones"
          aria-label="Search time zones"
          spellCheck={false}
          onChange={(event) => {
            setSearch(event.currentTarget.value);
            combobox.selectFirstOption();
          }}
        />
        <Combobox.Options mah={280} style={{ overflowY: 'auto' }} aria-label="Time zones">
          {options.map(({ setting, label }) => (
            <Combobox.Option key={setting} value={setting} active={setting === chosen} className="zone-option">
              <span>{label}</span>
              <span className="zone-offset">{offsetText(zoneOfSetting(setting).offsetAt(Date.now()))}</span>
            </Combobox.Option>
          ))}
          {options.length === 0 && <Combobox.Empty>No time zone has this name</Combobox.Empty>}
        </Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  );
}

/** `new york` finds America/New_York. */
function matching(search: string): Option[] {
  const words = search.toLowerCase().split(/[\s/_]+/);
  const found = allOptions().filter(({ label }) => words.every((word) => label.toLowerCase().replaceAll('_', ' ').includes(word)));
  return found.slice(0, listed);
}

let all: Option[] | null = null;
function allOptions(): Option[] {
  all ??= [
    { setting: 'UTC', label: 'UTC' },
    { setting: computersZone, label: `This computer’s (${nameOfComputersZone()})` },
    ...timeZoneNames().flatMap((name) => (name === 'UTC' ? [] : [{ setting: name, label: name }])),
  ];
  return all;
}
