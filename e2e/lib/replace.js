// A connection between two pages that is replaced by another while it carries.

/** Runs in the page: keeps the line to the server for {@link replaceLink}. */
export function keepLine() {
  const Real = WebSocket;
  window.WebSocket = class extends Real {
    constructor(...args) {
      super(...args);
      window.lastSocket = this;
    }
  };
}

/** Lets the page of the one who came second ask for a new connection, as one that has forgotten the former would. */
export async function replaceLink(person, roomId) {
  await person.page.evaluate((room) => {
    const body = { roomId: room, data: { type: 'restart', link: null } };
    window.lastSocket.send(`42${JSON.stringify(['message', body])}`);
  }, roomId);
}
