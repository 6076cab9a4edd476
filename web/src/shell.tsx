// What surrounds each place: the bar with its name, what it offers, and the menu.

import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import { link } from './api/client';
import { Icon } from './parts/icon';
import { Menu, type Item } from './parts/menu';
import { Notice } from './parts/notice';
import { go } from './router';
import { signOut, type Session } from './session/session';
import { t } from './strings';

interface ShellProps {
  who: Session;
  /** The place, as the window is named after it. */
  title: string;
  /** What stands at the bar's beginning; the title where nothing does. */
  lead?: ComponentChildren;
  /** What the place offers in the bar. */
  actions?: ComponentChildren;
  /** The line at the bottom. */
  status?: ComponentChildren;
  children: ComponentChildren;
}

export function Shell({ who, title, lead, actions, status, children }: ShellProps) {
  useEffect(() => {
    document.title = t.title(title, who.bmc.name);
  }, [title, who.bmc.name]);
  const items: Item[] = [
    { label: t.menu.servers, to: '/servers' },
    { label: t.menu.account, to: '/settings/account' },
  ];
  if (who.session) {
    const out = () => void signOut().catch(() => undefined);
    items.push({ label: t.menu.signOut(who.user), act: out, apart: true });
  }
  return (
    <div class="shell">
      <header class="bar">
        <div class="lead">{lead ?? <h1>{title}</h1>}</div>
        <div class="actions">
          {actions}
          <Menu label={t.menu.title} face={<Icon name="ellipsis" />} items={items} onGo={go} />
        </div>
      </header>
      <div class="banners">
        {!who.access && <Notice kind="fault">{t.open}</Notice>}
        {link.value === 'lost' && <Notice kind="fault">{t.link.lost}</Notice>}
      </div>
      <main class="place">{children}</main>
      {status && <footer class="status">{status}</footer>}
    </div>
  );
}
