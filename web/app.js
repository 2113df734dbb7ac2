// When a new cut is out, the page's figures are replaced in place by those of its counterpart. /flow says so where the host has it;
// everywhere else latest.json is asked every so often.
// Without this script, and when anything here fails, the page stays as it is: complete, with its hour on it.
const html = document.documentElement;
const { root, page } = html.dataset;
const entry = 'entry' in html.dataset;
const en = html.lang === 'en';
const words = en
  ? {
      live: 'Updates', pause: 'Pause updates', resume: 'Resume updates', age: 'This update came out', ago: 'ago',
      next: 'New update', notice: 'Notice:', newer: 'There is a newer update:', mirrors: 'Mirrors:', essential: 'Reduced service: totals first.',
      code: 'Code of this update:',
      conflict: 'The log of the origin has signed two histories; this copy shows the one it knew.',
      lost: 'This copy has lost the origin; its figures may be old.', last: 'Last update.', late: 'The next update is late.', stale: 'This host could not take up the newest update.',
      silent: ['No answer from this server for', '; still trying. The hour of the figures stands on the page.'],
      ingest: ['Right now: received', 'captured', 'verified', 'of'],
    }
  : {
      live: 'Actualización', pause: 'Pausar actualización', resume: 'Reanudar actualización', age: 'Este corte salió hace',
      ago: '', next: 'Nuevo corte', notice: 'Aviso:', newer: 'Hay un corte más reciente:', mirrors: 'Difusores:',
      essential: 'Servicio reducido: primero los totales.', code: 'Código de este corte:',
      conflict: 'El registro del origen firmó dos historias; esta copia muestra la que conocía.',
      lost: 'Esta copia perdió el origen; sus cifras pueden ser anteriores.', last: 'Último corte.', late: 'El siguiente corte lleva retraso.', stale: 'Este servidor no pudo tomar el corte más nuevo.',
      silent: ['Sin respuesta de este servidor desde hace', '; se sigue intentando. La hora de las cifras está en la página.'],
      ingest: ['En este momento: acopiadas', 'capturadas', 'verificadas', 'de'],
    };
const base = new URL(root || './', location.href);
const POLL_MS = 10000; // the least; between cuts a real night is asked less
const POLL_MAX_MS = 60000;
const LATE_MS = 120000; // of the night's clock after the hour that the cut promised, or as long as between cuts
const SPREAD_MS = 2000; // who hears the same in the same instant does not ask in the same instant
const AGAIN_MS = 300000; // a host that refused /flow is asked for it again
const REGIONS = ['cabeza', 'contenido', 'pie'];
let cut = Number(html.dataset.cut);
let ended = false;
let drill = false;
let failed = 0; // rounds in a row
let answeredMs = 0; // when a whole round was answered
let nextMs = 0; // until the cut that was promised, when last asked

const store = (value) => {
  try {
    if (value !== undefined) sessionStorage.setItem('follow', value);
    return sessionStorage.getItem('follow');
  } catch {
    return null;
  }
};
// Somebody who opens an old cut by its address wants that cut; somebody who walks the site wants the newest.
let following = store() !== 'no' && (entry || store() === 'yes');
let paused = store() === 'no';

const make = (tag, props = {}, ...inside) => {
  const element = Object.assign(document.createElement(tag), props);
  element.append(...inside);
  return element;
};
const bar = make('aside', { className: 'live', hidden: true });
bar.setAttribute('aria-label', words.live);
const said = make('p');
said.setAttribute('role', 'status');
const age = make('p');
const code = make('p', { hidden: true });
const notice = make('p', { hidden: true });
const others = make('p');
const ingest = make('p', { hidden: true });
const button = make('button', { type: 'button' });
bar.append(notice, age, button, said, ingest, code, others);
document.getElementById('contenido').before(bar);

const label = () => {
  button.textContent = paused ? words.resume : words.pause;
  button.hidden = ended;
};
button.addEventListener('click', () => {
  paused = !paused;
  following = !paused;
  store(paused ? 'no' : 'yes');
  label();
  if (!paused) poll();
});

const get = async (path, kind) => {
  const answer = await fetch(new URL(path, base), { cache: 'no-cache', signal: AbortSignal.timeout(8000) });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer[kind]();
};

const focusables = () => [...document.querySelectorAll('main a, main summary, main [tabindex], header a, footer a')];
// Links differ from cut to cut in the cut's number alone: a place is told by its text and order.
const placeOf = (element) => {
  const like = focusables().filter((other) => other.textContent === element.textContent);
  return { text: element.textContent, index: like.indexOf(element) };
};

const replace = (fresh, latest) => {
  const active = REGIONS.some((id) => document.getElementById(id).contains(document.activeElement))
    ? document.activeElement
    : null;
  const place = active && (active.id ? { id: active.id } : placeOf(active));
  const open = [...document.querySelectorAll('details')].map((details) => details.open);
  const scrolled = [...document.querySelectorAll('.scroll')].map((box) => box.scrollLeft);
  for (const id of REGIONS) {
    const inside = fresh.getElementById(id);
    document.getElementById(id).replaceChildren(...inside.childNodes);
  }
  document.querySelectorAll('details').forEach((details, i) => (details.open = open[i] ?? details.open));
  document.querySelectorAll('.scroll').forEach((box, i) => (box.scrollLeft = scrolled[i] ?? 0));
  if (place) {
    const to = place.id
      ? document.getElementById(place.id)
      : focusables().filter((other) => other.textContent === place.text)[Math.max(place.index, 0)];
    to?.focus({ preventScroll: true });
  }
  document.title = fresh.title;
  cut = latest.cut;
  html.dataset.cut = String(cut);
  const heading = document.querySelector('.hours');
  heading?.classList.remove('fresh');
  heading?.classList.add('fresh');
  said.textContent = `${words.next} ${cut}.`;
};

const advance = async (latest) => {
  if (document.getSelection()?.isCollapsed === false) return; // somebody is copying: the next time
  const path = entry ? location.pathname : latest.path + page;
  const text = await get(path, 'text');
  const fresh = new DOMParser().parseFromString(text, 'text/html');
  // A cache on the way may still hold the page of the cut before: then wait, never mix two cuts.
  if (Number(fresh.documentElement.dataset.cut) !== latest.cut) return;
  if (!entry) history.replaceState(null, '', new URL(path + location.hash, base));
  replace(fresh, latest);
};

const point = (latest) => {
  const link = make('a', { href: new URL(latest.path + page, base).href }, String(latest.cut));
  link.addEventListener('click', () => store('yes'));
  said.replaceChildren(words.newer + ' ', link);
};

const lasted = (seconds) => {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${seconds} s`;
  return minutes < 120 ? `${minutes} min` : `${Math.floor(minutes / 60)} h`;
};

const showState = (state) => {
  nextMs = state.next ? Date.parse(state.next) - Date.parse(state.time) : POLL_MAX_MS;
  const late = !ended && nextMs < -Math.max(LATE_MS, Date.parse(state.next) - Date.parse(state.cut_time));
  const warn = state.feed === 'conflict' ? words.conflict : state.feed === 'lost' ? words.lost : state.mode === 'stale' ? words.stale : late ? words.late : state.mode === 'essential' ? words.essential : '';
  age.textContent = ended
    ? words.last
    : `${warn} ${words.age} ${lasted(Math.max(0, Math.round(state.age_s)))} ${words.ago}`.trim() + '.';
  age.classList.toggle('warn', warn !== '');
  // The code belongs to the cut that the host shows: it stands on the page of that cut and on no other.
  code.hidden = !state.code || state.cut !== cut;
  if (!code.hidden) code.replaceChildren(words.code + ' ', make('a', { href: new URL('codigo', base).href }, String(state.code)));
  // A notice stands here from the second it is given until the page's own cut has it.
  const told = state.notice && !document.querySelector('.notices')?.textContent.includes(state.notice.text);
  notice.hidden = !told;
  if (told) notice.replaceChildren(make('strong', {}, words.notice), ' ' + state.notice.text);
  const safe = (state.mirrors ?? []).filter(({ url }) => /^https?:\/\//.test(url));
  const links = safe.flatMap(({ name, url }) => [' ', make('a', { href: url }, String(name))]);
  if (others.textContent !== words.mirrors + links.map((link) => link.textContent ?? link).join('')) {
    others.replaceChildren(...(links.length ? [words.mirrors, ...links] : []));
  }
};

// An age that nobody renews would grow false. The mirrors' addresses stay where they are.
const showSilence = () => {
  const [since, still] = words.silent;
  age.textContent = `${since} ${lasted(Math.round((Date.now() - answeredMs) / 1000))}${still}`;
  age.classList.add('warn');
};

// What /flow says of the cut is asked for again where it stands: the pointer, and the host's state.
let flow;
let flowFrom = 0;
let heard;
const hear = ({ data }) => {
  const { stages, ...event } = JSON.parse(data);
  ingest.hidden = !stages?.fresh;
  if (!ingest.hidden) {
    const [received, captured, verified, of] = words.ingest;
    const [n, m, k, all] = [stages.received, stages.captured, stages.verified, stages.expected].map((i) => Number(i).toLocaleString('en'));
    ingest.textContent = `${received} ${n} · ${captured} ${m} · ${verified} ${k} · ${of} ${all}`;
  }
  const news = JSON.stringify(event);
  if (event.cut > cut || (heard && heard !== news)) setTimeout(poll, Math.random() * SPREAD_MS);
  heard = news;
};
// A page that nobody looks at holds no connection: a browser has few for one host.
const listen = (there) => {
  if (!there || ended || document.hidden) {
    flow?.close();
    flow = undefined;
    ingest.hidden = true;
  } else if (!flow && globalThis.EventSource && Date.now() > flowFrom) {
    flow = new EventSource(new URL('flow', base));
    flow.onmessage = hear;
    flow.onerror = () => {
      ingest.hidden = true;
      if (flow?.readyState !== EventSource.CLOSED) return; // the browser comes back by itself
      flow = undefined;
      flowFrom = Date.now() + AGAIN_MS;
    };
  }
};

const ask = async () => {
  try {
    const latest = await get('latest.json', 'json');
    if (latest.cut === cut && !paused && !following) {
      following = true;
      store('yes');
    }
    drill = latest.drill; // its clock may run faster than ours
    ended = latest.last && latest.cut === cut;
    if (latest.cut > cut) {
      if (following && !paused) await advance(latest);
      else point(latest);
      ended = latest.last && latest.cut === cut;
    }
    bar.hidden = false;
    label();
    const state = await get('estado', 'json');
    showState(state);
    listen(state.flow);
    failed = 0;
    answeredMs = Date.now();
  } catch {
    failed += 1;
    if (!ended && answeredMs > 0) showSilence();
    // Out of reach: the page says its own hour, and the next round asks again.
  }
};

// One question at a time; whoever asks meanwhile is answered by one more round.
let asking = false;
let again = false;
const poll = async () => {
  again = true;
  if (document.hidden) listen(false);
  if (asking || document.hidden) return;
  asking = true;
  while (again) {
    again = false;
    await ask();
  }
  asking = false;
};

if (following) store('yes');
document.addEventListener('visibilitychange', poll);
// The next round: when the next cut is due, later while nobody answers, never all readers at once.
const pause = () => {
  const due = ended ? POLL_MAX_MS : drill ? POLL_MS : Math.min(Math.max(nextMs, POLL_MS), POLL_MAX_MS);
  return Math.min(due * 2 ** failed, 4 * POLL_MAX_MS) * (1 + Math.random() / 4);
};
(async function round() {
  await poll();
  setTimeout(round, pause());
})();
