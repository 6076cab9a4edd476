// A button that opens a list of things to do. Leaves by Escape, a click elsewhere, or a choice.

import type { ComponentChildren } from 'preact';
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface Item {
  label: string;
  /** An address of the page, or what is done. */
  to?: string;
  act?: () => void;
  /** Whether it is what is shown now. */
  current?: boolean;
  /** Whether a line sets it apart from those before. */
  apart?: boolean;
}

interface MenuProps {
  label: string;
  face: ComponentChildren;
  items: Item[];
  /** Towards which side the list hangs. */
  side?: 'left' | 'right';
  onGo: (path: string) => void;
  plain?: boolean;
}

export function Menu({ label, face, items, side = 'right', onGo, plain = false }: MenuProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  const close = (back: boolean): void => {
    setOpen(false);
    if (back) button.current?.focus();
  };

  // Before the next key comes.
  useLayoutEffect(() => {
    if (!open) return undefined;
    const inside = box.current;
    inside?.querySelector<HTMLElement>('[role^=menuitem]')?.focus();
    const elsewhere = (event: Event): void => {
      if (!inside?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', elsewhere);
    document.addEventListener('focusin', elsewhere);
    return () => {
      document.removeEventListener('pointerdown', elsewhere);
      document.removeEventListener('focusin', elsewhere);
    };
  }, [open]);

  const keys = (event: KeyboardEvent): void => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>('[role^=menuitem]') ?? [])];
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (event.key === 'Escape') close(true);
    else if (to !== undefined) all.at(to % all.length)?.focus();
    else return;
    event.preventDefault();
  };

  const choose = (item: Item): void => {
    close(true);
    if (item.to !== undefined) onGo(item.to);
    item.act?.();
  };

  return (
    <div class={`menu ${side}`} ref={box} onKeyDown={open ? keys : undefined}>
      <button
        ref={button}
        type="button"
        class={plain ? 'plain' : undefined}
        aria-label={label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-controls={open ? id : undefined}
        onClick={() => setOpen(!open)}
      >
        {face}
      </button>
      {open && (
        <div id={id} class="list" role="menu" aria-label={label}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role={item.current === undefined ? 'menuitem' : 'menuitemradio'}
              aria-checked={item.current}
              class={item.apart ? 'apart' : undefined}
              onClick={() => choose(item)}
            >
              {item.label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
