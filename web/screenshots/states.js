/**
 * Every state of the page: how to get there. Each gets the tools of `run.js`, and returns the page to shoot; names
 * are names of files.
 */
import { AFTER } from './states/after.js';
import { BEFORE } from './states/before.js';
import { BESIDE } from './states/beside.js';
import { CALL } from './states/call.js';
import { FRAMED } from './states/framed.js';
import { TROUBLE } from './states/trouble.js';

export const STATES = { ...BEFORE, ...CALL, ...BESIDE, ...TROUBLE, ...AFTER, ...FRAMED };
