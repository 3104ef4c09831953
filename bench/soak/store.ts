import { startLibsqlBridge } from "../../tools/libsql-bridge.ts";

/** A process of its own, whose memory is none of the endpoint's: a libSQL server over a file. */
const [, , file = ""] = process.argv;
const { url } = await startLibsqlBridge({ file });
console.log(url);
