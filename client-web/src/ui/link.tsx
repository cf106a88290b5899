// A link to another page of ours. With a modifier key it is a plain link, as everywhere on the web.

import type { JSX } from 'preact';

import { go } from '../route';

export function Link({ href, children, ...rest }: { href: string } & JSX.IntrinsicElements['a']) {
  return (
    <a
      {...rest}
      href={href}
      onClick={(event) => {
        if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(href);
      }}
    >
      {children}
    </a>
  );
}
