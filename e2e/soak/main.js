// Calls for ten minutes, in all their ways to end, against a real server: nothing of them may be left behind.
import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { relayedAddresses } from '../lib/relayed.js';
import { Scenario } from '../lib/scenario.js';
import { startTwocan } from '../lib/server.js';
import { Churn } from './churn.js';
import { complaints, growth, mib } from './verdict.js';

const USAGE = `usage: soak [--minutes N] [--margin KIB]
  --minutes N   for how long calls are made (default: 10)
  --margin KIB  how much memory the server may have gained by then (default: 2048)`;

/** Calls at a time; each lasts a second. */
const PAIRS = 24;
/** What the first minute adds is the server's normal memory; of a short soak, what the first third adds. */
const WARM_UP = 60;
/** Seconds after the churn by which the server has ended what it keeps for a while. */
const SETTLING = 30;
/** The server looks for what is over once a second, and some of its connections close one after the other. */
const PATIENCE = SETTLING + 30;
const REPORT_INTERVAL = 30;

const { minutes, margin } = readOptions();
// Thousands come and go; only what is wrong is worth a line.
process.env.TWOCAN_LOG ??= 'warn';
const s = new Scenario({ name: 'soak', diagnostic: (line) => console.error(line) });
try {
  process.exitCode = await soak();
} catch (error) {
  console.log(`The soak FAILED: ${error.message}`);
  await s.report();
  process.exitCode = 1;
} finally {
  await s.close();
}
// Connections that a failed call has left open must not keep this going.
process.exit();

async function soak() {
  const twocan = await startTwocan(s, { https: true, flags: ['--allow-peer', '127.0.0.0/8'] });
  const { pid } = twocan.program;
  const before = await lookAt(pid);
  const churn = new Churn({
    origin: twocan.origin.replace('localhost', '127.0.0.1'),
    ports: { udp: twocan.turnPort, tcp: twocan.turnPort, tls: twocan.httpsPort },
    seconds: minutes * 60,
    settling: SETTLING,
  });
  const memory = [];
  await Promise.all([churn.run(PAIRS), watch(pid, churn, memory)]);
  const after = await settle(pid, before, churn);

  const warmUp = Math.round(Math.min(WARM_UP, churn.seconds / 3));
  const { sent, arrived, failures } = churn;
  const found = complaints({ memory, warmUp, margin, before, after, sent, arrived, failures: summed(failures) });
  report({ churn, memory, warmUp, before, after });
  for (const complaint of found) console.log(complaint);
  console.log(found.length > 0 ? 'The soak FAILED.' : 'The soak passed.');
  if (found.length > 0) await s.report();
  return found.length > 0 ? 1 : 0;
}

/** Notes the memory each second while calls begin, and says now and then how it goes. */
async function watch(pid, churn, memory) {
  for (let second = 1; second <= churn.seconds; second += 1) {
    await pause(Math.max(0, (second - churn.elapsed) * 1_000));
    const { descriptors, allocations, resident } = await lookAt(pid);
    memory.push(resident);
    if (second % REPORT_INTERVAL > 0) continue;
    const time = `${Math.floor(second / 60)}:${`${second % 60}`.padStart(2, '0')}`;
    console.log(`${time}  ${churn.rounds} calls, ${allocations} allocations, ${descriptors} files, ${mib(resident)}`);
  }
}

/** Waits until the server has ended what it keeps for a while, and what it has open for the last clients as well. */
async function settle(pid, before, churn) {
  const wait = async (isSettled) => {
    for (;;) {
      const after = await lookAt(pid);
      if (isSettled(after) || churn.elapsed > churn.seconds + PATIENCE) return after;
      await pause(1_000);
    }
  };
  await wait(({ allocations }) => allocations === 0);
  churn.close();
  return wait(({ allocations, descriptors }) => allocations === 0 && descriptors <= before.descriptors);
}

/** What a process has: its memory in KiB, open files and sockets, and relayed addresses. */
async function lookAt(pid) {
  const [status, files, allocations] = await Promise.all([
    readFile(`/proc/${pid}/status`, 'utf8'),
    readdir(`/proc/${pid}/fd`),
    relayedAddresses(pid),
  ]).catch((cause) => {
    throw new Error('the server has ended by itself.', { cause });
  });
  const resident = Number(status.match(/^VmRSS:\s*(\d+) kB/m)[1]);
  return { resident, descriptors: files.length, allocations };
}

function report({ churn, memory, warmUp, before, after }) {
  const { from, to } = growth(memory, warmUp);
  const list = (counts) =>
    Object.entries(counts)
      .map(([name, count]) => `${count} ${name}`)
      .join(', ');
  console.log(`
${churn.rounds} calls, with an allocation for each side, in ${(churn.elapsed / 60).toFixed(1)} minutes
seats: ${list(churn.endings)}
allocations before the seat's last one: ${list(churn.partings)}
${churn.refused} requests with credentials that are good for nothing, all refused
${churn.arrived} of ${churn.sent} packets arrived
memory: ${mib(from)} after ${warmUp} s, ${mib(to)} at the end, ${mib(Math.max(...memory))} at most, ${mib(after.resident)} when idle again
files and sockets: ${before.descriptors} before, ${after.descriptors} after; allocations: ${after.allocations}
`);
}

/** Each failure once, with how often it was. */
function summed(failures) {
  const counts = new Map();
  for (const failure of failures) counts.set(failure, (counts.get(failure) ?? 0) + 1);
  return [...counts].map(([failure, count]) => (count > 1 ? `${failure} (${count} times)` : failure));
}

function readOptions() {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string' }, margin: { type: 'string' } } });
    const [minutes, margin] = [Number(values.minutes ?? 10), Number(values.margin ?? 2048)];
    if (!(minutes > 0) || Number.isNaN(margin)) throw new Error('--minutes and --margin take numbers');
    return { minutes, margin };
  } catch (error) {
    console.error(`${error.message}\n${USAGE}`);
    process.exit(2);
  }
}
