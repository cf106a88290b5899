// The sheet to print: a card for each person, with a QR code of their link.

import type { ClassCard, Invitation } from '../../protocol/types';
import { language, words } from '../../text/text';
import { sayDate } from '../../text/times';
import { Button } from '../../ui/button';
import { Mark } from '../../ui/mark';
import { PageFrame, Title } from '../../ui/page';
import { drawQr } from './qr';
import './sheet.css';

export function Sheet({ card, people, onBack }: { card: ClassCard; people: Invitation[]; onBack: () => void }) {
  const t = words().sheet;
  const withLink = people.filter((one) => one.link);
  return (
    <PageFrame class="sheet-page">
      <div class="sheet-head">
        <Button kind="quiet" icon="arrow-left" onClick={onBack}>
          {t.back}
        </Button>
        <div class="sheet-title">
          <div>
            <Title text={t.title} />
            <p class="second tabular">
              {t.count(withLink.length)}. {t.hint}
            </p>
          </div>
          <Button kind="primary" large icon="print" onClick={() => print()}>
            {t.print}
          </Button>
        </div>
      </div>
      {/* Paper is white, whatever the theme. */}
      <ul class="sheet" data-theme="light" aria-label={t.title}>
        {withLink.map((one) => (
          <SheetCard key={one.person} card={card} invitation={one} />
        ))}
      </ul>
    </PageFrame>
  );
}

function SheetCard({ card, invitation }: { card: ClassCard; invitation: Invitation }) {
  const t = words().sheet;
  const { name, group, role, link = '' } = invitation;
  const qr = drawQr(link);
  return (
    <li class="sheet-card">
      <div class="sheet-text">
        <p class="sheet-brand">
          <Mark />
          Préau
        </p>
        <p class="sheet-name">{name}</p>
        <p class="sheet-class">
          {card.title}
          {group && <span class="second"> ({group})</span>}
        </p>
        <p class="second">{sayDate(card.starts_at, language(), words())}</p>
        <p class="second">{words().home.student.teacher(card.teacher)}</p>
      </div>
      <svg class="sheet-qr" viewBox={`0 0 ${qr.size} ${qr.size}`} role="img" aria-label={t.code(name)} shape-rendering="crispEdges">
        <path d={qr.path} />
      </svg>
      <p class="sheet-help">{role === 'teacher' ? t.help(false) : t.help(card.familiar)}</p>
      <p class="sheet-link">{link}</p>
    </li>
  );
}
