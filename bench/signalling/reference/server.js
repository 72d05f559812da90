// The tutorial's signalling server. Usage: node server.js PORT [CERTIFICATE KEY]

import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { carryRooms } from './rooms.js';

const [port, cert, key] = process.argv.slice(2);
const http = cert ? createSecureServer({ cert: readFileSync(cert), key: readFileSync(key) }) : createServer();
carryRooms(http);
http.listen(Number(port), '127.0.0.1');
process.on('SIGTERM', () => process.exit(0));
