// The pages in a real browser, over a tree made from invented votes: what a citizen sees and can do with it.
import test, { after, before } from 'node:test';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DESKTOP, PHONE, launch } from './browser.js';
import { serveTree } from './serve.js';

const here = dirname(fileURLToPath(import.meta.url));
const root = resolve(here, '../..');
const out = join(here, 'out');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const maker = join(process.env.ATALAYA_BIN_DIR ?? join(root, 'build/bin'), '../tests/web_make_tree');
const CUTS = 4;
let tree, browser;

before(async () => {
  tree = mkdtempSync(join(tmpdir(), 'atalaya-web-'));
  mkdirSync(out, { recursive: true });
  execFileSync(maker, [join(root, 'tests/vectors/election/small'), tree, String(CUTS)], { stdio: 'ignore' });
  browser = await launch();
});

after(async () => {
  await browser?.close();
  rmSync(tree, { recursive: true, force: true });
});

const data = (path) => JSON.parse(readFileSync(join(tree, path), 'utf8'));
const chunks = () => readdirSync(join(tree, 'chunk')).map((name) => `chunk/${name}`);
const number = (text) => Number(text.replaceAll(',', ''));

// A site at one cut and a page on it; complaints of the browser (policy, script errors) fail the test.
async function visit(t, { cut = 2, path = '', viewport = DESKTOP, flow = false, ...options } = {}) {
  const site = await serveTree(tree, { firstCut: cut, flow });
  const context = await browser.newContext({ viewport, ...options });
  const page = await context.newPage();
  const complaints = [];
  const hosts = new Set();
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('request', (request) => hosts.add(new URL(request.url()).host));
  t.after(async () => {
    await context.close();
    await site.close();
  });
  await page.goto(site.url + path);
  return { site, page, complaints, hosts };
}

// What the page says of the sheets captured, in the first of its progress bars.
const captured = (page) => page.locator('.meters .v').first().textContent();
const isCaptured = async (page, cut, contest) => {
  const { figures } = data(`cut/${cut}/cut.json`).contests.find(({ id }) => id === contest);
  const [part, whole] = (await captured(page)).match(/[\d,]+/g).map(number);
  return part === figures.captured && whole === figures.expected;
};
// The script looks again when the page comes back into view: that is how the tests make it look now.
const look = (page) => page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
const cutOf = (page) => page.evaluate(() => document.documentElement.dataset.cut);
const untilCut = (page, cut) =>
  page.waitForFunction((wanted) => document.documentElement.dataset.cut === wanted, String(cut), { timeout: 20000 });

const KINDS = {
  inicio: '', eleccion: 'jg/', distrito: 'cut/2/jg/district-01.html', 'sin-actas': 'cut/2/jg/district-02.html',
  diputaciones: 'cut/2/dip/index.html', english: 'cut/2/en/alc/index.html', actas: 'cut/2/jg/actas.html',
  flujo: 'cut/2/flow.html', descargas: 'cut/2/downloads.html', acerca: 'cut/2/about.html',
};

const axeFindings = async (page) => {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target).join(' ')}`);
};

for (const [size, viewport] of [['telefono', PHONE], ['escritorio', DESKTOP]]) {
  for (const colorScheme of size === 'telefono' ? ['light'] : ['light', 'dark']) {
    test(`axe finds nothing on any kind of page: ${size}, ${colorScheme}`, async (t) => {
      const { site, page, complaints } = await visit(t, { viewport, colorScheme });
      const kinds = Object.entries({ ...KINDS, tabla: chunks()[0] });
      // Every part of the style is on these: the dark scheme need not be seen on the others.
      const inDark = ['eleccion', 'sin-actas', 'flujo', 'tabla'];
      for (const [kind, path] of kinds.filter(([name]) => colorScheme === 'light' || inDark.includes(name))) {
        await page.goto(site.url + path);
        if (!path.startsWith('chunk')) await page.locator('.live').waitFor();
        for (const details of await page.locator('details:not([open]) > summary').all()) await details.click();
        assert.deepEqual(await axeFindings(page), [], `${kind} ${path}`);
        if (colorScheme === 'light') await page.screenshot({ path: join(out, `${kind}-${size}.png`), fullPage: true });
      }
      assert.deepEqual(complaints, []);
    });
  }
}

test('zeros before the opening, and the last cut, pass axe and say what they are', async (t) => {
  const { site, page } = await visit(t, { cut: 0, path: 'jg/' });
  assert.match(await page.locator('.phase').textContent(), /Todavía no hay actas/);
  assert.deepEqual(await axeFindings(page), []);
  site.publish(CUTS - 1);
  await page.goto(site.url);
  assert.match(await page.locator('.phase').first().textContent(), /Último corte/);
  assert.deepEqual(await axeFindings(page), []);
});

test('nothing is wider than a phone, nor than a desktop at 400 %', async (t) => {
  for (const width of [360, 320]) {
    const { site, page } = await visit(t, { viewport: { width, height: 640 } });
    for (const path of [...Object.values(KINDS), chunks()[0]]) {
      await page.goto(site.url + path);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(wide <= width, `${path} is ${wide} wide at ${width}`);
    }
  }
});

for (const javaScriptEnabled of [true, false]) {
  test(`the figures are those of the data, ${javaScriptEnabled ? 'with' : 'without'} JavaScript`, async (t) => {
    const { site, page } = await visit(t, { javaScriptEnabled, path: 'jg/' });
    assert.ok(await isCaptured(page, 2, 'jg'));
    for (const path of ['jg/index', 'jg/district-01', 'dip/district-01', 'alc/borough-02']) {
      await page.goto(`${site.url}cut/2/${path}.html`);
      const { figures, candidacies, parties } = data(`cut/2/${path}.json`);
      const rows = await page.locator('#candidaturas ~ .votes tbody tr:not(.minor)').all();
      const shown = new Map();
      for (const row of rows) {
        const [votes, percent] = await row.locator('td').allTextContents();
        shown.set((await row.locator('th').innerText()).split('\n')[0].trim(), [number(votes), parseFloat(percent)]);
      }
      for (const { name, votes, percent } of candidacies) {
        const line = [...shown].find(([text]) => text.startsWith(name));
        assert.deepEqual(line?.[1], [votes, percent], `${path} ${name}`);
      }
      const byParty = await page.locator('#partidos ~ .votes tbody tr:not(.minor) td:nth-child(2)').allTextContents();
      assert.deepEqual(byParty.map(number), parties.map(({ votes }) => votes), path);
      const total = await page.locator('#partidos ~ .votes tfoot td').first().textContent();
      assert.equal(number(total), figures.votes, path);
    }
  });
}

test('figures move to the next cut without a reload, and focus, scroll and open parts stay', async (t) => {
  const { site, page, complaints, hosts } = await visit(t, { cut: 1, path: 'jg/' });
  await page.locator('.live').waitFor();
  await page.evaluate(() => (globalThis.same = true));
  await page.locator('details > summary').first().click();
  const link = page.locator('#distritos + .scroll a').first();
  await link.focus();
  await page.evaluate(() => scrollTo(0, 500));
  assert.ok(await isCaptured(page, 1, 'jg'));
  site.publish(2);
  await look(page);
  await untilCut(page, 2);
  assert.ok(await isCaptured(page, 2, 'jg'));
  assert.equal(await page.evaluate(() => globalThis.same), true, 'the page was loaded again');
  assert.match(await page.title(), /Corte 2/);
  assert.match(await page.locator('.live [role=status]').textContent(), /Nuevo corte 2/);
  assert.equal(await page.locator('details').first().getAttribute('open'), '');
  assert.equal(await page.evaluate(() => scrollY), 500);
  assert.match(await page.evaluate(() => document.activeElement.href), /cut\/2\/jg\/district-01\.html$/);
  assert.match(await page.locator('nav.main a').nth(4).getAttribute('href'), /cut\/2\//);
  assert.deepEqual(complaints, []);
  assert.equal(hosts.size, 1, [...hosts].join(' '));
});

// Polling alone would not ask again before ten seconds: what changes before that came over /flow.
const soon = { timeout: 9000 };
const followers = async (site, n) => {
  const end = Date.now() + 5000;
  while (site.following.size !== n && Date.now() < end) await new Promise((done) => setTimeout(done, 20));
  assert.equal(site.following.size, n);
};

test('over /flow the figures move by themselves, without a reload', async (t) => {
  const { site, page, complaints } = await visit(t, { cut: 1, path: 'jg/', flow: true });
  await followers(site, 1);
  await page.evaluate(() => (globalThis.same = true));
  const before = site.asked.filter((path) => path === '/latest.json').length;
  site.publish(2);
  await page.waitForFunction(() => document.documentElement.dataset.cut === '2', null, soon);
  assert.ok(await isCaptured(page, 2, 'jg'));
  assert.equal(await page.evaluate(() => globalThis.same), true);
  assert.equal(site.asked.filter((path) => path === '/latest.json').length, before + 1);
  site.publish(3);
  await page.waitForFunction(() => document.documentElement.dataset.cut === '3', null, soon);
  await page.locator('.live', { hasText: 'Último corte' }).waitFor(soon);
  await followers(site, 0); // nothing more will come
  assert.deepEqual(complaints, []);
});

test('the ingest of this moment stands beside the figures of the cut, in words of the page', async (t) => {
  for (const [path, words] of [['jg/', 'En este momento: acopiadas 4,211 · capturadas 4,180 · verificadas 3,977 · de 12,948'],
    ['cut/1/en/jg/index.html', 'Right now: received 4,211 · captured 4,180 · verified 3,977 · of 12,948']]) {
    const { site, page, complaints } = await visit(t, { cut: 1, path, flow: true });
    await followers(site, 1);
    assert.equal((await page.locator('.live').innerText()).includes(words.split(' ')[0] + ' '), false);
    const stages = { expected: 12948, received: 4211, captured: 4180, verified: 3977, fresh: true };
    site.tell({ stages });
    await page.getByText(words).waitFor(soon);
    assert.deepEqual(await axeFindings(page), []);
    site.tell({ stages: { ...stages, fresh: false } });
    await page.getByText(words).waitFor({ state: 'hidden', ...soon });
    site.tell({ stages });
    await page.getByText(words).waitFor(soon);
    site.following.forEach((response) => response.destroy());
    await page.getByText(words).waitFor({ state: 'hidden', ...soon });
    await followers(site, 1); // and it comes back by itself
    assert.deepEqual(complaints.filter((text) => !/ERR_(INCOMPLETE|CONNECTION)/.test(text)), []);
  }
});

test('a page that nobody looks at holds no connection', async (t) => {
  const { site, page } = await visit(t, { cut: 1, flow: true });
  await followers(site, 1);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: true, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await followers(site, 0);
  site.publish(2);
  await page.evaluate(() => {
    Object.defineProperty(document, 'hidden', { value: false, configurable: true });
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await page.waitForFunction(() => document.documentElement.dataset.cut === '2', null, soon);
  await followers(site, 1);
});

for (const [name, block] of [
  ['is blocked', (page) => page.route('**/flow', (route) => route.abort())],
  ['is refused', (page) => page.route('**/flow', (route) => route.fulfill({ status: 503, body: 'lleno' }))],
  ['is held back on the way', (page) => page.route('**/flow', () => {})],
  ['is no event stream', (page) => page.route('**/flow', (route) => route.fulfill({ contentType: 'text/html', body: '<p>portal' }))],
  ['does not exist in the browser', (page) => page.addInitScript(() => delete globalThis.EventSource)],
]) {
  test(`when /flow ${name} the page asks the pointer, as ever`, async (t) => {
    const { site, page } = await visit(t, { cut: 1, flow: true });
    await block(page);
    await page.goto(`${site.url}jg/`);
    await page.locator('.live').waitFor();
    site.publish(2);
    await look(page);
    await untilCut(page, 2);
    assert.ok(await isCaptured(page, 2, 'jg'));
  });
}

test('where a host has no /flow it is not asked for', async (t) => {
  const { site, page } = await visit(t, { cut: 1 });
  await page.locator('.live').waitFor();
  site.publish(2);
  await look(page);
  await untilCut(page, 2);
  assert.ok(!site.asked.includes('/flow'));
});

test('a page inside a cut follows too, and its address with it', async (t) => {
  const { site, page } = await visit(t, { cut: 1, path: 'cut/1/en/jg/district-01.html' });
  await page.locator('.live').waitFor();
  site.publish(2);
  await look(page);
  await untilCut(page, 2);
  assert.equal(page.url(), `${site.url}cut/2/en/jg/district-01.html`);
  await page.locator('.links a').first().click();
  assert.equal(page.url(), `${site.url}cut/2/en/jg/actas.html#district-01`);
});

test('an old cut opened by its address stays, and says that there is a newer one', async (t) => {
  const { site, page } = await visit(t, { cut: 2, path: 'cut/1/jg/index.html' });
  const newer = page.locator('.live [role=status] a');
  await newer.waitFor();
  assert.equal(await cutOf(page), '1');
  await newer.click();
  await page.waitForURL(`${site.url}cut/2/jg/index.html`);
});

test('updates can be paused and resumed', async (t) => {
  const { site, page } = await visit(t, { cut: 1 });
  const button = page.locator('.live button');
  await button.click();
  assert.equal(await button.textContent(), 'Reanudar actualización');
  site.publish(2);
  await look(page);
  await page.locator('.live [role=status] a').waitFor();
  assert.equal(await cutOf(page), '1');
  await button.click();
  await untilCut(page, 2);
});

test('two cuts are never mixed: a page that a cache still holds is waited for', async (t) => {
  const { site, page } = await visit(t, { cut: 1, path: 'jg/' });
  await page.locator('.live').waitFor();
  const old = await (await fetch(`${site.url}jg/`)).text();
  await page.route('**/jg/', (route) => route.fulfill({ body: old, contentType: 'text/html; charset=utf-8' }));
  site.publish(2);
  const asked = page.waitForResponse('**/jg/');
  await look(page);
  await asked;
  await page.waitForResponse('**/estado');
  assert.equal(await cutOf(page), '1');
  assert.ok(await isCaptured(page, 1, 'jg'));
  await page.unroute('**/jg/');
  await look(page);
  await untilCut(page, 2);
});

test('without an answer there is no bar, and so no empty button', async (t) => {
  const { page, site } = await visit(t);
  await page.route('**/latest.json', (route) => route.fulfill({ status: 200, contentType: 'application/json', body: 'not JSON' }));
  await page.goto(site.url);
  await page.waitForSelector('aside.live', { state: 'attached' });
  assert.equal(await page.locator('aside.live').isVisible(), false);
});

test('when the server is gone the page stays, and mirrors are offered while it is there', async (t) => {
  const { site, page } = await visit(t, { cut: 1 });
  await page.locator('.live a', { hasText: 'difusor-1' }).waitFor();
  assert.equal(await page.locator('.live a').count(), 1, 'an address that is not of the web became a link');
  const age = page.locator('.live p.warn');
  assert.match(await page.locator('.live').textContent(), /hace 34 s/);
  assert.equal(await age.count(), 0);
  await page.route('**/latest.json', (route) => route.abort());
  await look(page);
  await age.waitFor();
  assert.match(await age.textContent(), /^Sin respuesta de este servidor desde hace \d+ s; se sigue intentando\./);
  assert.doesNotMatch(await page.locator('.live').textContent(), /34 s/, 'an age that nobody renews');
  assert.equal(await page.locator('.live a', { hasText: 'difusor-1' }).count(), 1);
  await page.unroute('**/latest.json'); // and back
  await look(page);
  await page.locator('.live p', { hasText: 'hace 34 s' }).waitFor();
  assert.equal(await age.count(), 0);
  await site.close();
  await look(page);
  await age.waitFor();
  assert.ok(await isCaptured(page, 1, 'jg'));
});

test('a keyboard goes everywhere, and one sees where it is', async (t) => {
  const { page } = await visit(t, { path: 'jg/' });
  await page.locator('.live').waitFor();
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'contenido');
  const seen = new Set();
  for (let i = 0; i < 80; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => {
      const element = document.activeElement;
      if (element === document.body) return null;
      const { outlineStyle, outlineWidth } = getComputedStyle(element);
      return { what: element.outerHTML.slice(0, 80), ring: outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2 };
    });
    if (at === null) break;
    assert.ok(at.ring, `no focus ring on ${at.what}`);
    seen.add(at.what);
  }
  const wanted = await page.locator('main a, main summary, footer a').count();
  assert.ok(seen.size >= wanted, `${seen.size} places of ${wanted}`);
  const summary = page.locator('summary').first();
  await summary.focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.locator('details').first().getAttribute('open'), '');
});

test('a screen reader hears landmarks, headings, tables and bars with their values', async (t) => {
  const { page } = await visit(t, { path: 'jg/' });
  for (const role of ['banner', 'main', 'contentinfo']) {
    assert.equal(await page.getByRole(role).count(), 1, role);
  }
  const bar = page.getByRole('progressbar', { name: 'Actas capturadas' });
  const { figures } = data('cut/2/jg/index.json');
  assert.equal(Number(await bar.getAttribute('value')), figures.captured);
  assert.equal(Number(await bar.getAttribute('max')), figures.expected);
  for (const name of ['Votos por candidatura', 'Votos por partido', 'Por distrito', 'Por demarcación']) {
    assert.equal(await page.getByRole('heading', { name, exact: true }).count(), 1, name);
    assert.equal(await page.getByRole('table', { name }).count(), 1, name);
  }
  await page.setViewportSize(PHONE);
  assert.ok((await page.getByRole('table', { name: 'Votos por partido' }).getByRole('row').count()) > 5);
});

test('on paper there is the content and not the navigation', async (t) => {
  const { page } = await visit(t, { path: 'jg/' });
  await page.emulateMedia({ media: 'print' });
  assert.equal(await page.locator('nav.main').isVisible(), false);
  assert.equal(await page.locator('.votes').first().isVisible(), true);
  assert.equal(await page.locator('.drill').isVisible(), true);
});
