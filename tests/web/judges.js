// Two judges of our log that share none of our code: npm's @sigstore/verify and the browser's own WebCrypto. Each is given a
// checkpoint with its verifier key and the list that peer_proofs prints, and says what it accepted.
import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const { verifyCheckpoint } = require('@sigstore/verify/dist/timestamp/checkpoint.js');
const { verifyMerkleInclusion } = require('@sigstore/verify/dist/timestamp/merkle.js');
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

export function parseProofs(text) {
  return text.trimEnd().split('\n').map((line) => {
    const [kind, verdict, first, second, third, fourth, path] = line.split(' ');
    return { kind, good: verdict === 'good', first: Number(first), second: Number(second), third, fourth,
      path: path === '-' ? [] : path.split(',') };
  });
}

export function parseVkey(text) {
  const [name, id, key] = text.trimEnd().split(/\+(?=[0-9a-f]{8}\+)|(?<=\+[0-9a-f]{8})\+/);
  return { name, id: Buffer.from(id, 'hex'), key: Buffer.from(key, 'base64').subarray(1) };
}

const accepted = (check) => {
  try {
    check();
    return true;
  } catch (error) {
    if (error.code !== 'TLOG_INCLUSION_PROOF_ERROR') throw error;
    return false;
  }
};

// A checkpoint with one bit of its text altered, a byte at a time.
export const twinsOf = (checkpoint) => {
  const bytes = Buffer.from(checkpoint);
  return [...Array(bytes.indexOf('\n\n')).keys()].map((at) => {
    const twin = Buffer.from(bytes);
    twin[at] ^= 1;
    return twin.toString('latin1');
  });
};

export function judgeBySigstore({ checkpoint, vkey, proofs }) {
  const { name, id, key } = parseVkey(vkey);
  const publicKey = createPublicKey({ key: Buffer.concat([SPKI_ED25519, key]), format: 'der', type: 'spki' });
  const log = { logID: Buffer.concat([id, Buffer.alloc(28)]), baseURL: `https://${name}`, publicKey,
    validFor: { start: new Date(0), end: new Date(8.64e15) } };
  const rootHash = Buffer.from(checkpoint.split('\n')[2], 'base64');
  const opens = (envelope) => accepted(() => verifyCheckpoint(
    { integratedTime: '1', inclusionProof: { rootHash, checkpoint: { envelope } } }, [log]));
  const includes = ({ first, second, third, fourth, path }) => accepted(() => verifyMerkleInclusion({
    canonicalizedBody: Buffer.from(fourth, 'base64'),
    inclusionProof: { logIndex: String(second), treeSize: String(first), rootHash: Buffer.from(third, 'base64'),
      hashes: path.map((hash) => Buffer.from(hash, 'base64')) } }));
  const listed = proofs.filter(({ kind }) => kind === 'inclusion');
  return { opens: opens(checkpoint), twinsOpened: twinsOf(checkpoint).filter(opens).length,
    wrong: listed.filter((proof) => includes(proof) !== proof.good).length, judged: listed.length };
}

// In the page: RFC 6962's definitions said once more, by recursion from the root down, with the browser's SHA-256 and Ed25519.
async function judgeInPage({ checkpoint, twins, key, proofs }) {
  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const utf8 = (text) => Uint8Array.from(text, (c) => c.charCodeAt(0));
  const sha = async (first, ...parts) => {
    const all = new Uint8Array(1 + parts.reduce((sum, part) => sum + part.length, 0));
    all[0] = first;
    parts.reduce((at, part) => { all.set(part, at); return at + part.length; }, 1);
    return new Uint8Array(await crypto.subtle.digest('SHA-256', all));
  };
  const node = (left, right) => sha(1, left, right);
  const same = (a, b) => a.length === b.length && a.every((byte, i) => byte === b[i]);
  const split = (n) => { let k = 1; while (k * 2 < n) k *= 2; return k; };
  const pop = (path) => { if (path.length === 0) throw new RangeError('a path too short'); return path.pop(); };
  const rootFrom = async (hash, index, size, path) => {
    if (size === 1) return hash;
    const k = split(size), other = pop(path);
    return index < k ? node(await rootFrom(hash, index, k, path), other)
      : node(other, await rootFrom(hash, index - k, size - k, path));
  };
  // Both roots from one path: [of the first m leaves, of all n]. `whole`: the first m are a complete tree known already.
  const rootsFrom = async (m, n, path, oldRoot, whole) => {
    if (m === n) { const hash = whole ? oldRoot : pop(path); return [hash, hash]; }
    const k = split(n), other = pop(path);
    if (m <= k) { const [a, b] = await rootsFrom(m, k, path, oldRoot, whole); return [a, await node(b, other)]; }
    const [a, b] = await rootsFrom(m - k, n - k, path, oldRoot, false);
    return [await node(other, a), await node(other, b)];
  };
  const includes = async ({ first: size, second: index, third: root, fourth: leaf, path }) => {
    const rest = path.map(bytes);
    if (index >= size) return false;
    const found = await rootFrom(await sha(0, bytes(leaf)), index, size, rest);
    return rest.length === 0 && same(found, bytes(root));
  };
  const joins = async ({ first: old, second: size, third, fourth, path }) => {
    const rest = path.map(bytes), oldRoot = bytes(third), newRoot = bytes(fourth);
    const [a, b] = await rootsFrom(old, size, rest, oldRoot, true);
    return rest.length === 0 && same(a, oldRoot) && same(b, newRoot);
  };
  const refused = (error) => { if (error instanceof RangeError) return false; throw error; };
  const publicKey = await crypto.subtle.importKey('raw', bytes(key), 'Ed25519', false, ['verify']);
  const opens = (note) => {
    const at = note.lastIndexOf('\n\n');
    const signature = bytes(note.slice(at + 2).trimEnd().split(' ').at(-1)).subarray(4);
    return crypto.subtle.verify('Ed25519', publicKey, signature, utf8(note.slice(0, at + 1)));
  };
  let wrong = 0, twinsOpened = 0;
  for (const proof of proofs) {
    const verdict = await (proof.kind === 'inclusion' ? includes : joins)(proof).catch(refused);
    wrong += verdict === proof.good ? 0 : 1;
  }
  for (const twin of twins) twinsOpened += await opens(twin) ? 1 : 0;
  return { opens: await opens(checkpoint), twinsOpened, wrong, judged: proofs.length };
}

// `page` stands on a secure context (https, or a loopback address).
export const judgeByBrowser = (page, { checkpoint, vkey, proofs }) => page.evaluate(judgeInPage, {
  checkpoint: Buffer.from(checkpoint).toString('latin1'), twins: twinsOf(checkpoint),
  key: parseVkey(vkey).key.toString('base64'), proofs });

export const assertAccepted = (said, judged) => assert.deepEqual(said, { opens: true, twinsOpened: 0, wrong: 0, judged });
