// Tabs, with the keys of the ARIA tabs pattern: arrows move and choose.

import type { ComponentChildren } from 'preact';
import { useId } from 'preact/hooks';

import { Icon } from './icon';
import type { IconName } from './icons';

export interface Tab<Name extends string> {
  name: Name;
  label: string;
  icon?: IconName;
  /** Drawn after the label, as a count. */
  badge?: ComponentChildren;
}

export function Tabs<Name extends string>(props: {
  label: string;
  tabs: Tab<Name>[];
  chosen: Name;
  onChoose: (name: Name) => void;
  /** The panel of the chosen tab. */
  children: ComponentChildren;
  class?: string;
}) {
  const id = useId();
  const step = (event: KeyboardEvent, by: number) => {
    event.preventDefault();
    const at = props.tabs.findIndex((tab) => tab.name === props.chosen);
    const next = props.tabs[(at + by + props.tabs.length) % props.tabs.length];
    if (!next) return;
    props.onChoose(next.name);
    document.getElementById(`${id}-${next.name}`)?.focus();
  };
  return (
    <div class={props.class}>
      <div
        class="tabs"
        role="tablist"
        aria-label={props.label}
        onKeyDown={(event) => {
          if (event.key === 'ArrowRight') step(event, 1);
          if (event.key === 'ArrowLeft') step(event, -1);
        }}
      >
        {props.tabs.map((tab) => (
          <button
            key={tab.name}
            id={`${id}-${tab.name}`}
            type="button"
            role="tab"
            class="tab"
            aria-selected={tab.name === props.chosen}
            aria-controls={`${id}-panel`}
            tabIndex={tab.name === props.chosen ? 0 : -1}
            onClick={() => props.onChoose(tab.name)}
          >
            {tab.icon && <Icon name={tab.icon} />}
            {tab.label}
            {tab.badge}
          </button>
        ))}
      </div>
      <div id={`${id}-panel`} class="tab-panel" role="tabpanel" aria-labelledby={`${id}-${props.chosen}`}>
        {props.children}
      </div>
    </div>
  );
}
