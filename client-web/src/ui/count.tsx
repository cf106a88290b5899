// A number in a pill, such as how many people wait. Zero is not shown.

export function Count({ value, label, attention }: { value: number; label: string; attention?: boolean }) {
  if (value === 0) return null;
  return (
    <span class={attention ? 'count attention' : 'count'}>
      <span aria-hidden="true">{value}</span>
      <span class="sr-only">{label}</span>
    </span>
  );
}
