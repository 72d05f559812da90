/** Tells when the device is in another network, as far as the browser does. */
export interface NetworkWatch {
  /** Calls `changed` after every change, until the returned function is called. */
  watch(changed: () => void): () => void;
}

/** What browsers on phones tell of their network; others only guess its speed, which says nothing. */
interface NetworkInformation extends EventTarget {
  readonly type?: string;
}

/** The browser's own signs: back online, and another kind of network. */
export function browserNetwork(): NetworkWatch {
  return {
    watch(changed) {
      const { connection } = navigator as { connection?: NetworkInformation };
      let type = connection?.type;
      const changes = () => {
        if (connection?.type === type) return;
        type = connection?.type;
        if (type !== 'none') changed();
      };
      addEventListener('online', changed);
      connection?.addEventListener('change', changes);
      return () => {
        removeEventListener('online', changed);
        connection?.removeEventListener('change', changes);
      };
    },
  };
}
