/** English. The other languages must say everything that is said here. */
export const en = {
  title: 'twocan',
  start: {
    documentTitle: 'twocan: a call for two',
    heading: 'A call for two',
    lead: 'Send a link. When it is opened, you see each other.',
    action: 'Start a call',
    or: 'or',
    room: 'Room name',
    roomOrLink: 'Room name or link',
    open: 'Open room',
    tooLong: 'This name is too long. The name of a room has at most 128 characters.',
    dots: 'A room cannot be named with one or two dots alone. Choose another name.',
    cut: 'A part of this link is missing. Copy all of it, or ask for it again.',
    insecure: 'A sealed call needs a secure page. Open the https address of this server.',
    note: 'No account, nothing to install. Picture and sound go straight from one browser to the other wherever the networks allow it.',
  },
  lobby: {
    heading: 'Ready to join?',
    headingOwn: 'Ready?',
    room: (name: string) => `Room ${name}`,
    willAsk:
      'Your browser will ask for camera and microphone, so that you can see and hear each other.',
    asking: 'Please allow camera and microphone when your browser asks.',
    seen: 'This is your picture.',
    cameraOff: 'Your camera is off. The other person will hear you.',
    bothOff: 'Camera and microphone are off. You will see and hear the other person.',
    micOff: 'Your microphone is off. The other person will see you.',
    join: 'Join',
    joining: 'Joining…',
    preview: 'Check your camera first',
    unsealed: 'A room with a name is not sealed: you rely on whoever runs this server.',
    home: 'Start page',
  },
  call: {
    microphone: 'Microphone',
    camera: 'Camera',
    hangUp: 'Hang up',
    own: 'Your picture',
  },
  status: {
    serverLost: 'The server does not answer. Check your network. We keep trying.',
    busy: 'The server is full, or being restarted. We keep trying.',
    crowded:
      'Too many connections come from your network at once. Close other tabs with calls. We keep trying.',
  },
  devices: {
    both: 'camera and microphone',
    microphone: 'microphone',
    camera: 'camera',
    denied: (which: string) =>
      `Your browser blocks the ${which}. Allow it at the icon beside the address, then try again. You can also go on without.`,
    busy: (which: string) =>
      `Another program is using the ${which}. Close it there, then try again. You can also go on without.`,
    missing: (which: string) =>
      `No ${which.replace(' and ', ' or ')} found. Plug one in and try again, or go on without: you still see and hear the other person.`,
    insecure: (which: string) =>
      `Browsers give the ${which} only to secure pages. Open the https address of this server.`,
    silent: (which: string) =>
      `Nothing comes from the ${which}. Another program may be using it. Close it there, then try again.`,
    substitute: (which: string, name: string) => `The ${which} went away. In its place: ${name}`,
    another: 'another one',
    brief: (which: string) => `No ${which.replace(' and ', ' or ')}.`,
    again: 'Try again',
    openSecure: 'Open the https address',
    dismiss: 'Close',
  },
};

/** What every language must say. */
export type Words = typeof en;
