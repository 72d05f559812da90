import { useEffect } from 'preact/hooks';

/** Keeps the screen from going dark as long as the screen of the page is shown. */
export function useWakeLock(): void {
  useEffect(() => {
    const { wakeLock } = navigator as { wakeLock?: WakeLock };
    if (!wakeLock) return;
    let gone = false;
    let lock: WakeLockSentinel | null = null;
    const take = async () => {
      if (document.visibilityState !== 'visible' || lock?.released === false) return;
      const taken = await wakeLock.request('screen');
      if (gone) await taken.release();
      else lock = taken;
    };
    // The system refuses it when the battery is low; and it ends whenever the page is out of sight.
    const tryToTake = () => void take().catch(() => {});
    tryToTake();
    document.addEventListener('visibilitychange', tryToTake);
    return () => {
      gone = true;
      document.removeEventListener('visibilitychange', tryToTake);
      void lock?.release().catch(() => {});
    };
  }, []);
}
