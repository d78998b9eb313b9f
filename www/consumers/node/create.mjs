import { Summarizer } from "precis";

const code = await Summarizer.create().then(() => "created", (error) => error.code);
if (code !== "browser-unsupported") throw new Error(`create in Node ended with ${code}`);
