// The operator of a benched server, who opens the gate: a bench is to meet the machine's limits, and not the gate's.

export const OPERATOR = 'an operator of this bench, and of nothing else';

const WIDE = { connections: 60_000, people: 60_000, packets_per_s: 10_000_000, egress_kbps: 100_000_000, memory_mb: 16_000, cpu_permille: 100_000 };

export async function openWide(server) {
  const answer = await fetch(`${server.origin}/api/ops`, {
    method: 'POST',
    headers: { authorization: `Bearer ${OPERATOR}`, 'content-type': 'application/json', origin: server.origin },
    body: JSON.stringify({ limits: { limits: WIDE } }),
  });
  if (!answer.ok) throw new Error(`the gate's limits: ${answer.status} ${await answer.text()}`);
}
