// The frame of a page: head with the mark and the choices, one heading that takes the focus when the page changes.

import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';

import { paths } from '../route';
import { words } from '../text/text';
import { Link } from './link';
import { Mark } from './mark';
import { Preferences } from './preferences';

interface FrameProps {
  /** Paper with ruling, for pages on which one waits or reads. */
  ruled?: boolean;
  /** More things in the head, before the choices. */
  head?: ComponentChildren;
  class?: string;
  children: ComponentChildren;
}

export function Page({ title, tab, children, ...frame }: { title: string; tab?: string } & FrameProps) {
  return (
    <PageFrame {...frame}>
      <Title text={title} {...(tab === undefined ? {} : { tab })} />
      {children}
    </PageFrame>
  );
}

/** A page that places its `Title` itself. */
export function PageFrame({ ruled, head, class: extra, children }: FrameProps) {
  return (
    <div class={ruled ? 'page ruled' : 'page'}>
      <a class="skip button" href="#main" onClick={toMain}>
        {words().common.skip}
      </a>
      <header class="page-head">
        <Link class="brand" href={paths.home}>
          <Mark />
          Préau
        </Link>
        <div class="page-head-end">
          {head}
          <Preferences />
        </div>
      </header>
      <main id="main" class={extra ? `page-main ${extra}` : 'page-main'} tabIndex={-1}>
        {children}
      </main>
    </div>
  );
}

let firstPage = true;

/** The page's one `<h1>`. On the first page the browser starts reading by itself; on every later one focus comes here. `tab`:
    what the browser's tab says instead. */
export function Title({ text, tab = text, class: extra }: { text: string; tab?: string; class?: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (!firstPage) heading.current?.focus();
    firstPage = false;
  }, []);
  useEffect(() => {
    document.title = tab === 'Préau' ? tab : `${tab} · Préau`;
  }, [tab]);
  return (
    <h1 ref={heading} class={extra} tabIndex={-1}>
      {text}
    </h1>
  );
}

/** The fragment of our address carries secrets only, so skipping does not use it. */
function toMain(event: Event): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
