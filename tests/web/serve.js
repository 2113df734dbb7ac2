// A plain web server over a tree made by web_make_tree: what any host of the published tree does, with the headers of
// the results edge. The test decides which cut is the newest.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';

const types = { html: 'text/html; charset=utf-8', json: 'application/json', css: 'text/css', js: 'text/javascript' };
export const POLICY =
  "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; " +
  "form-action 'none'; frame-ancestors 'none'";

export async function serveTree(dir, { firstCut = 0, flow = false } = {}) {
  let cut = firstCut;
  const asked = [];
  const following = new Set();
  // As docs/formats/flow.md has it: one event says everything.
  const event = (more = {}) => `data: ${JSON.stringify({ format: 1, cut, path: `cut/${cut}/`, code: null, feed: null, notice: null, stages: null, ...more })}\n\n`;
  const estado = async () => {
    const latest = JSON.parse(await readFile(join(dir, `root-${cut}`, 'latest.json'), 'utf8'));
    return JSON.stringify({
      format: 1, role: 'results', name: 'prueba', time: latest.time, cut, cut_time: latest.time, age_s: 34,
      next: latest.next, last: latest.last, mode: 'normal', flow, feed: null, feed_age_s: 0, code: null,
      mirrors: [{ name: 'difusor-1', url: 'http://127.0.0.1:9/' }, { name: '<b>malo</b>', url: 'javascript:alert(1)' }],
      results: null,
    });
  };
  const find = async (path) => {
    if (path === '/estado') return [await estado(), 'json'];
    const clean = normalize(path).replace(/\/$/, '/index.html');
    const inRoot = join(dir, `root-${cut}`, clean);
    const bytes = await readFile(inRoot).catch(() => readFile(join(dir, clean)));
    return [bytes, clean.split('.').pop()];
  };
  const server = createServer(async (request, response) => {
    const path = decodeURIComponent(new URL(request.url, 'http://x/').pathname);
    asked.push(path);
    if (flow && path === '/flow') {
      response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
      response.write(`retry: 2000\n\n${event()}`);
      following.add(response);
      response.on('close', () => following.delete(response));
      return;
    }
    try {
      const [bytes, ending] = await find(path);
      response.writeHead(200, { 'content-type': types[ending] ?? 'application/octet-stream',
        'content-security-policy': POLICY, 'x-content-type-options': 'nosniff', 'cache-control': 'no-cache' });
      response.end(bytes);
    } catch {
      response.writeHead(404, { 'content-type': 'text/plain' });
      response.end('404\n');
    }
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    asked,
    following,
    publish: (number) => {
      cut = number;
      following.forEach((response) => response.write(event()));
    },
    tell: (more) => following.forEach((response) => response.write(event(more))),
    close: () => new Promise((done) => (server.closeAllConnections(), server.close(done))),
  };
}
