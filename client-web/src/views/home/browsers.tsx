// The browsers in which the teacher's account is signed in, and signing it out of them.

import { useEffect, useRef, useState } from 'preact/hooks';

import { browsers, signOutOf, signOutOfOthers } from '../../api/calls';
import { useAnswer } from '../../api/use-answer';
import type { BrowserCard, BrowserName, SystemName } from '../../protocol/types';
import { language, words } from '../../text/text';
import { sayMoment } from '../../text/times';
import { toast } from '../../ui/announcer';
import { Button } from '../../ui/button';
import { now } from '../../ui/clock';
import { Confirm } from '../../ui/confirm';
import { Dialog } from '../../ui/dialog';
import { FactList } from '../../ui/fact-list';
import { Icon } from '../../ui/icon';
import { FaultNotice } from '../../ui/notice';
import './browsers.css';

/** Names that are the same in every language. */
const BROWSERS: Record<Exclude<BrowserName, 'other'>, string> = {
  firefox: 'Firefox',
  chrome: 'Chrome',
  edge: 'Edge',
  safari: 'Safari',
  opera: 'Opera',
  samsung: 'Samsung Internet',
};

const SYSTEMS: Record<SystemName, string> = {
  windows: 'Windows',
  macos: 'macOS',
  linux: 'Linux',
  chromeos: 'ChromeOS',
  android: 'Android',
  ios: 'iOS',
  other: '',
};

export function BrowsersDialog({ onClose }: { onClose: () => void }) {
  const answer = useAnswer('browsers', browsers);
  const t = words().account;
  return (
    <Dialog title={t.browsers} onClose={onClose}>
      {answer.step === 'loading' && <p>{words().common.loading}</p>}
      {answer.step === 'failed' && <FaultNotice fault={answer.fault} />}
      {answer.step === 'here' && <Browsers cards={answer.value} onChanged={answer.set} />}
    </Dialog>
  );
}

function Browsers({ cards, onChanged }: { cards: BrowserCard[]; onChanged: (cards: BrowserCard[]) => void }) {
  const [asking, setAsking] = useState<BrowserCard | 'others'>();
  const list = useRef<HTMLUListElement>(null);
  const shown = useRef(cards.length);
  const t = words().account;
  useEffect(() => {
    // What was pressed is gone with its line: the focus stays in the list.
    if (cards.length < shown.current) list.current?.focus();
    shown.current = cards.length;
  }, [cards.length]);
  const others = cards.filter((card) => !card.here);
  const out = (said: string, left: BrowserCard[]) => {
    onChanged(left);
    toast(said);
  };
  return (
    <div class="stack">
      <p class="second">{others.length === 0 ? t.onlyHere : t.browsersBody}</p>
      <ul class="browsers" ref={list} tabIndex={-1} aria-label={t.browsers}>
        {cards.map((card) => (
          <Browser key={card.id} card={card} onOut={() => setAsking(card)} />
        ))}
      </ul>
      {others.length > 1 && (
        <div class="dialog-foot">
          <Button icon="leave" onClick={() => setAsking('others')}>
            {t.othersOut}
          </Button>
        </div>
      )}
      {asking === 'others' && (
        <Confirm
          question={{ title: t.othersOutTitle, body: t.browserOutBody, yes: t.browserOut, danger: true }}
          act={signOutOfOthers}
          onDone={() => out(t.othersAreOut, cards.filter((card) => card.here))}
          onClose={() => setAsking(undefined)}
        />
      )}
      {asking && asking !== 'others' && (
        <Confirm
          question={{ title: t.browserOutTitle(nameOf(asking)), body: t.browserOutBody, yes: t.browserOut, danger: true }}
          act={() => signOutOf(asking.id)}
          onDone={() => out(t.browserIsOut(nameOf(asking)), cards.filter((card) => card !== asking))}
          onClose={() => setAsking(undefined)}
        />
      )}
    </div>
  );
}

function Browser({ card, onOut }: { card: BrowserCard; onOut: () => void }) {
  const t = words().account;
  const when = (at: number) => sayMoment(at, now(), language(), words());
  return (
    <li class="browser">
      <div class="grow">
        <h3 class="browser-name">
          {nameOf(card)}
          {card.here && (
            <span class="tag good">
              <Icon name="check" />
              {t.browserHere}
            </span>
          )}
        </h3>
        <FactList
          class="browser-facts"
          facts={[
            [t.browserSeen, when(card.seen_at)],
            [t.browserSince, when(card.signed_in_at)],
          ]}
        />
      </div>
      {!card.here && (
        <Button kind="quiet" icon="leave" aria-label={t.browserOutOf(nameOf(card))} onClick={onOut}>
          {t.browserOut}
        </Button>
      )}
    </li>
  );
}

function nameOf({ browser, system }: BrowserCard): string {
  const t = words().account;
  return t.browserOn(browser === 'other' ? t.browserOther : BROWSERS[browser], SYSTEMS[system]);
}
