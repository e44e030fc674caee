import {
  type Icon,
  IconActivity,
  IconArrowMerge,
  IconArrowsJoin,
  IconArrowsSplit,
  IconBell,
  IconBolt,
  IconBraces,
  IconBucketDroplet,
  IconCalendarTime,
  IconChartLine,
  IconClock,
  IconCode,
  IconCodeCircle,
  IconColumns,
  IconCopyOff,
  IconCut,
  IconDatabase,
  IconDatabaseExport,
  IconDatabaseImport,
  IconDatabaseSearch,
  IconDatabaseShare,
  IconEye,
  IconFileExport,
  IconFileText,
  IconFileTypeCsv,
  IconFileTypeTxt,
  IconFilter,
  IconGauge,
  IconGavel,
  IconGitMerge,
  IconHistory,
  IconKey,
  IconListDetails,
  IconListNumbers,
  IconMathFunction,
  IconNumbers,
  IconPuzzle,
  IconQuestionMark,
  IconRegex,
  IconReplace,
  IconSeparatorVertical,
  IconSortAscending,
  IconSum,
  IconTable,
  IconTableDown,
  IconTableOptions,
  IconTerminal,
  IconTrendingUp,
  IconWaveSine,
  IconWorld,
} from '@tabler/icons-react';
import { memo } from 'react';
import './node-icon.css';

const icons: { readonly [name: string]: Icon } = {
  'file-type-csv': IconFileTypeCsv,
  braces: IconBraces,
  database: IconDatabase,
  'database-import': IconDatabaseImport,
  'database-search': IconDatabaseSearch,
  'database-share': IconDatabaseShare,
  'database-export': IconDatabaseExport,
  'wave-sine': IconWaveSine,
  filter: IconFilter,
  columns: IconColumns,
  'math-function': IconMathFunction,
  code: IconCode,
  'code-circle': IconCodeCircle,
  sum: IconSum,
  'arrows-join': IconArrowsJoin,
  'git-merge': IconGitMerge,
  'arrow-merge': IconArrowMerge,
  'copy-off': IconCopyOff,
  'sort-ascending': IconSortAscending,
  cut: IconCut,
  eye: IconEye,
  'file-export': IconFileExport,
  table: IconTable,
  clock: IconClock,
  world: IconWorld,
  bolt: IconBolt,
  key: IconKey,
  'calendar-time': IconCalendarTime,
  bell: IconBell,
  terminal: IconTerminal,
  'file-text': IconFileText,
  'file-type-txt': IconFileTypeTxt,
  puzzle: IconPuzzle,
  'chart-line': IconChartLine,
  'arrows-split': IconArrowsSplit,
  'trending-up': IconTrendingUp,
  'list-numbers': IconListNumbers,
  history: IconHistory,
  activity: IconActivity,
  gauge: IconGauge,
  gavel: IconGavel,
  'table-down': IconTableDown,
  'table-options': IconTableOptions,
  'list-details': IconListDetails,
  'separator-vertical': IconSeparatorVertical,
  regex: IconRegex,
  'bucket-droplet': IconBucketDroplet,
  replace: IconReplace,
  numbers: IconNumbers,
};

interface NodeIconProps {
  /** A name of kit/icons.ts, as the catalogue gives it. */
  readonly icon: string;
  /** Colours it; null for a node of an unknown type. */
  readonly kind: 'source' | 'transform' | 'sink' | null;
}

/** A node's icon on a tile of its kind's colour. */
export const NodeIcon = memo(function NodeIcon({ icon, kind }: NodeIconProps) {
  const Drawn = kind === null ? IconQuestionMark : (icons[icon] ?? IconPuzzle);
  return (
    <span className="node-icon" data-kind={kind ?? 'unknown'} aria-hidden>
      <Drawn size={15} stroke={1.8} />
    </span>
  );
});
