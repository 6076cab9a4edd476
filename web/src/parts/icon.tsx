// Icons of Lucide (ISC licence, see NOTICE). Each stands beside a word, or names itself.

const PATHS = {
  check: ['M20 6 9 17l-5-5'],
  chevronDown: ['m6 9 6 6 6-6'],
  ellipsis: ['M5 12h.01', 'M12 12h.01', 'M19 12h.01'],
  keyboard: [
    'M4 4h16a2 2 0 0 1 2 2v12a2 2 0 0 1-2 2H4a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2',
    'M6 8h.01', 'M10 8h.01', 'M14 8h.01', 'M18 8h.01', 'M8 12h.01', 'M12 12h.01', 'M16 12h.01', 'M7 16h10',
  ],
  monitorOff: [
    'M17 17H4a2 2 0 0 1-2-2V5c0-1.5 1-2 1-2',
    'M22 15V5a2 2 0 0 0-2-2H9',
    'M8 21h8',
    'M12 17v4',
    'm2 2 20 20',
  ],
  warning: [
    'm21.73 18-8-14a2 2 0 0 0-3.48 0l-8 14A2 2 0 0 0 4 21h16a2 2 0 0 0 1.73-3',
    'M12 9v4',
    'M12 17h.01',
  ],
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class={`icon ${name}`} viewBox="0 0 24 24" aria-hidden="true">
      {PATHS[name].map((path) => (
        <path key={path} d={path} />
      ))}
    </svg>
  );
}
