import { render } from 'preact';
import { afterEach, describe, expect, it, vi } from 'vitest';

import type { ClassCard, Phase } from '../../protocol/types';
import { speak, words } from '../../text/text';
import { HomePage } from './page';

const card = (phase: Phase): ClassCard => ({
  class: 'c',
  title: 'Maths 5e B',
  starts_at: Date.now(),
  policy: 'ask',
  familiar: true,
  teacher: 'Ada',
  students: 28,
  phase,
  mine: true,
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
  render(null, document.body);
});

describe('an open home page', () => {
  it('shows that a class has begun, also after an answer that did not come', async () => {
    vi.useFakeTimers();
    await speak('fr');
    const phases: (Phase | 'down')[] = ['scheduled', 'down', 'open'];
    vi.stubGlobal('fetch', (path: string) => {
      if (path === '/api/me') return Promise.resolve(Response.json({ account: { name: 'Ada' }, invited: [] }));
      const phase = phases.shift() ?? 'open';
      return phase === 'down' ? Promise.reject(new TypeError('down')) : Promise.resolve(Response.json([card(phase)]));
    });
    render(<HomePage />, document.body);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(document.body.textContent).toContain('Maths 5e B');
    expect(document.body.textContent).not.toContain(words().home.running);
    await vi.advanceTimersByTimeAsync(20_000);
    expect(document.body.textContent).toContain('Maths 5e B');
    await vi.advanceTimersByTimeAsync(20_000);
    expect(document.body.textContent).toContain(words().home.running);
  });
});
