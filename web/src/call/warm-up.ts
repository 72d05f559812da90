/**
 * Lets the browser load what connections need, while the page waits for its server: the first connection of a
 * page takes tens of milliseconds longer than others.
 */
export function warmUp(): void {
  const connection = new RTCPeerConnection();
  for (const kind of ['audio', 'video']) connection.addTransceiver(kind);
  // Of no consequence if it fails: the call's own connection says so in words.
  void connection
    .createOffer()
    .catch(() => {})
    .finally(() => connection.close());
}
