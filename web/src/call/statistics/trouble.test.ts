import { expect, it } from 'vitest';
import type { Reach } from './loop';
import type { Sample } from './sample';
import {
  FINE,
  judge,
  type QualityReport,
  type Symptoms,
  symptomsOf,
  type Trouble,
  troubleOf,
} from './trouble';

const calm: Sample = {
  at: 0,
  audioIn: 32_000,
  audioOut: 32_000,
  videoIn: 1e6,
  videoOut: 1e6,
  lossIn: 0,
  lossOut: 0,
  roundTrip: 30,
  jitter: 5,
  framesIn: 30,
  framesOut: 30,
  sizeIn: null,
  sizeOut: null,
  limitation: 'none',
  freezes: 0,
  concealed: 0,
  available: 2e6,
};
const well: Symptoms = { in: false, out: false, far: false, narrow: false, busy: false };

it.each<[string, Partial<Sample>, Partial<Symptoms>]>([
  ['nothing', {}, {}],
  ['a little loss', { lossIn: 0.03, lossOut: 0.03 }, {}],
  ['loss of what comes', { lossIn: 0.1 }, { in: true }],
  ['loss of what goes', { lossOut: 0.1 }, { out: true }],
  ['made-up sound', { concealed: 0.3 }, { in: true }],
  ['standstills without losses', { freezes: 1 }, {}],
  ['a long way', { roundTrip: 600 }, { far: true }],
  ['a narrow way', { limitation: 'bandwidth', available: 150_000 }, { narrow: true }],
  ['a picture made smaller on a wide way', { limitation: 'bandwidth', available: 2e6 }, {}],
  ['a busy computer', { limitation: 'cpu' }, { busy: true }],
  ['a browser that tells nothing', unknown(), {}],
])('sees %s', (_, change, symptoms) => {
  expect(symptomsOf(Array(4).fill({ ...calm, ...change }))).toEqual({ ...well, ...symptoms });
});

it('makes nothing of a single moment', () => {
  const moment: Sample = { ...calm, freezes: 1, limitation: 'cpu', lossIn: 0.1 };
  expect(symptomsOf([calm, calm, calm, moment])).toEqual(well);
});

const both = { in: true, out: true };
const bad = (reach: Reach | null): QualityReport => ({ bad: true, busy: false, reach });
const good = (reach: Reach | null): QualityReport => ({ bad: false, busy: false, reach });
/** Ways to the server. */
const near = { loss: 0, ms: 20 };
const lossy = { loss: 0.2, ms: 30 };
const slow = { loss: 0, ms: 600 };

it.each<[string, Partial<Symptoms>, Reach | null, QualityReport | null, Trouble | null]>([
  ['all is well', {}, null, null, null],
  ['all is well, and they have heard so', {}, near, good(near), null],
  ['the own computer', { busy: true }, null, null, 'own-computer'],
  ['theirs', {}, null, { bad: false, busy: true, reach: null }, 'their-computer'],
  [
    'a network matters more than a computer',
    { ...both, busy: true },
    lossy,
    bad(near),
    'own-network',
  ],
  [
    'losses both ways, and only the own server is hard to reach',
    both,
    lossy,
    bad(near),
    'own-network',
  ],
  ['losses both ways, and only theirs is', both, near, bad(lossy), 'their-network'],
  ['losses both ways, and both are', both, lossy, bad({ loss: 0.15, ms: 40 }), 'network'],
  ['losses both ways, and none is', both, near, bad(near), 'network'],
  ['losses both ways, while nobody has measured', both, null, bad(null), 'network'],
  ['losses both ways, while they have not measured', both, lossy, bad(null), 'network'],
  ['only what goes out suffers', { out: true }, near, bad(near), 'own-network'],
  ['only what comes in suffers', { in: true }, near, bad(near), 'their-network'],
  ['what comes in suffers by the own network', { in: true }, lossy, bad(near), 'own-network'],
  ['a long way', { far: true }, near, bad(near), 'network'],
  ['a narrow way, while losses are forgotten', { narrow: true }, near, bad(near), 'network'],
  ['a narrow way that begins here', { narrow: true }, lossy, bad(near), 'own-network'],
  ['a long way that begins here', { far: true }, slow, bad(near), 'own-network'],
  ['they alone see losses', {}, near, bad(lossy), 'their-network'],
  ['they alone see losses, and all else is alike', {}, near, bad(near), 'network'],
  ['a plain client, and a server that is hard to reach', both, lossy, null, 'own-network'],
  ['a plain client, and a server that is not', both, near, null, 'network'],
  ['a plain client that loses what it is sent', { out: true }, near, null, 'own-network'],
])('%s', (_, own, reach, theirs, trouble) => {
  expect(troubleOf({ ...well, ...own }, reach, theirs)).toBe(trouble);
});

// o: own network, t: theirs, n: somebody's, a dot: nothing. Above what each moment says, below what is shown.
it.each([
  ['comes after three moments', 'ooooo', '..ooo'],
  ['does not come for a moment', '..o..o...', '.........'],
  ['comes in spite of a gap', 'oo.o', '...o'],
  ['changes when three in a row agree', 'nnnnooonn', '..nnnnooo'],
  ['does not change back and forth', 'nnnnonono', '..nnnnnnn'],
  ['outlasts good moments', 'ooo....ooo.....o', '..oooooooooooooo'],
  ['goes after six good moments', 'ooo.......', '..oooooo..'],
])('a trouble %s', (_, moments, shown) => {
  const names: Record<string, Trouble> = {
    o: 'own-network',
    t: 'their-network',
    n: 'network',
  };
  let verdict = FINE;
  let seen = '';
  for (const moment of moments) {
    verdict = judge(verdict, names[moment] ?? null);
    seen += verdict.shown?.[0] ?? '.';
  }
  expect(seen).toBe(shown);
});

function unknown(): Partial<Sample> {
  return {
    lossIn: null,
    lossOut: null,
    roundTrip: null,
    limitation: null,
    freezes: null,
    concealed: null,
    available: null,
  };
}
