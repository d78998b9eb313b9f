/** Hosts other than this site from which a model may be fetched: huggingface.co, and the hosts to which it redirects downloads. */
export const MODEL_HOSTS = ["https://huggingface.co", "https://*.hf.co"];
