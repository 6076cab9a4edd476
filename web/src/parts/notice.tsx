// What is said to the person in a line of its own: calm, or that something is wrong.

import type { ComponentChildren } from 'preact';
import { Icon } from './icon';

export function Notice({
  kind,
  children,
}: {
  kind: 'info' | 'fault';
  children: ComponentChildren;
}) {
  return (
    <div class={`notice ${kind}`} role={kind === 'fault' ? 'alert' : 'status'}>
      {kind === 'fault' && <Icon name="warning" />}
      <div>{children}</div>
    </div>
  );
}
