// The bill of materials has the shape of CycloneDX, and what is in the binary in it.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { sbom } from './sbom.mjs';

const made = sbom();

test('it has the shape of CycloneDX 1.6', () => {
  assert.deepEqual([made.bomFormat, made.specVersion, made.version], ['CycloneDX', '1.6', 1]);
  assert.match(made.serialNumber, /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([made.metadata.component.name, made.metadata.component.type], ['preau', 'application']);
  const lengths = { 'SHA-256': 64, 'SHA-512': 128, 'SHA-1': 40 };
  for (const component of made.components) {
    assert.equal(component.type, 'library');
    assert.ok(component.name && component.version && component['bom-ref'], JSON.stringify(component));
    for (const { alg, content } of component.hashes ?? []) assert.match(content, new RegExp(`^[0-9a-f]{${lengths[alg]}}$`));
    assert.ok(component.licenses?.[0].expression, `${component.name} has no licence`);
    // What comes from elsewhere can be checked: by its address, and by its sum.
    assert.ok(!component.purl || component.hashes, `${component.name} has no sum`);
  }
});

test('every reference leads to a component, and each stands once', () => {
  const refs = [made.metadata.component, ...made.components].map((component) => component['bom-ref']);
  assert.equal(new Set(refs).size, refs.length);
  assert.deepEqual(made.dependencies.map(({ ref }) => ref), [...refs].sort());
  for (const { dependsOn } of made.dependencies) for (const ref of dependsOn) assert.ok(refs.includes(ref), ref);
});

test('what is in the binary is in it, and what only tests it is not', () => {
  const names = new Set(made.components.map(({ name }) => name));
  for (const name of ['rustls', 'rtc-dtls', 'rusqlite', 'preau-sfu', 'preact', 'tokio']) assert.ok(names.has(name), name);
  for (const name of ['libfuzzer-sys', 'webrtc', 'rtc-sctp', 'tempfile', 'vitest', 'vite']) assert.ok(!names.has(name), name);
});

test('the same sources give the same bytes', () => {
  assert.equal(JSON.stringify(sbom()), JSON.stringify(made));
});
