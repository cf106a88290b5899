// The pictures of a class, on a stage or in a grid, and the telling of what is being looked at.

import type { RefObject } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

import type { Tile as SeenTile } from '../../media/looks';
import type { Person } from '../../protocol/types';
import { onStage, others, ownTile, sharer } from '../../state/facts';
import { words } from '../../text/text';
import { IconButton } from '../../ui/button';
import { Icon } from '../../ui/icon';
import { useAttendance } from './attendance';
import { ScreenTile, Tile } from './tile';

/** Tiles on one page of the grid. */
const GRID_TILES = { small: 6, large: 12 };

export function Pictures() {
  const { layout } = useAttendance();
  const root = useRef<HTMLDivElement>(null);
  useGaze(root);
  return (
    <div ref={root} class="pictures">
      {layout.value === 'stage' ? <Stage /> : <Grid />}
    </div>
  );
}

function Stage() {
  const { state } = useAttendance();
  const own = ownTile(state);
  const sharing = sharer(state);
  const large = onStage(state);
  const isOwnLarge = sharing === null && large?.person === own?.person;
  const rest = byPicture(others(state)).filter((person) => sharing !== null || person.person !== large?.person);
  const strip = own === null || isOwnLarge ? rest : [own, ...rest];
  return (
    <>
      <div class="stage">
        {sharing !== null ? <ScreenTile person={sharing} /> : large === null ? <Alone /> : <Tile person={large} large />}
      </div>
      {strip.length > 0 && (
        <ul class="strip" tabIndex={0} aria-label={words().class.people.title}>
          {strip.map((person) => (
            <li key={person.person}>
              <Tile person={person} />
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Grid() {
  const { state, isSmall } = useAttendance();
  const [page, setPage] = useState(0);
  const t = words().class;
  const perPage = isSmall.value ? GRID_TILES.small : GRID_TILES.large;
  const own = ownTile(state);
  const all = own === null ? others(state) : [...byPicture(others(state)), own];
  const pages = Math.max(1, Math.ceil(all.length / perPage));
  const current = Math.min(page, pages - 1);
  const shown = all.slice(current * perPage, (current + 1) * perPage);
  const sharing = sharer(state);
  return (
    <>
      {sharing !== null && (
        <div class="stage">
          <ScreenTile person={sharing} />
        </div>
      )}
      <ul class="grid" data-tiles={shown.length}>
        {shown.map((person) => (
          <li key={person.person}>
            <Tile person={person} />
          </li>
        ))}
      </ul>
      {pages > 1 && (
        <nav class="pager" aria-label={t.grid}>
          <IconButton icon="arrow-left" label={t.previous} disabled={current === 0} onClick={() => setPage(current - 1)} />
          <span class="tabular">{t.page(current + 1, pages)}</span>
          <IconButton
            icon="chevron-right"
            label={t.next}
            disabled={current === pages - 1}
            onClick={() => setPage(current + 1)}
          />
        </nav>
      )}
    </>
  );
}

/** Nobody to look at: said differently to a teacher who is first, and to a student. */
function Alone() {
  const { teaches, state } = useAttendance();
  const t = words().class;
  const isFirst = teaches && others(state).length === 0;
  return (
    <div class="alone">
      <Icon name={isFirst ? 'door-open' : 'stage'} />
      <p class="alone-title">{isFirst ? t.alone : t.nobody}</p>
      {isFirst && <p class="second">{t.aloneBody}</p>}
    </div>
  );
}

/** The names of those who speak, also of those whose picture is not on the screen. */
export function SpeakingLine() {
  const { state } = useAttendance();
  const names = state.speaking.flatMap((id) => {
    const person = state.people.find((one) => one.person === id);
    return person === undefined || id === state.self?.person ? [] : [person.name];
  });
  if (names.length === 0) return null;
  return (
    <p class="speaking-line">
      <Icon name="speaker" />
      <span>{words().class.speaks(names)}</span>
    </p>
  );
}

/** Pictures before initials; otherwise in the order in which people came. */
function byPicture(people: readonly Person[]): Person[] {
  return [...people].sort((a, b) => Number(b.sending.camera) - Number(a.sending.camera));
}

/** Tells the relay which people are on the screen and how large, whenever that may have changed. */
function useGaze(root: RefObject<HTMLElement | null>): void {
  const { media } = useAttendance();
  useLayoutEffect(() => {
    const element = root.current;
    if (element === null) return;
    const look = (): void => media.gaze.see(seenIn(element));
    const resized = new ResizeObserver(look);
    const redrawn = new MutationObserver(look);
    resized.observe(element);
    redrawn.observe(element, { childList: true, subtree: true, attributeFilter: ['data-look'] });
    element.addEventListener('scroll', look, { capture: true, passive: true });
    look();
    return () => {
      resized.disconnect();
      redrawn.disconnect();
      element.removeEventListener('scroll', look, { capture: true });
    };
  }, [media]);
}

function seenIn(root: HTMLElement): SeenTile[] {
  const frame = root.getBoundingClientRect();
  return [...root.querySelectorAll<HTMLElement>('[data-look]')].flatMap((tile) => {
    const box = tile.getBoundingClientRect();
    const isVisible = box.right > frame.left && box.left < frame.right && box.bottom > frame.top && box.top < frame.bottom;
    const person = tile.dataset['look'] ?? '';
    return isVisible ? [{ person, heightPx: box.height * devicePixelRatio }] : [];
  });
}
