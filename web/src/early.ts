import { WebSocket as WebSocketTransport, XHR } from 'engine.io-client';

/**
 * A WebSocket to the server's `/socket.io/?EIO=4&transport=websocket` which the script in the page's head has opened
 * before this one was there, with all that has come over it since.
 */
export interface EarlySocket extends WebSocket {
  heard: string[];
}

/** The transport over WebSocket, of which the first one is `early`, unless that has failed by then. */
export function over(early: EarlySocket | undefined): typeof WebSocketTransport {
  let waiting = early;
  return class extends WebSocketTransport {
    override createSocket(...where: Parameters<WebSocketTransport['createSocket']>): WebSocket {
      const socket = waiting;
      waiting = undefined;
      if (!socket || socket.readyState > WebSocket.OPEN) return super.createSocket(...where);
      // What it has told already is told again, to handlers that stand by then.
      queueMicrotask(() => {
        if (socket.readyState === WebSocket.OPEN) socket.onopen?.(new Event('open'));
        for (const data of socket.heard) socket.onmessage?.(new MessageEvent('message', { data }));
      });
      return socket;
    }
  };
}

declare global {
  interface Window {
    /** Opened by the script in the page's head. */
    line?: EarlySocket | undefined;
  }
}

/** By what the first call of the page reaches the server: the line that was opened while the page loaded, if there is one. */
export function transports() {
  const { line } = window;
  window.line = undefined;
  return [over(line), XHR];
}
