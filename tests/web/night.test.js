// A real night: every program started by `atalaya night`, its sites opened in the browser as a citizen does.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DESKTOP, PHONE, launch } from './browser.js';

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, 'out');
const atalaya = join(process.env.ATALAYA_BIN_DIR ?? resolve(here, '../../build/bin'), 'atalaya');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const sites = {};
let dir, night, said = '', browser;

const until = async (what, seconds, say) => {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await Promise.resolve().then(what).catch(() => undefined);
    if (found) return found;
    if (Date.now() > end) assert.fail(`${say} (waited ${seconds} s)\n${said.slice(-2000)}`);
    await new Promise((done) => setTimeout(done, 100));
  }
};
const json = async (path) => (await fetch(new URL(path, sites.results))).json();
const number = (text) => Number(text.replaceAll(',', ''));

before(async () => {
  assert.ok(existsSync(atalaya), `no ${atalaya}: build first`);
  mkdirSync(out, { recursive: true });
  dir = mkdtempSync(join(tmpdir(), 'atalaya-night-'));
  // A small city; a cut every three seconds of ours, a package with every second one, for five minutes: whoever waits for another cut
  // on a machine with much else to do still sees one.
  night = spawn(atalaya, ['night', '--dir', dir, '--scale', 'small', '--speed', '300', '--cut-s', '900',
    '--package-s', '1800', '--images', '50%', '--listen', '127.0.0.1:0', '--quiet'], { stdio: ['ignore', 'pipe', 'pipe'] });
  night.stdout.on('data', (text) => (said += text));
  night.stderr.on('data', (text) => (said += text));
  await until(() => /Clave|key/.test(said), 30, 'the night did not say its addresses');
  const found = (name) => said.match(new RegExp(`${name}.*?(http://[\\d.:]+/)`))[1];
  Object.assign(sites, { results: found('Resultados'), site: found('Sitio institucional'), mirror: found('Difusor 1') });
  await until(async () => (await json('latest.json')).contests.jg.captured > 3, 120, 'no actas were published');
  browser = await launch();
});

after(async () => {
  await browser?.close();
  if (night && night.exitCode === null) {
    const ended = new Promise((done) => night.once('exit', done));
    night.kill('SIGINT');
    await ended;
  }
  rmSync(dir, { recursive: true, force: true });
});

async function visit(t, url, options = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  t.after(() => context.close());
  await page.goto(url);
  return { page, complaints };
}

const findings = async (page) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(' ')}`);
};

// The cut a page shows and its figures, read at one moment.
const shown = (page) =>
  page.evaluate(() => ({
    cut: Number(document.documentElement.dataset.cut),
    bars: [...document.querySelectorAll('.meters progress')].slice(0, 2).map((bar) => [bar.value, bar.max]),
    votes: document.querySelector('.votes tfoot td').textContent,
  }));
const sameAsData = async (state) => {
  // Results and difusor take a cut up at moments of their own: what the difusor shows the results may have in a moment.
  const { figures } = await until(() => json(`cut/${state.cut}/jg/index.json`), 20, `the results have no cut ${state.cut}`);
  assert.deepEqual(state.bars, [[figures.captured, figures.expected], [figures.counted, figures.expected]]);
  assert.equal(number(state.votes), figures.votes);
  return figures;
};

test('figures move from cut to cut without a reload, and are those of the data', async (t) => {
  const { page, complaints } = await visit(t, `${sites.results}jg/`, { viewport: PHONE });
  await page.evaluate(() => (globalThis.same = true));
  const first = await shown(page);
  await sameAsData(first);
  await page.waitForFunction((captured) => document.querySelector('.meters progress').value > captured, first.bars[0][0],
    { timeout: 150000 });
  const second = await shown(page);
  await sameAsData(second);
  assert.ok(second.cut > first.cut);
  assert.equal(await page.evaluate(() => globalThis.same), true);
  await page.screenshot({ path: join(out, 'noche-telefono.png'), fullPage: true });
  assert.deepEqual(complaints, []);
});

for (const [name, prepare] of [
  // Rounds of questions never come: only /flow can bring the next cut.
  ['over /flow alone', (page) => page.addInitScript(() => {
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (call, ms, ...rest) => (ms > 5000 ? 0 : setTimeout(call, ms, ...rest));
  })],
  ['by asking alone, when /flow is blocked', (page) => page.route('**/flow', (route) => route.abort())],
]) {
  for (const host of ['results', 'mirror']) {
    test(`figures move ${name}: ${host}`, async (t) => {
      const { page } = await visit(t, 'about:blank');
      await prepare(page);
      await page.goto(`${sites[host]}jg/`);
      const first = await page.evaluate(() => Number(document.documentElement.dataset.cut));
      await page.waitForFunction((cut) => Number(document.documentElement.dataset.cut) > cut, first, { timeout: 60000 });
      await sameAsData(await shown(page));
      if (host === 'results' && name.startsWith('over')) await page.getByText(/En este momento: acopiadas [\d,]+ · capturadas/).waitFor({ timeout: 20000 });
    });
  }
}

test('without JavaScript the page is complete and says what the CSV of its cut says', async (t) => {
  const latest = await until(async () => {
    const now = await json('latest.json');
    return now.package && (await fetch(`${sites.results}cut/${now.package.number}/jg/index.html`)).ok && now;
  }, 120, 'no package');
  const { number: cut, path } = latest.package;
  const { page } = await visit(t, `${sites.results}cut/${cut}/jg/index.html`, { javaScriptEnabled: false });
  const sums = await (await fetch(new URL(`${path}SHA256SUMS`, sites.results))).text();
  const [, digest, name] = sums.match(/^([0-9a-f]{64}) +(\w+_GUB_\d{4}\.csv)$/m);
  const csv = Buffer.from(await (await fetch(new URL(path + name, sites.results))).arrayBuffer());
  assert.equal(createHash('sha256').update(csv).digest('hex'), digest);
  const lines = csv.toString('utf8').split('\n');
  const header = Object.fromEntries(lines[3].split(',').map((key, i) => [key, lines[4].split(',')[i]]));
  const bars = await page.locator('.meters .v').allTextContents();
  assert.equal(number(bars[0].match(/[\d,]+/)[0]), Number(header.ACTAS_CAPTURADAS));
  assert.equal(number(bars[1].match(/[\d,]+/)[0]), Number(header.ACTAS_CONTABILIZADAS));
  const percents = await page.locator('.meters b').allTextContents();
  assert.equal(percents[1], `${header.PORCENTAJE_ACTAS_CAPTURADAS} %`);
  const total = await page.locator('.votes tfoot td').first().textContent();
  assert.equal(number(total), Number(header.TOTAL_VOTOS_C_CS));
  await page.screenshot({ path: join(out, 'noche-sin-javascript.png'), fullPage: true });
});

test('without JavaScript the foot of a page leads to the state of the host and to every difusor', async (t) => {
  const { page, complaints } = await visit(t, `${sites.results}jg/`, { viewport: PHONE, javaScriptEnabled: false });
  await page.locator('footer a[href$="difusores"]').click();
  await page.waitForURL('**/difusores');
  assert.match(await page.locator('main').innerText(), /Corte que sirve[\s\S]*\d\d:\d\d[\s\S]*Edad/);
  for (const url of [sites.results, sites.mirror]) assert.equal(await page.locator(`main li a[href="${url}"]`).count(), 1, url);
  await page.screenshot({ path: join(out, 'difusores-telefono.png'), fullPage: true });
  await page.locator(`main li a[href="${sites.mirror}"]`).click();
  await page.waitForURL(sites.mirror);
  assert.ok((await page.locator('h1').count()) > 0);
  assert.deepEqual(complaints, []);
  for (const viewport of [PHONE, { width: 1280, height: 900 }]) {
    const { page: with_script } = await visit(t, `${sites.mirror}difusores`, { viewport });
    assert.deepEqual(await findings(with_script), []);
    assert.ok((await with_script.evaluate(() => document.documentElement.scrollWidth)) <= viewport.width);
    await with_script.screenshot({ path: join(out, `difusores-${viewport.width}.png`), fullPage: true });
  }
});

test('every link of the results leads somewhere, and an image is what its name says', async () => {
  const seen = new Set();
  const queue = [sites.results];
  let image;
  const { path } = await json('latest.json');
  while (queue.length > 0) {
    const url = queue.pop();
    if (seen.has(url)) continue;
    seen.add(url);
    const answer = await fetch(url);
    const body = Buffer.from(await answer.arrayBuffer());
    // Zips of a package that is being replaced, and cuts that expire, are other tests' matter: one cut is walked.
    assert.ok(answer.ok, `${url}: ${answer.status}`);
    if (url.includes('/acta/')) {
      image = url;
      assert.equal(createHash('sha256').update(body).digest('hex'), url.match(/([0-9a-f]{64})/)[1]);
    }
    if (!answer.headers.get('content-type').startsWith('text/html')) continue;
    for (const [, link] of body.toString('utf8').matchAll(/ (?:href|src)="([^"#]+)/g)) {
      const next = new URL(link, url).href;
      const ours = next.startsWith(sites.results) && (next.includes(`/${path}`) || next.includes('/chunk/') ||
        (next.includes('/acta/') && image === undefined));
      if (ours) queue.push(next);
    }
  }
  assert.ok(seen.size > 30, `${seen.size} addresses`);
  assert.ok(image, 'no acta with an image');
});

test('the results, a difusor and the institution pass axe; each leads to the results', async (t) => {
  for (const [name, url] of Object.entries(sites)) {
    const { page } = await visit(t, url);
    await page.screenshot({ path: join(out, `noche-${name}.png`), fullPage: true });
    assert.deepEqual(await findings(page), [], name);
    const phone = await visit(t, url, { viewport: PHONE });
    assert.ok((await phone.page.evaluate(() => document.documentElement.scrollWidth)) <= PHONE.width, name);
  }
  const { page } = await visit(t, sites.mirror);
  await page.locator('.live').waitFor({ timeout: 20000 });
  const { page: institution } = await visit(t, sites.site);
  assert.ok((await institution.locator(`a[href^="${sites.results}"]`).count()) > 0, 'no link to the results');
});

test('the code of the cut: large letters on a television and on a phone, the same on every host, and on the page', async (t) => {
  const TELEVISION = { width: 1920, height: 1080 };
  for (const [name, viewport] of [['televisión', TELEVISION], ['teléfono', PHONE]]) {
    const { page, complaints } = await visit(t, `${sites.results}codigo`, { viewport, javaScriptEnabled: false });
    await until(async () => (await page.locator('.code').count()) === 1 || (await page.reload(), false), 60, 'no code');
    const letters = (await page.locator('.code').innerText()).trim();
    assert.match(letters, /^([A-Z2-7]{4}\s+){3}[A-Z2-7]{4}$/);
    const box = await page.locator('.code').boundingBox();
    const lines = viewport === PHONE ? 2 : 1;
    assert.ok(box.height / lines > viewport.width / (viewport === PHONE ? 8 : 14), `${name}: ${box.height} high`);
    assert.ok(box.y + box.height <= viewport.height, `${name}: below the window`);
    assert.match(await page.locator('main').innerText(), /Corte \d+ · \d\d:\d\d(:\d\d)? \(UTC-6\)/);
    assert.match(await page.locator('.drill').innerText(), /SIMULACRO/);
    await page.screenshot({ path: join(out, `codigo-${viewport.width}.png`) });
    assert.deepEqual(complaints, []);
    const { page: with_script } = await visit(t, `${sites.results}codigo`, { viewport });
    assert.ok((await with_script.evaluate(() => document.documentElement.scrollWidth)) <= viewport.width, name);
    // It follows the night by asking again: that is its use, as on a board of departures (WCAG 2.2.1, real-time event).
    // When it does so in the midst of the judgement, it is judged again.
    const found = await until(() => findings(with_script), 60, `${name}: not judged`);
    assert.deepEqual(found.filter((finding) => !finding.startsWith('meta-refresh')), [], name);
  }
  const code = async (site) => (await fetch(`${site}estado`)).json().then((state) => ({ cut: state.cut, code: state.code }));
  await until(async () => {
    const [ours, theirs] = [await code(sites.results), await code(sites.mirror)];
    return ours.code && ours.cut === theirs.cut && ours.code === theirs.code;
  }, 60, 'results and difusor never showed one code for one cut');
  const { page } = await visit(t, `${sites.results}jg/`);
  const link = page.locator('.live a[href$="/codigo"]');
  await link.waitFor({ timeout: 60000 });
  assert.match(await link.innerText(), /^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$/);
});
