/** The screens that come after the lobby, and are fetched while it is shown. */
export { Ended, Failed, Replaced } from './after';
export { InCall } from './in-call';
export { Waiting } from './waiting';
