// The operator's words in the language in use, and figures as they are read.

import type { Amounts, Scarce } from '../../protocol/types';
import { opsEn } from '../../text/ops-en';
import { opsFr, type OpsWords } from '../../text/ops-fr';
import { language } from '../../text/text';

export function opsWords(): OpsWords {
  return language() === 'fr' ? opsFr : opsEn;
}

export function figure(value: number): string {
  return new Intl.NumberFormat(language()).format(value);
}

export function percent(part: number): string {
  return new Intl.NumberFormat(language(), { style: 'percent' }).format(part);
}

/** Which amount each word speaks of, in the order in which they are shown. */
export const AMOUNTS: readonly { scarce: Scarce; amount: keyof Amounts }[] = [
  { scarce: 'connections', amount: 'connections' },
  { scarce: 'people', amount: 'people' },
  { scarce: 'cpu', amount: 'cpu_permille' },
  { scarce: 'memory', amount: 'memory_mb' },
  { scarce: 'packets', amount: 'packets_per_s' },
  { scarce: 'egress', amount: 'egress_kbps' },
];

/** An amount with its unit, short. */
export function amountWords(amount: keyof Amounts, value: number): string {
  switch (amount) {
    case 'cpu_permille':
      return percent(value / 1_000);
    case 'memory_mb':
      return unit(value, 'megabyte');
    case 'egress_kbps':
      return `${new Intl.NumberFormat(language(), { maximumFractionDigits: 1 }).format(value / 1_000)}\u00a0Mbit/s`;
    case 'connections':
    case 'people':
    case 'packets_per_s':
      return figure(value);
  }
}

function unit(value: number, name: 'megabyte'): string {
  return new Intl.NumberFormat(language(), { style: 'unit', unit: name }).format(value);
}
