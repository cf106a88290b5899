// What a release of Préau is made of, as CycloneDX 1.6: the crates in the binary, and the packages in the pages it holds.
//
//   node deploy/sbom.mjs > preau.cdx.json
//
// The same sources give the same bytes: no time and no chance in it.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

export function sbom() {
  const crates = ofCargo();
  const packages = ofNpm();
  const main = crates.main;
  const components = [...crates.components, ...packages.components].sort((a, b) => (a['bom-ref'] < b['bom-ref'] ? -1 : 1));
  const dependencies = [...crates.dependencies, ...packages.dependencies].sort((a, b) => (a.ref < b.ref ? -1 : 1));
  dependencies.find(({ ref }) => ref === main['bom-ref']).dependsOn.push(...packages.direct);
  const content = { metadata: { component: main }, components, dependencies };
  return { bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: serialNumber(content), version: 1, ...content };
}

/** Everything that `preau` links on a machine like this one. What only builds or tests it is not in it. */
function ofCargo() {
  const run = (tool, ...words) => execFileSync(tool, words, { cwd: root, encoding: 'utf8', maxBuffer: 1 << 28 });
  const host = run('rustc', '-vV').match(/^host: (.*)$/m)[1];
  const metadata = JSON.parse(run('cargo', 'metadata', '--format-version', '1', '--locked', '--filter-platform', host));
  const sums = checksums(readFileSync(`${root}/Cargo.lock`, 'utf8'));
  const byId = new Map(metadata.packages.map((known) => [known.id, known]));
  const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
  const main = metadata.packages.find((known) => known.name === 'preau' && known.source === null);
  const linked = (id) =>
    nodes.get(id).deps.filter((dep) => dep.dep_kinds.some(({ kind }) => kind === null)).map((dep) => dep.pkg);
  const seen = new Set([main.id]);
  for (const id of seen) linked(id).forEach((other) => seen.add(other));
  const component = (id) => {
    const { name, version, license, source } = byId.get(id);
    const purl = `pkg:cargo/${name}@${version}`;
    const sum = sums.get(`${name} ${version}`);
    return {
      type: id === main.id ? 'application' : 'library',
      'bom-ref': purl,
      name,
      version,
      ...(license ? { licenses: [{ expression: license.replaceAll('/', ' OR ') }] } : {}),
      ...(sum ? { hashes: [{ alg: 'SHA-256', content: sum }] } : {}),
      ...(source ? { purl } : {}),
    };
  };
  const ref = (id) => component(id)['bom-ref'];
  return {
    main: component(main.id),
    components: [...seen].filter((id) => id !== main.id).map(component),
    dependencies: [...seen].map((id) => ({ ref: ref(id), dependsOn: [...new Set(linked(id).map(ref))].sort() })),
  };
}

/** `name version` → SHA-256 of the crate's archive. */
function checksums(lock) {
  const blocks = lock.split('[[package]]').slice(1);
  const field = (block, name) => block.match(new RegExp(`^${name} = "(.*)"$`, 'm'))?.[1];
  const known = blocks.filter((block) => field(block, 'checksum'));
  return new Map(known.map((block) => [`${field(block, 'name')} ${field(block, 'version')}`, field(block, 'checksum')]));
}

/** What the pages are built from and carry; tools that only build or test them are not in the binary. */
function ofNpm() {
  const lock = JSON.parse(readFileSync(`${root}/client-web/package-lock.json`, 'utf8'));
  const bundled = bundledByHand(lock);
  const shipped = Object.entries(lock.packages).filter(([path, known]) => path && (!known.dev || bundled.has(path)));
  const name = (path) => path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const ref = (path) => `pkg:npm/${name(path).replace('@', '%40')}@${lock.packages[path].version}`;
  const components = shipped.map(([path, { version, license, integrity }]) => ({
    type: 'library',
    'bom-ref': ref(path),
    name: name(path),
    version,
    ...(license ? { licenses: [{ expression: license }] } : {}),
    ...(integrity ? { hashes: [hash(integrity)] } : {}),
    purl: ref(path),
  }));
  const find = (dependency) => shipped.map(([path]) => path).find((path) => name(path) === dependency);
  const needs = (known) => Object.keys(known.dependencies ?? {}).map(find).filter(Boolean).map(ref);
  return {
    components,
    dependencies: shipped.map(([path, known]) => ({ ref: ref(path), dependsOn: needs(known) })),
    direct: [...needs(lock.packages['']), ...[...bundled].map(ref)].sort(),
  };
}

/** The typeface is a development dependency, as its files are copied into the pages. */
function bundledByHand(lock) {
  return new Set(Object.keys(lock.packages).filter((path) => path.startsWith('node_modules/@fontsource')));
}

/** `sha512-…` of npm as CycloneDX has it. */
function hash(integrity) {
  const [algorithm, sum] = integrity.split('-', 2);
  const alg = { sha1: 'SHA-1', sha256: 'SHA-256', sha512: 'SHA-512' }[algorithm];
  return { alg, content: Buffer.from(sum, 'base64').toString('hex') };
}

/** A UUID of what it says (RFC 9562 §5.8). */
function serialNumber(content) {
  const bytes = createHash('sha256').update(JSON.stringify(content)).digest().subarray(0, 16);
  bytes[6] = (bytes[6] & 0x0f) | 0x80;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return `urn:uuid:${[hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')}`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(JSON.stringify(sbom(), null, 2));
