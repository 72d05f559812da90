// Waiting for a condition, with a deadline: the only way in which a test here lets time pass.
import { setTimeout as pause } from 'node:timers/promises';

/**
 * Asks `check` again and again until it answers something truthy, and returns that.
 * Past `deadline` milliseconds it fails, naming `what` and the last answer.
 */
export async function until(what, deadline, check) {
  const end = performance.now() + deadline;
  for (;;) {
    const answer = await check();
    if (answer) return answer;
    if (performance.now() > end) {
      throw new Error(`waited ${deadline} ms in vain for ${what} (last: ${JSON.stringify(answer)})`);
    }
    await pause(50);
  }
}

/** Fails when `promise` takes longer than `deadline` milliseconds. */
export async function within(what, deadline, promise) {
  const timer = new AbortController();
  const late = pause(deadline, undefined, { signal: timer.signal }).then(
    () => {
      throw new Error(`waited ${deadline} ms in vain for ${what}`);
    },
    () => undefined,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    timer.abort();
  }
}
