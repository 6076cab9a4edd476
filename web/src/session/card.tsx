// The one card that stands in the middle of an empty page: to sign in, and for the first password.

import type { ComponentChildren } from 'preact';
import { link } from '../api/client';
import { Notice } from '../parts/notice';
import { t } from '../strings';

export function Card({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <main class="alone">
      <p class="brand">{t.product}</p>
      <section class="card" aria-labelledby="card-title">
        <h1 id="card-title">{title}</h1>
        {link.value === 'lost' && <Notice kind="fault">{t.link.lost}</Notice>}
        {children}
      </section>
    </main>
  );
}
