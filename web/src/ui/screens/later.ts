/** The screens that come after the lobby, and are fetched while it is shown. */
export { AskFirst } from '../ask/ask-first';
export { Ready } from '../ask/ready';
export { Ended, Failed, Replaced } from './after';
export { InCall } from './in-call';
export { Waiting } from './waiting';
