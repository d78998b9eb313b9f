"use client";

import { useEffect } from "react";
// At the top, so that it is imported in Node as well, where the page is prerendered.
import { Summarizer } from "precis";
import { show } from "../shared/page.js";

export default function Page() {
  useEffect(() => void show(Summarizer), []);
  return <p>next</p>;
}
