// Our log before judges that are not ours: a log of 70,000 entries made by the house's publisher and signer.
import test, { after, before } from 'node:test';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { launch } from './browser.js';
import { assertAccepted, judgeByBrowser, judgeBySigstore, parseProofs } from './judges.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const maker = join(process.env.ATALAYA_BIN_DIR ?? join(root, 'build/bin'), '../tests/peer_proofs');
const INCLUSIONS = 1000, CONSISTENCIES = 200;
let folder, log;

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'atalaya-log-'));
  execFileSync(maker, ['grow', folder, '70000']);
  log = {
    checkpoint: readFileSync(join(folder, 'public/log/checkpoint'), 'utf8'),
    vkey: readFileSync(join(folder, 'vkey'), 'utf8'),
    proofs: parseProofs(execFileSync(maker, ['list', join(folder, 'public/log'), String(INCLUSIONS), String(CONSISTENCIES)],
      { encoding: 'utf8', maxBuffer: 1 << 26 })),
  };
});

after(() => rmSync(folder, { recursive: true, force: true }));

const count = (kind) => log.proofs.filter((proof) => proof.kind === kind).length;

test('@sigstore/verify opens the checkpoint, accepts 1,000 inclusion proofs and refuses every tampered twin', () => {
  assertAccepted(judgeBySigstore(log), count('inclusion'));
});

test('WebCrypto opens the checkpoint, accepts 1,000 inclusion and 200 consistency proofs and refuses every tampered twin',
  async (t) => {
    const server = http.createServer((request, response) => response.end('<!doctype html><title>log</title>'));
    await new Promise((listening) => server.listen(0, '127.0.0.1', listening));
    const browser = await launch();
    t.after(() => Promise.all([browser.close(), new Promise((closed) => server.close(closed))]));
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${server.address().port}/`);
    assertAccepted(await judgeByBrowser(page, log), count('inclusion') + count('consistency'));
  });
