import { Summarizer } from "precis";
import { show } from "./shared/page.js";

void show(Summarizer);
