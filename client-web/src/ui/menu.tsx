// A menu under a button, with the keys of the ARIA menu pattern: arrows, Home, End, Escape, Tab leaves.

import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';

import { Button, IconButton } from './button';
import { Icon } from './icon';
import type { IconName } from './icons';

export interface MenuItem {
  label: string;
  icon?: IconName;
  danger?: boolean;
  /** One of several: shows which holds. With `toggle`, something that is on or off by itself. */
  checked?: boolean;
  toggle?: boolean;
  onSelect: () => void;
}

export interface MenuSection {
  title?: string;
  items: MenuItem[];
}

interface MenuProps {
  label: string;
  icon: IconName;
  sections: MenuSection[];
  /** Words on the button; without them the icon stands alone and `label` is its name. */
  children?: ComponentChildren;
  above?: boolean;
  class?: string;
}

export function Menu({ label, icon, sections, children, above, class: extra }: MenuProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const root = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);

  useEffect(() => {
    if (!open) return undefined;
    items(root.current)[0]?.focus();
    const outside = (event: Event) => {
      if (!root.current?.contains(event.target as Node)) setOpen(false);
    };
    document.addEventListener('pointerdown', outside);
    return () => document.removeEventListener('pointerdown', outside);
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const trigger = {
    buttonRef: button,
    class: extra,
    'aria-haspopup': 'menu' as const,
    'aria-expanded': open,
    'aria-controls': open ? id : undefined,
    onClick: () => setOpen(!open),
  };
  return (
    <div class="menu" ref={root}>
      {children ? (
        <Button {...trigger} kind="quiet" icon={icon} aria-label={label}>
          {children}
        </Button>
      ) : (
        <IconButton {...trigger} icon={icon} label={label} />
      )}
      {open && (
        <div
          id={id}
          class={above ? 'menu-list above' : 'menu-list'}
          role="menu"
          aria-label={label}
          onKeyDown={(event) => onKey(event, items(root.current), close, () => setOpen(false))}
        >
          {sections.map((section, index) => (
            <Section key={index} section={section} onDone={close} />
          ))}
        </div>
      )}
    </div>
  );
}

function Section({ section, onDone }: { section: MenuSection; onDone: () => void }) {
  return (
    <div role="group" aria-label={section.title}>
      {section.title && (
        <div class="menu-title" aria-hidden="true">
          {section.title}
        </div>
      )}
      {section.items.map((item) => (
        <button
          key={item.label}
          type="button"
          class={item.danger ? 'row-button menu-item danger' : 'row-button menu-item'}
          role={item.checked === undefined ? 'menuitem' : item.toggle ? 'menuitemcheckbox' : 'menuitemradio'}
          aria-checked={item.checked}
          tabIndex={-1}
          onClick={() => {
            onDone();
            item.onSelect();
          }}
        >
          {item.icon && <Icon name={item.icon} />}
          {item.label}
          {item.checked && <Icon name="check" class="check" />}
        </button>
      ))}
    </div>
  );
}

function items(root: HTMLElement | null): HTMLElement[] {
  return Array.from(root?.querySelectorAll<HTMLElement>('.menu-item') ?? []);
}

function onKey(event: KeyboardEvent, all: HTMLElement[], close: () => void, leave: () => void) {
  const at = all.indexOf(document.activeElement as HTMLElement);
  const to = (index: number) => {
    event.preventDefault();
    all[(index + all.length) % all.length]?.focus();
  };
  switch (event.key) {
    case 'ArrowDown':
      return to(at + 1);
    case 'ArrowUp':
      return to(at - 1);
    case 'Home':
      return to(0);
    case 'End':
      return to(-1);
    case 'Escape':
      event.preventDefault();
      event.stopPropagation();
      return close();
    case 'Tab':
      return leave();
    default:
      return undefined;
  }
}
