import { startLibsqlServer } from "../../tools/libsql-server/server.ts";

/** A process of its own, whose memory is none of the endpoint's: a libSQL server over a file. */
const [, , file = ""] = process.argv;
const { url } = await startLibsqlServer({ file });
console.log(url);
