/**
 * Runs acts one after another, in the order in which they are handed in. An act that needs no waiting
 * runs at once if nothing is under way; one that fails holds up none that follow.
 */
export function inOrder(): (act: () => void | Promise<void>) => void {
  let underWay = 0;
  let last: Promise<void> | undefined;
  return (act) => {
    const run = last ? last.then(act) : act();
    if (!(run instanceof Promise)) return;
    underWay += 1;
    const done = () => {
      underWay -= 1;
      if (underWay === 0) last = undefined;
    };
    run.catch((error: unknown) => console.warn('twocan: seal:', error));
    last = run.then(done, done);
  };
}
