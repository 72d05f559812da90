// What a soak's figures mean. All memory is in KiB.

/** What a soak is over which nothing may have grown: the median of so many samples, a second apart. */
const WINDOW = 10;

/**
 * What is wrong with a server after a soak, in sentences; nothing if it is as before.
 * - `memory`: what was resident, each second of the churn
 * - `warmUp`: how many of these seconds do not count
 * - `margin`: how much may have been added since
 * - `before`, `after`: `{descriptors, allocations}` of the idle server
 * - `sent`, `arrived`: packets that were relayed
 * - `failures`: what went otherwise than it should, in words
 */
export function complaints({ memory, warmUp, margin, before, after, sent, arrived, failures }) {
  const found = [...failures];
  const { from, to } = growth(memory, warmUp);
  if (Number.isNaN(to - from)) {
    found.push(`There are ${memory.length} samples of its memory, which is too few to compare.`);
  } else if (to - from > margin) {
    found.push(`Its memory grew from ${mib(from)} to ${mib(to)}, and ${mib(margin)} more are allowed.`);
  }
  if (after.allocations > 0) found.push(`${after.allocations} allocations are left.`);
  if (after.descriptors > before.descriptors) {
    found.push(`It has ${after.descriptors} files and sockets open, and had ${before.descriptors} before.`);
  }
  if (arrived < sent) found.push(`${sent - arrived} of ${sent} packets did not arrive.`);
  if (sent === 0) found.push('Nothing was relayed at all.');
  return found;
}

/** The memory behind the warm-up and at the end. */
export function growth(memory, warmUp) {
  const counting = memory.slice(warmUp);
  return { from: median(counting.slice(0, WINDOW)), to: median(counting.slice(-WINDOW)) };
}

export function mib(kib) {
  return `${(kib / 1024).toFixed(1)} MiB`;
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
