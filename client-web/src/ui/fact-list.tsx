// What something is, line by line: a term, and what holds for it.

export type Fact = readonly [term: string, fact: string];

export function FactList({ class: name, facts }: { class: string; facts: readonly Fact[] }) {
  return (
    <dl class={`${name} tabular`}>
      {facts.map(([term, fact]) => (
        <div key={term}>
          <dt>{term}</dt>
          <dd>{fact}</dd>
        </div>
      ))}
    </dl>
  );
}
