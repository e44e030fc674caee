import { useMediaQuery } from '@mantine/hooks';
import { useSession } from '../session/session.ts';

/** Light or dark, from the setting or, if it says so, from the system. */
export function useColorScheme(): 'light' | 'dark' {
  const theme = useSession((state) => state.settings.theme);
  const systemDark = useMediaQuery('(prefers-color-scheme: dark)', undefined, { getInitialValueInEffect: false });
  if (theme !== 'system') return theme;
  return systemDark ? 'dark' : 'light';
}
