import { type CSSVariablesResolver, createTheme, type MantineColorsTuple } from '@mantine/core';

const accent: MantineColorsTuple = ['#edf3fd', '#dfe9fb', '#bdd2f6', '#97b8f0', '#76a1eb', '#5a8ee6', '#3671d6', '#2460c8', '#1d52ae', '#164393'];
/** Mantine's greys of the dark theme, in the tint of tokens.css. */
const dark: MantineColorsTuple = ['#e3e6eb', '#a9b0bb', '#979fab', '#666f7e', '#414752', '#2b2f37', '#22262d', '#1c1f25', '#17191e', '#14161a'];
const extraSmall = { defaultProps: { size: 'xs' } } as const;

/** Mantine in the editor's own density: 12-13 px type, 28 px controls, small radii, no decoration. */
export const theme = createTheme({
  fontFamily: 'var(--font)',
  fontFamilyMonospace: 'var(--mono)',
  primaryColor: 'accent',
  primaryShade: { light: 7, dark: 6 },
  colors: { accent, dark },
  autoContrast: true,
  defaultRadius: 5,
  fontSizes: { xs: '12px', sm: '13px', md: '14px', lg: '15px', xl: '18px' },
  spacing: { xs: '6px', sm: '10px', md: '14px', lg: '20px', xl: '28px' },
  headings: { sizes: { h1: { fontSize: '20px' }, h2: { fontSize: '16px' }, h3: { fontSize: '14px' }, h4: { fontSize: '13px' } } },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: { defaultProps: { size: 'xs' } },
    ActionIcon: { defaultProps: { size: 26, variant: 'subtle', color: 'gray' } },
    TextInput: extraSmall,
    Textarea: extraSmall,
    Select: { defaultProps: { size: 'xs', comboboxProps: { shadow: 'md' } } },
    MultiSelect: extraSmall,
    Autocomplete: extraSmall,
    TagsInput: extraSmall,
    PillsInput: extraSmall,
    Checkbox: extraSmall,
    Switch: extraSmall,
    Radio: extraSmall,
    SegmentedControl: extraSmall,
    InputWrapper: extraSmall,
    Tooltip: { defaultProps: { openDelay: 400, withinPortal: true, fz: 12, multiline: true, maw: 340, transitionProps: { duration: 80 } } },
    // Overlays of the editor belong to its main part (App.tsx).
    Portal: { defaultProps: { target: '#overlays' } },
    // The first entry takes the focus: a menu contains only entries.
    Menu: { defaultProps: { shadow: 'md', transitionProps: { duration: 60 }, withInitialFocusPlaceholder: false } },
    Popover: { defaultProps: { shadow: 'md', transitionProps: { duration: 60 } } },
    Modal: {
      defaultProps: {
        centered: true,
        padding: 'lg',
        transitionProps: { duration: 90 },
        overlayProps: { backgroundOpacity: 0.4 },
        closeButtonProps: { 'aria-label': 'Close' },
      },
    },
    Badge: { defaultProps: { size: 'sm', radius: 4, tt: 'none', fw: 500 } },
    Notification: { defaultProps: { closeButtonProps: { 'aria-label': 'Dismiss' } } },
  },
});

const shared = {
  '--mantine-color-body': 'var(--surface)',
  '--mantine-color-text': 'var(--text)',
  '--mantine-color-dimmed': 'var(--text-2)',
  '--mantine-color-placeholder': 'var(--text-3)',
  '--mantine-color-default': 'var(--surface)',
  '--mantine-color-default-hover': 'var(--hover)',
  '--mantine-color-default-border': 'var(--line-strong)',
  '--mantine-color-error': 'var(--error)',
  '--mantine-color-anchor': 'var(--accent)',
};
/** Mantine's own colours follow tokens.css. */
export const variables: CSSVariablesResolver = () => ({ variables: {}, light: shared, dark: shared });
