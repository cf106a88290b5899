// Pages that say one thing and what to do about it.

import type { ComponentChildren } from 'preact';

import type { Fault } from '../../api/http';
import { paths } from '../../route';
import { words } from '../../text/text';
import { Button, classes } from '../../ui/button';
import { Link } from '../../ui/link';
import { Page } from '../../ui/page';
import './plain.css';

export function PlainPage(props: { title: string; children?: ComponentChildren }) {
  return (
    <Page ruled title={props.title} class="plain">
      {props.children}
    </Page>
  );
}

/** Nobody known and nothing asked for: how one gets in. */
export function InvitationNeededPage() {
  const t = words().plain;
  return (
    <PlainPage title={t.invitationNeeded}>
      <p class="plain-do">{t.invitationNeededDo}</p>
    </PlainPage>
  );
}

/** A class that one is not invited to, or that does not exist: the two look the same. */
export function ClassRefusedPage() {
  const t = words().plain;
  return (
    <PlainPage title={t.classRefused}>
      <p class="plain-do">{t.classRefusedDo}</p>
    </PlainPage>
  );
}

export function UnknownPage() {
  const t = words().plain;
  return (
    <PlainPage title={t.unknown}>
      <p class="plain-do">{t.unknownDo}</p>
      <Link class={classes(undefined)} href={paths.home}>
        {t.toHome}
      </Link>
    </PlainPage>
  );
}

/** The server's answer was no answer. */
export function TroublePage({ fault, again, title }: { fault: Fault; again: () => void; title?: string }) {
  const t = words();
  return (
    <PlainPage title={title ?? t.plain.trouble}>
      <p class="plain-do">{t.problem[fault.code]}</p>
      <Button icon="reload" onClick={again}>
        {t.common.again}
      </Button>
      {fault.requestId && <p class="hint">{t.common.support(fault.requestId)}</p>}
    </PlainPage>
  );
}
